//! The text around the entries of an index in YAML: a few short lines, which are parsed.

use std::ops::Range;

use super::convert;
use super::read::{parse_part, text_of};
use crate::index::document::Document;
use crate::index::outline::Generated;
use crate::index::{annotations, fields, helm};

const GENERATED: &[u8] = b"generated: ";

/// Checks the lines before and after the entries. Returns the position of the value of `generated`.
pub(super) fn head_and_tail(text: &[u8], head: Range<usize>, tail: Range<usize>) -> Option<Generated> {
    let mut generated = None;
    for part in [head.clone(), tail.clone()] {
        let mut at = part.start;
        let mut is_first = true;
        for line in text.get(part.clone())?.split_inclusive(|byte| *byte == b'\n') {
            // Accepted are fields in the first column, lines indented below them, comments in the
            // first column, which end any open value, and the mark that begins the document. An
            // indented first field would make a mapping without `entries`; other marks, directives
            // and lists are left to the parser.
            match line.first()? {
                first if first.is_ascii_alphabetic() => is_first = false,
                b' ' if !is_first => {}
                b'#' => {}
                b'-' if at == 0 && line == b"---\n" => {}
                _ => return None,
            }
            if let Some(value) = line.strip_prefix(GENERATED) {
                let value = value.strip_suffix(b"\n")?;
                let start = at + GENERATED.len();
                if generated.replace(start..start + value.len()).is_some() {
                    return None;
                }
            }
            at += line.len();
        }
    }
    let said = check(text.get(head)?, text.get(tail)?)?.generated;
    let (generated, said) = match (generated, said) {
        (Some(generated), Some(said)) => (generated, said),
        (None, None) => return Some(Generated::Missing(text.len())),
        _ => return None,
    };
    // On one line, with quotes or without: then the next line begins another field.
    let value = text.get(generated.clone())?;
    let quoted = ["\"", "'"].map(|quote| format!("{quote}{said}{quote}"));
    let same = value == said.as_bytes() || quoted.iter().any(|quoted| value == quoted.as_bytes());
    same.then_some(Generated::Here(generated))
}

/// The fields around the entries, after they were checked.
struct Top {
    /// The value of `generated`, if there is one.
    generated: Option<String>,
}

/// Checks the text before and after the entries.
fn check(head: &[u8], tail: &[u8]) -> Option<Top> {
    let document = Document {
        top: fields_of(head, tail)?,
        ..Document::empty()
    };
    document.check_api_version().ok()?;
    let generated = match document.top.iter().find(|(name, _)| name == "generated") {
        // A field that is null cannot be inserted again.
        Some((_, generated)) => Some(helm::check_generated(generated).ok()??),
        None => None,
    };
    Some(Top { generated })
}

/// The fields before and after the entries, each as JSON text; `None` if one occurs twice or Helm
/// rejects it.
pub(super) fn fields_of(head: &[u8], tail: &[u8]) -> Option<Vec<(String, String)>> {
    let mut document = Document::empty();
    for part in [head, tail] {
        for (name, value) in &parse_part(part).ok()? {
            let known = fields::top(name)?;
            let is_there = document.top.iter().any(|(other, _)| other == known);
            // These are searched by their names.
            let is_searched = matches!(known, "generated" | annotations::FIELD) && known != name;
            if is_there || is_searched || known == "entries" {
                return None;
            }
            document.set(known, &text_of(&convert::top(known, value)).ok()?).ok()?;
        }
    }
    Some(document.top)
}
