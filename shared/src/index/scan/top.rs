//! What stands around the entries: a few short lines, which are parsed as they are.

use std::ops::Range;

use memchr::memmem;

use crate::index::{block, json};

/// Longer ones are none that a known writer writes.
const LONGEST: usize = 256 * 1024;
/// How the line that opens the entries ends in JSON.
const OPEN: &[u8] = b"\"entries\":{";
const GENERATED_IN_JSON: &[u8] = b"\"generated\":\"";
const GENERATED_IN_YAML: &[u8] = b"generated: ";

/// Checks the line before the first chart; answers with the place of the value of `generated`.
pub(super) fn json_header(header: &[u8]) -> Option<Range<usize>> {
    if header.len() > LONGEST || !header.ends_with(OPEN) {
        return None;
    }
    let closed = [header, b"}}"].concat();
    // A name that stands twice is an error of neither reader, and each takes another one of the two.
    let generated = json::check_top(&closed)?;
    let at = only(memmem::find_iter(header, GENERATED_IN_JSON))? + GENERATED_IN_JSON.len() - 1;
    let value = at..at + generated.len() + 2;
    let same = header.get(value.clone())? == format!("\"{generated}\"").as_bytes();
    same.then_some(value)
}

/// Checks the lines before and after the entries; answers with the place of the value of `generated`.
pub(super) fn yaml_head_and_tail(text: &[u8], head: Range<usize>, tail: Range<usize>) -> Option<Range<usize>> {
    let mut generated = None;
    for part in [head.clone(), tail.clone()] {
        let mut at = part.start;
        for line in text.get(part.clone())?.split_inclusive(|byte| *byte == b'\n') {
            // Fields in the first column, and what is indented below them. A first field further in would make a mapping that
            // `entries` does not belong to; markers between documents, directives, comments and lists are for the parser.
            let is_first = at == part.start;
            match line.first()? {
                first if first.is_ascii_alphabetic() => {}
                b' ' if !is_first => {}
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
    let generated = generated?;
    let said = block::check_top(text.get(head)?, text.get(tail)?)?;
    // On one line, with quotes or without: then the next line is another field's.
    let value = text.get(generated.clone())?;
    let quoted = format!("\"{said}\"");
    let same = value == quoted.as_bytes() || value == said.as_bytes();
    same.then_some(generated)
}

fn only(mut places: impl Iterator<Item = usize>) -> Option<usize> {
    let place = places.next()?;
    places.next().is_none().then_some(place)
}
