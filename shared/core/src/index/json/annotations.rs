//! The annotations of an index in JSON.

use std::ops::Range;

use super::Fields;
use super::spacing::{self, Spacing};
use crate::index::annotations::{self, Annotations};
use crate::index::outline::Outline;
use crate::index::spliced::Splice;
use crate::yaml::json_text;

/// Reads the annotations in a text.
pub(in crate::index) fn read(text: &[u8], outline: &Outline) -> Option<Annotations> {
    find(text, outline).map(|(_, annotations)| annotations)
}

/// Adds annotations to those of a text.
pub(in crate::index) fn add(
    spacing: Spacing,
    text: &[u8],
    outline: &Outline,
    more: Vec<(String, String)>,
) -> Option<Splice> {
    let (at, mut annotations) = find(text, outline)?;
    annotations.extend(more.into_iter().map(|(name, value)| (name, Some(value))));
    let written = json_text::to_string(&annotations).ok()?;
    Some(match at {
        Some(at) => Splice {
            at,
            text: spacing.value(written, spacing::TOP),
        },
        // After the first brace: at least apiVersion follows.
        None => Splice::insert(1, spacing.first_field(annotations::FIELD, written)),
    })
}

/// The position and text of the annotations' value, if there are any.
fn find(text: &[u8], outline: &Outline) -> Option<(Option<Range<usize>>, Annotations)> {
    let (start, end) = (outline.head.end, outline.tail.start);
    let around = [text.get(outline.head.clone())?, text.get(outline.tail.clone())?].concat();
    let (at, annotations) = find_around(&around)?;
    // After the entries, every position is further on by their length.
    let shift = |at: Range<usize>| match at.start < start {
        true => at,
        false => at.start + (end - start)..at.end + (end - start),
    };
    Some((at.map(shift), annotations))
}

/// The same for an index that may have no entries.
fn find_around(index: &[u8]) -> Option<(Option<Range<usize>>, Annotations)> {
    let top: Fields<'_> = serde_json::from_slice(index).ok()?;
    let Some((_, value)) = top.0.iter().find(|(name, _)| name == annotations::FIELD) else {
        return Some((None, Annotations::new()));
    };
    // The value is a slice of the text.
    let start = (value.get().as_ptr() as usize).checked_sub(index.as_ptr() as usize)?;
    let annotations: Option<Annotations> = serde_json::from_str(value.get()).ok()?;
    Some((Some(start..start + value.get().len()), annotations.unwrap_or_default()))
}
