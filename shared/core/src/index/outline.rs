//! Where everything stands in an index's text that an edit touches.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;

use super::spacing::{self, Spacing};
use super::spliced::Change;
use super::{Format, item};

/// The places in one text, in bytes from its start.
///
/// Either [`scan`](super::scan) found them, which takes a text only if it is sure of all of it, or we wrote the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) format: Format,
    /// How deep the lines are indented, if it is YAML.
    pub(super) indent: Indent,
    /// What stands between the tokens, if it is JSON.
    pub(super) spacing: Spacing,
    pub(super) generated: Generated,
    /// What the first chart takes the place of. Its start counts while there are charts too: it is where the entries begin.
    pub(super) vacancy: Range<usize>,
    /// The charts, in the order of the text.
    pub(super) charts: Vec<ChartPlace>,
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

/// How deep the lines of an index in YAML are indented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Indent {
    /// Column of the names of charts.
    pub(super) chart: usize,
    /// Column of the dash before a version.
    pub(super) dash: usize,
}

impl Indent {
    /// What Helm's YAML library writes.
    pub(super) const HELM: Indent = Indent { chart: 2, dash: 2 };

    /// Column of a version's fields.
    pub(super) fn fields(self) -> usize {
        self.dash + 2
    }

    /// How much deeper a list stands than the field that it is the value of. The libraries that indent lists at all (go-yaml
    /// v3, js-yaml, yq) indent them by two behind a dash, whatever else they do.
    pub(super) fn list(self) -> usize {
        if self.dash > self.chart { 2 } else { 0 }
    }

    /// The spaces and the dash that a version begins with.
    pub(super) fn dash(self) -> String {
        format!("{:1$}- ", "", self.dash)
    }
}

/// What the lines of a version look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) format: Format,
    pub(super) indent: Indent,
    pub(super) spacing: Spacing,
}

impl Layout {
    /// What Helm's YAML library writes.
    pub(super) const YAML: Layout = Layout {
        format: Format::Yaml,
        indent: Indent::HELM,
        spacing: Spacing::Lines,
    };
}

/// The place of one chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChartPlace {
    /// The key under `entries`, as it is written, with its quotes if it has some.
    pub(super) name: Range<usize>,
    /// Where the line with the name begins.
    pub(super) start: usize,
    /// The lines of its versions, each with its line feed. Without versions: what the first one takes the place of.
    pub(super) items: Range<usize>,
    /// How many versions there are.
    pub(super) versions: usize,
}

impl Outline {
    pub(super) fn layout(&self) -> Layout {
        Layout {
            format: self.format,
            indent: self.indent,
            spacing: self.spacing,
        }
    }

    /// Where the text of a chart ends: in JSON behind the bracket of its versions, in YAML with its lines.
    pub(super) fn end_of_chart(&self, chart: &ChartPlace) -> usize {
        let end = chart.items.end;
        match (self.format, chart.versions) {
            (Format::Yaml, _) => end,
            // The bracket of an empty list follows the one that opens it.
            (Format::Json, 0) => end + 1,
            (Format::Json, _) => end + self.spacing.column(spacing::CHART) + 1,
        }
    }

    /// Where the entries end: in JSON at their closing brace, in YAML behind their last line.
    pub(super) fn end_of_entries(&self) -> usize {
        let Some(last) = self.charts.last() else {
            return self.vacancy.end;
        };
        let end = self.end_of_chart(last);
        match self.format {
            Format::Yaml => end,
            // Behind the line feed and the spaces of that line.
            Format::Json => end + 1 + self.spacing.column(spacing::TOP),
        }
    }

    /// What takes out all charts at once, where an empty index looks otherwise than one without their lines.
    pub(super) fn without_charts(&self) -> Option<Change> {
        let text = match (self.format, self.spacing) {
            (Format::Yaml, _) => " {}\n",
            (Format::Json, Spacing::Indented(_)) => "",
            (Format::Json, Spacing::Lines) => return None,
        };
        Some(Change {
            at: self.vacancy.start..self.end_of_entries(),
            text: text.to_owned(),
        })
    }

    /// Sets the time of the last change.
    pub(super) fn set_generated(&self, now: Timestamp) -> Change {
        match (&self.generated, self.format) {
            (Generated::Here(at), _) => Change {
                at: at.clone(),
                text: format!("\"{now}\""),
            },
            (Generated::Missing(at), Format::Json) => Change {
                at: *at..*at,
                text: self.spacing.first_field("generated", format!("\"{now}\"")),
            },
            (Generated::Missing(at), Format::Yaml) => Change {
                at: *at..*at,
                text: format!("generated: \"{now}\"\n"),
            },
        }
    }

    /// The name of a chart.
    pub(super) fn name<'a>(&self, text: &'a [u8], chart: &ChartPlace) -> Cow<'a, str> {
        let written = text.get(chart.name.clone()).unwrap_or_default();
        item::scalar(self.format, written).unwrap_or_default()
    }

    /// The chart of this name.
    pub(super) fn chart(&self, text: &[u8], name: &str) -> Option<&ChartPlace> {
        self.charts.iter().find(|chart| self.name(text, chart) == name)
    }

    /// Whether a name stands twice. Nothing is sorted, and no memory taken, if the names are in order as they are.
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
