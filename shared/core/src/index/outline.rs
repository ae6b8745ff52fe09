//! The positions in an index's text that an edit needs.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;

use super::layout::Layout;
use super::spliced::Splice;

/// The positions in one text, in bytes from its start.
///
/// Either [`scan`](super::scan) found them, which accepts a text only if it is sure of all of it,
/// or the text was just written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) layout: Layout,
    pub(super) generated: Generated,
    /// The text before the entries: in JSON up to their opening brace, in YAML the lines before
    /// them.
    pub(super) head: Range<usize>,
    /// What the first chart replaces. Its start is also valid while there are charts: the entries
    /// begin there.
    pub(super) vacancy: Range<usize>,
    /// The charts, in the order of the text.
    pub(super) charts: Vec<ChartPlace>,
    /// The text after the entries: in JSON from their closing brace, in YAML the lines after their
    /// last one.
    pub(super) tail: Range<usize>,
    /// The number of versions in the index.
    pub(super) versions: usize,
}

/// The position of the time of the last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Generated {
    /// The value, with its quotes if there are any.
    Here(Range<usize>),
    /// The field does not exist; it can be inserted here.
    Missing(usize),
}

/// The position of one chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChartPlace {
    /// The key under `entries`, as written, with its quotes if there are any.
    pub(super) name: Range<usize>,
    /// The start of the line with the name.
    pub(super) start: usize,
    /// The lines of its versions, with their line feeds. Without versions: what the first one
    /// replaces.
    pub(super) items: Range<usize>,
    /// The number of its versions.
    pub(super) versions: usize,
}

impl Outline {
    /// The splice that removes all charts at once, if an empty index differs from one without their
    /// lines.
    pub(super) fn without_charts(&self) -> Option<Splice> {
        let text = self.layout.no_charts()?;
        Some(Splice {
            at: self.vacancy.start..self.tail.start,
            text: text.to_owned(),
        })
    }

    /// Sets the time of the last change.
    pub(super) fn set_generated(&self, now: Timestamp) -> Splice {
        match &self.generated {
            Generated::Here(at) => Splice {
                at: at.clone(),
                text: format!("\"{now}\""),
            },
            Generated::Missing(at) => Splice::insert(*at, self.layout.generated(now)),
        }
    }

    /// The name of a chart.
    pub(super) fn name<'a>(&self, text: &'a [u8], chart: &ChartPlace) -> Cow<'a, str> {
        let written = text.get(chart.name.clone()).unwrap_or_default();
        self.layout.scalar(written).unwrap_or_default()
    }

    /// The chart of this name.
    pub(super) fn chart(&self, text: &[u8], name: &str) -> Option<&ChartPlace> {
        self.charts.iter().find(|chart| self.name(text, chart) == name)
    }

    /// Whether a name occurs twice. If the names are already in order, this neither sorts nor
    /// allocates.
    pub(super) fn chart_twice(&self, text: &[u8]) -> Option<String> {
        let names = || self.charts.iter().map(|chart| self.name(text, chart));
        if names().is_sorted_by(|a, b| a < b) {
            return None;
        }
        let mut sorted: Vec<Cow<'_, str>> = names().collect();
        sorted.sort_unstable();
        let pair = sorted.windows(2).find(|pair| matches!(pair, [a, b] if a == b))?;
        pair.first().map(|name| name.to_string())
    }
}
