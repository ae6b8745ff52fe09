//! The annotations at the top of an index: Helm's place for what Helm does not know.
//!
//! They are text by name, in every form and for every reader that is strict. Only the lines around the entries are read
//! and written; these are few, so they are parsed.

use std::collections::BTreeMap;
use std::ops::Range;

use super::spliced::Change;
use super::{Format, Index, block, json, spacing};
use crate::yaml::json_text;

/// The name of the field.
pub(super) const FIELD: &str = "annotations";
const YAML_ENTRIES: &str = "entries:";
const DOCUMENT: &[u8] = b"---\n";

/// Annotations as they stand in an index, where one may have no value.
pub(super) type Annotations = BTreeMap<String, Option<String>>;

impl Index {
    /// The annotations that have a value.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let all = match self.outline.format {
            Format::Json => self.json_annotations().map(|(_, annotations)| annotations),
            Format::Yaml => self.yaml_annotations(),
        };
        let all = all.unwrap_or_default().into_iter();
        all.filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// What changes the text to have these annotations too. `None` if it can't be said where they belong.
    pub(super) fn annotate(&self, more: &[(String, String)]) -> Option<Vec<Change>> {
        let known = self.annotations();
        let is_new = |(name, value): &&(String, String)| known.get(name) != Some(value);
        let more: Vec<_> = more.iter().filter(is_new).cloned().collect();
        if more.is_empty() {
            return Some(Vec::new());
        }
        let change = match self.outline.format {
            Format::Json => self.annotate_json(more)?,
            Format::Yaml => self.annotate_yaml(more)?,
        };
        Some(vec![change])
    }

    /// Where the value of the annotations stands, if there are any, and what it says.
    fn json_annotations(&self) -> Option<(Option<Range<usize>>, Annotations)> {
        let (start, end) = (self.outline.vacancy.start, self.outline.end_of_entries());
        let around = [self.text.get(..start)?, self.text.get(end..)?].concat();
        let (at, annotations) = json::annotations(&around)?;
        // Behind the entries, everything is as much further on as these are long.
        let shift = |at: Range<usize>| match at.start < start {
            true => at,
            false => at.start + (end - start)..at.end + (end - start),
        };
        Some((at.map(shift), annotations))
    }

    fn annotate_json(&self, more: Vec<(String, String)>) -> Option<Change> {
        let (at, mut annotations) = self.json_annotations()?;
        annotations.extend(more.into_iter().map(|(name, value)| (name, Some(value))));
        let text = json_text::to_string(&annotations).ok()?;
        let spacing = self.outline.spacing;
        Some(match at {
            Some(at) => Change {
                at,
                text: spacing.value(text, spacing::TOP),
            },
            // Behind the first brace: there is an apiVersion at least that follows.
            None => Change {
                at: 1..1,
                text: spacing.first_field(FIELD, text),
            },
        })
    }

    /// The lines before the entries, and those behind.
    fn yaml_head_and_tail(&self) -> (Range<usize>, Range<usize>) {
        let outline = &self.outline;
        let head = outline.vacancy.start.saturating_sub(YAML_ENTRIES.len());
        let tail = outline.charts.last().map_or(outline.vacancy.end, |last| last.items.end);
        (0..head, tail..self.text.len())
    }

    fn yaml_annotations(&self) -> Option<Annotations> {
        let (head, tail) = self.yaml_head_and_tail();
        let top = block::top(self.text.get(head)?, self.text.get(tail)?)?;
        annotations_in(&top)
    }

    fn annotate_yaml(&self, more: Vec<(String, String)>) -> Option<Change> {
        let (head, tail) = self.yaml_head_and_tail();
        let before = block::top(self.text.get(head.clone())?, self.text.get(tail.clone())?)?;
        let mut annotations = annotations_in(&before)?;
        annotations.extend(more.into_iter().map(|(name, value)| (name, Some(value))));
        let lines = [head.clone(), tail.clone()]
            .into_iter()
            .find_map(|part| lines_of_field(&self.text, part));
        // In front of everything but the mark that begins the document.
        let begin = if self.text.starts_with(DOCUMENT) {
            DOCUMENT.len()
        } else {
            0
        };
        let change = Change {
            at: lines.unwrap_or(begin..begin),
            text: block::annotations(&annotations),
        };
        // Comments between the lines, a name in quotes: whatever was not foreseen shows up as another meaning.
        let written = |part: Range<usize>| {
            let (at, text) = (&change.at, self.text.get(part.clone())?);
            let here = part.start <= at.start && at.end <= part.end && (at.start < part.end || part.start == 0);
            if !here {
                return Some(text.to_vec());
            }
            let (kept, rest) = text.split_at_checked(at.start - part.start)?;
            let rest = rest.get(at.len()..)?;
            Some([kept, change.text.as_bytes(), rest].concat())
        };
        let after = block::top(&written(head)?, &written(tail)?)?;
        let others = |top: &[(String, String)]| {
            let mut others: Vec<_> = top.iter().filter(|(name, _)| name != FIELD).cloned().collect();
            others.sort_unstable();
            others
        };
        let as_meant = annotations_in(&after)? == annotations && others(&after) == others(&before);
        as_meant.then_some(change)
    }
}

/// The annotations among the fields at the top.
fn annotations_in(top: &[(String, String)]) -> Option<Annotations> {
    match top.iter().find(|(name, _)| name == FIELD) {
        None => Some(Annotations::new()),
        Some((_, text)) => serde_json::from_str::<Option<_>>(text)
            .ok()
            .map(Option::unwrap_or_default),
    }
}

/// The line that opens the annotations and the indented ones below.
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
