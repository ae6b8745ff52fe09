//! The annotations of an index in YAML.

use std::ops::Range;

use serde_json::Value;

use super::top::fields_of;
use crate::index::annotations::{Annotations, FIELD};
use crate::index::outline::Outline;
use crate::index::spliced::Splice;
use crate::yaml::block::{At, write_field};

/// The mark that begins a document.
const DOCUMENT: &[u8] = b"---\n";

/// Reads the annotations in a text.
pub(in crate::index) fn read(text: &[u8], outline: &Outline) -> Option<Annotations> {
    let top = fields_of(text.get(outline.head.clone())?, text.get(outline.tail.clone())?)?;
    annotations_in(&top)
}

/// Adds annotations to those of a text.
pub(in crate::index) fn add(text: &[u8], outline: &Outline, more: Vec<(String, String)>) -> Option<Splice> {
    let (head, tail) = (outline.head.clone(), outline.tail.clone());
    let before = fields_of(text.get(head.clone())?, text.get(tail.clone())?)?;
    let mut annotations = annotations_in(&before)?;
    annotations.extend(more.into_iter().map(|(name, value)| (name, Some(value))));
    let lines = [head.clone(), tail.clone()]
        .into_iter()
        .find_map(|part| lines_of_field(text, part));
    // Before everything except the mark that begins the document.
    let begin = if text.starts_with(DOCUMENT) { DOCUMENT.len() } else { 0 };
    let splice = Splice {
        at: lines.unwrap_or(begin..begin),
        text: lines_of(&annotations),
    };
    // Comments between the lines, a name in quotes: anything unforeseen shows as a different
    // meaning.
    let written = |part: Range<usize>| {
        let (at, text) = (&splice.at, text.get(part.clone())?);
        let here = part.start <= at.start && at.end <= part.end && (at.start < part.end || part.start == 0);
        if !here {
            return Some(text.to_vec());
        }
        let (kept, rest) = text.split_at_checked(at.start - part.start)?;
        let rest = rest.get(at.len()..)?;
        Some([kept, splice.text.as_bytes(), rest].concat())
    };
    let after = fields_of(&written(head)?, &written(tail)?)?;
    let others = |top: &[(String, String)]| {
        let mut others: Vec<_> = top.iter().filter(|(name, _)| name != FIELD).cloned().collect();
        others.sort_unstable();
        others
    };
    let as_meant = annotations_in(&after)? == annotations && others(&after) == others(&before);
    as_meant.then_some(splice)
}

/// The annotations among the top-level fields.
fn annotations_in(top: &[(String, String)]) -> Option<Annotations> {
    match top.iter().find(|(name, _)| name == FIELD) {
        None => Some(Annotations::new()),
        Some((_, text)) => serde_json::from_str::<Option<_>>(text)
            .ok()
            .map(Option::unwrap_or_default),
    }
}

/// The line that opens the annotations and the indented lines below it.
fn lines_of_field(text: &[u8], part: Range<usize>) -> Option<Range<usize>> {
    let mut at = part.start;
    let mut found: Option<Range<usize>> = None;
    for line in text.get(part)?.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        match &mut found {
            None if line.starts_with(b"annotations:") => found = Some(at..end),
            Some(lines) if line.starts_with(b" ") => lines.end = end,
            Some(_) => break,
            None => {}
        }
        at = end;
    }
    found
}

/// The lines of the annotations.
fn lines_of(annotations: &Annotations) -> String {
    let of = |value: &Option<String>| value.clone().map_or(Value::Null, Value::String);
    let fields = annotations.iter().map(|(name, value)| (name.clone(), of(value)));
    let mut text = String::new();
    write_field(&mut text, At::TOP, FIELD, &Value::Object(fields.collect()));
    text
}
