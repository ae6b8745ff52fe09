//! Where everything stands in an index's text that an edit touches.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;

use super::layout::Layout;
use super::spliced::Splice;

/// The places in one text, in bytes from its start.
///
/// Either [`scan`](super::scan) found them, which takes a text only if it is sure of all of it, or
/// we wrote the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) layout: Layout,
    pub(super) generated: Generated,
    /// What stands before the entries: in JSON up to their opening brace, in YAML the lines before
    /// theirs.
    pub(super) head: Range<usize>,
    /// What the first chart takes the place of. Its start counts while there are charts too: it is
    /// where the entries begin.
    pub(super) vacancy: Range<usize>,
    /// The charts, in the order of the text.
    pub(super) charts: Vec<ChartPlace>,
    /// What stands behind the entries: in JSON from their closing brace on, in YAML the lines
    /// behind their last one.
    pub(super) tail: Range<usize>,
    /// How many chart versions there are in all.
    pub(super) versions: usize,
}

/// Where the time of the last change stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Generated {
    /// The value, with its quotes if it has some.
    Here(Range<usize>),
    /// There is no such field yet; it can be put here.
    Missing(usize),
}

/// The place of one chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChartPlace {
    /// The key under `entries`, as it is written, with its quotes if it has some.
    pub(super) name: Range<usize>,
    /// Where the line with the name begins.
    pub(super) start: usize,
    /// The lines of its versions, each with its line feed. Without versions: what the first one
    /// takes the place of.
    pub(super) items: Range<usize>,
    /// How many versions there are.
    pub(super) versions: usize,
}

impl Outline {
    /// What takes out all charts at once, where an empty index looks otherwise than one without
    /// their lines.
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

    /// Whether a name stands twice. Nothing is sorted, and no memory taken, if the names are in
    /// order as they are.
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
