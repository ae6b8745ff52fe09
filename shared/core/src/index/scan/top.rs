//! What stands around the entries: a few short lines, which are parsed as they are.

use std::ops::Range;

use memchr::memmem;

use crate::index::outline::Generated;
use crate::index::{block, json};

/// Longer ones are none that a known writer writes.
const LONGEST: usize = 256 * 1024;
/// How the line that opens the entries ends in JSON.
const OPEN: &[u8] = b"\"entries\":{";
const GENERATED_IN_JSON: &[u8] = b"\"generated\":\"";
const GENERATED_IN_YAML: &[u8] = b"generated: ";

/// Checks the line before the first chart; answers with the place of the value of `generated`.
pub(super) fn json_header(header: &[u8]) -> Option<Generated> {
    if header.len() > LONGEST || !header.ends_with(OPEN) {
        return None;
    }
    let closed = [header, b"}}"].concat();
    // A name that stands twice is an error of neither reader, and each takes another one of the two.
    let Some(generated) = json::check_top(&closed)? else {
        // Behind the first brace: there is an apiVersion at least that follows.
        return header.starts_with(b"{\"").then_some(Generated::Missing(1));
    };
    let at = only(memmem::find_iter(header, GENERATED_IN_JSON))? + GENERATED_IN_JSON.len() - 1;
    let value = at..at + generated.len() + 2;
    let same = header.get(value.clone())? == format!("\"{generated}\"").as_bytes();
    same.then_some(Generated::Here(value))
}

/// Checks what stands before the entries' opening brace and behind their closing one, both included, in JSON of several lines.
/// `generated` is where the value of the field of this name stands, with its quotes; answers with its place, once it is checked.
pub(super) fn json_head_and_tail(
    text: &[u8],
    head: &[u8],
    tail: &[u8],
    generated: Option<Range<usize>>,
) -> Option<Generated> {
    if head.len() + tail.len() > LONGEST {
        return None;
    }
    match (json::check_top(&[head, tail].concat())?, generated) {
        // Behind the first brace, as above.
        (None, None) => Some(Generated::Missing(1)),
        (Some(said), Some(at)) => {
            let same = text.get(at.clone())? == format!("\"{said}\"").as_bytes();
            same.then_some(Generated::Here(at))
        }
        _ => None,
    }
}

/// Checks the lines before and after the entries; answers with the place of the value of `generated`.
pub(super) fn yaml_head_and_tail(text: &[u8], head: Range<usize>, tail: Range<usize>) -> Option<Generated> {
    let mut generated = None;
    for part in [head.clone(), tail.clone()] {
        let mut at = part.start;
        let mut is_first = true;
        for line in text.get(part.clone())?.split_inclusive(|byte| *byte == b'\n') {
            // Fields in the first column, what is indented below them, and comments there, which end whatever was open; and the
            // mark that begins the document. A first field further in would make a mapping that `entries` does not belong to;
            // other markers, directives and lists are for the parser.
            match line.first()? {
                first if first.is_ascii_alphabetic() => is_first = false,
                b' ' if !is_first => {}
                b'#' => {}
                b'-' if at == 0 && line == b"---\n" => {}
                _ => return None,
            }
            if let Some(value) = line.strip_prefix(GENERATED_IN_YAML) {
                let value = value.strip_suffix(b"\n")?;
                let start = at + GENERATED_IN_YAML.len();
                if generated.replace(start..start + value.len()).is_some() {
                    return None;
                }
            }
            at += line.len();
        }
    }
    let said = block::check_top(text.get(head)?, text.get(tail)?)?;
    let (generated, said) = match (generated, said) {
        (Some(generated), Some(said)) => (generated, said),
        (None, None) => return Some(Generated::Missing(text.len())),
        _ => return None,
    };
    // On one line, with quotes or without: then the next line is another field's.
    let value = text.get(generated.clone())?;
    let quoted = ["\"", "'"].map(|quote| format!("{quote}{said}{quote}"));
    let same = value == said.as_bytes() || quoted.iter().any(|quoted| value == quoted.as_bytes());
    same.then_some(Generated::Here(generated))
}

fn only(mut places: impl Iterator<Item = usize>) -> Option<usize> {
    let place = places.next()?;
    places.next().is_none().then_some(place)
}
