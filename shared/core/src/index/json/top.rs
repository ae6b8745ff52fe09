//! The text around the entries of an index in JSON: a few short fields, which are parsed.

use std::ops::Range;

use memchr::memmem;

use super::Fields;
use crate::index::annotations;
use crate::index::document::Document;
use crate::index::outline::Generated;
use crate::index::{fields, helm};

/// Longer ones do not come from a known writer.
const LONGEST: usize = 256 * 1024;
/// The end of the line that opens the entries.
const OPEN: &[u8] = b"\"entries\":{";
const GENERATED: &[u8] = b"\"generated\":\"";

/// Checks the line before the first chart. Returns the position of the value of `generated`.
pub(super) fn header(header: &[u8]) -> Option<Generated> {
    if header.len() > LONGEST || !header.ends_with(OPEN) {
        return None;
    }
    let closed = [header, b"}}"].concat();
    // A duplicate name is no error for either reader, and each uses another one of the two.
    let Some(generated) = check(&closed)?.generated else {
        // After the first brace: at least apiVersion follows.
        return header.starts_with(b"{\"").then_some(Generated::Missing(1));
    };
    let at = only(memmem::find_iter(header, GENERATED))? + GENERATED.len() - 1;
    let value = at..at + generated.len() + 2;
    let same = header.get(value.clone())? == format!("\"{generated}\"").as_bytes();
    same.then_some(Generated::Here(value))
}

/// Checks the text before the entries' opening brace and after their closing one, both included, in
/// JSON of several lines. `generated` is the position of the value of the field with this name,
/// with its quotes. Returns the position after checking it.
pub(super) fn head_and_tail(
    text: &[u8],
    head: Range<usize>,
    tail: Range<usize>,
    generated: Option<Range<usize>>,
) -> Option<Generated> {
    let (head, tail) = (text.get(head)?, text.get(tail)?);
    if head.len() + tail.len() > LONGEST {
        return None;
    }
    match (check(&[head, tail].concat())?.generated, generated) {
        // After the first brace, as above.
        (None, None) => Some(Generated::Missing(1)),
        (Some(said), Some(at)) => {
            let same = text.get(at.clone())? == format!("\"{said}\"").as_bytes();
            same.then_some(Generated::Here(at))
        }
        _ => None,
    }
}

/// The fields around the entries, after they were checked.
struct Top {
    /// The value of `generated`, if there is one.
    generated: Option<String>,
}

/// Checks an index of which only the entries are missing, and that no field occurs in it twice.
fn check(index: &[u8]) -> Option<Top> {
    let top: Fields<'_> = serde_json::from_slice(index).ok()?;
    let known = |name: &str| fields::top(name).map_or_else(|| name.to_owned(), str::to_owned);
    let mut names: Vec<String> = top.0.iter().map(|(name, _)| known(name)).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return None;
    }
    let mut document = Document::empty();
    let mut generated = None;
    for (name, value) in top.0 {
        match fields::top(&name) {
            // These are searched by their names.
            Some(known @ ("entries" | "generated" | annotations::FIELD)) if known != name => return None,
            Some("entries") => {}
            // A field that is null cannot be inserted again.
            Some("generated") => generated = Some(helm::check_generated(value.get()).ok()??),
            _ => document.set(&name, value.get()).ok()?,
        }
    }
    document.check_api_version().ok()?;
    Some(Top { generated })
}

fn only(mut places: impl Iterator<Item = usize>) -> Option<usize> {
    let place = places.next()?;
    places.next().is_none().then_some(place)
}
