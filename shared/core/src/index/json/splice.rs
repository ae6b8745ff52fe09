//! Inserts text into an index in JSON and cuts text from it. The elements of a list are on their
//! own lines, all but the last with a comma.

use std::ops::Range;

use super::spacing::{self, Spacing};
use super::write::push_string;
use crate::index::outline::ChartPlace;
use crate::index::spliced::Splice;

/// The text between two elements of a list.
pub(in crate::index) const SEPARATOR: &str = ",\n";

impl Spacing {
    /// The beginning of a version's first line, in layouts with several lines per version.
    pub(in crate::index) fn begin_of_version(self) -> String {
        match self {
            Self::Lines => String::new(),
            Self::Indented(_) => self.spaces(spacing::VERSION) + "{",
        }
    }

    /// The end of the bracket of a chart's versions.
    pub(in crate::index) fn end_of_chart(self, chart: &ChartPlace) -> usize {
        match chart.versions {
            // The bracket of an empty list follows the one that opens it.
            0 => chart.items.end + 1,
            _ => chart.items.end + self.column(spacing::CHART) + 1,
        }
    }

    /// A chart with all of its lines, including the comma after it.
    pub(in crate::index) fn lines_of_chart(self, text: &[u8], chart: &ChartPlace) -> Range<usize> {
        let end = self.end_of_chart(chart);
        let rest = text.get(end..).unwrap_or_default();
        chart.start..end + if rest.starts_with(b",") { 2 } else { 1 }
    }

    /// A version, given as one line of JSON text.
    pub(in crate::index) fn version(self, json: String) -> String {
        self.line(json, spacing::VERSION)
    }

    /// The lines of a chart up to its bracket.
    pub(in crate::index) fn chart(self, name: &str, versions: &str) -> String {
        let mut text = self.spaces(spacing::CHART);
        let spaces = text.len();
        push_string(&mut text, name);
        text.push_str(self.colon());
        text.push_str("[\n");
        text.push_str(versions);
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', spaces));
        text.push(']');
        text
    }

    /// Inserts versions after those of a chart, which may have none yet.
    pub(in crate::index) fn append_versions(self, chart: &ChartPlace, versions: &str) -> Splice {
        match chart.versions {
            0 => Splice::insert(chart.items.start, self.between_brackets(versions, spacing::CHART)),
            // After the last version's closing brace, before its line feed.
            _ => Splice::insert(chart.items.end.saturating_sub(1), format!("{SEPARATOR}{versions}")),
        }
    }

    /// The first charts of an index.
    pub(in crate::index) fn first_charts(self, charts: &str) -> String {
        self.between_brackets(charts, spacing::TOP)
    }

    /// The text between the braces of empty entries, if it differs from what is left when their
    /// lines are cut.
    pub(in crate::index) fn no_charts(self) -> Option<&'static str> {
        match self {
            Self::Lines => None,
            Self::Indented(_) => Some(""),
        }
    }
}

/// The comma behind an element, which ends with it and a line feed.
pub(in crate::index) fn comma_of(element: &Range<usize>) -> Range<usize> {
    element.end - 2..element.end - 1
}
