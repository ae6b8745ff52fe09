//! The layout of an index's text, and what an edit writes there. Only this file asks which of the
//! two forms an index has, and passes each question to [`json`] or [`yaml`].

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;

use super::annotations::Annotations;
use super::document::Document;
use super::item::{Head, Texts};
use super::outline::{ChartPlace, Outline};
use super::spliced::Splice;
use super::{Format, IndexError, json, yaml};

/// The form of a text, and the white space in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// JSON with this white space between its tokens.
    Json(json::Spacing),
    /// YAML with this indentation.
    Yaml(yaml::Indent),
}

impl Format {
    /// An empty index.
    pub(super) fn empty(self) -> (Vec<u8>, Outline) {
        match self {
            Self::Json => json::empty(),
            Self::Yaml => yaml::empty(),
        }
    }

    /// Writes an index with an empty `generated`.
    pub(super) fn write(self, document: &Document) -> Result<(Vec<u8>, Outline), IndexError> {
        match self {
            Self::Json => Ok(json::write(document)),
            Self::Yaml => yaml::write(document),
        }
    }
}

/// Reading a text.
impl Layout {
    pub(super) fn format(self) -> Format {
        match self {
            Self::Json(_) => Format::Json,
            Self::Yaml(_) => Format::Yaml,
        }
    }

    /// The text between two versions: the end of a line, and the beginning of the next version's
    /// first line.
    pub(super) fn between_versions(self) -> Vec<u8> {
        let begins = match self {
            Self::Json(spacing) => spacing.begin_of_version(),
            Self::Yaml(indent) => indent.dash(),
        };
        format!("\n{begins}").into_bytes()
    }

    /// Reads what an edit needs to know about a version.
    pub(super) fn head(self, item: &[u8]) -> Head<'_> {
        let head = match self {
            Self::Json(_) => json::item::head(item),
            Self::Yaml(indent) => yaml::item::head(indent, item),
        };
        Head {
            version: head.version.filter(|version| !version.is_empty()),
            digest: head.digest.filter(|digest| !digest.is_empty()),
        }
    }

    /// Reads the text of one version.
    pub(super) fn texts(self, item: &[u8]) -> Option<Texts<'_>> {
        match self {
            Self::Json(_) => json::item::texts(item),
            Self::Yaml(indent) => yaml::item::texts(indent, item),
        }
    }

    /// The decoded text of a scalar on one line.
    pub(super) fn scalar(self, written: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Json(_) => json::item::scalar(written),
            Self::Yaml(_) => yaml::item::scalar(written),
        }
    }

    /// Reads the annotations in a text. `None` if they cannot be determined.
    pub(super) fn annotations(self, text: &[u8], outline: &Outline) -> Option<Annotations> {
        match self {
            Self::Json(_) => json::annotations::read(text, outline),
            Self::Yaml(_) => yaml::annotations::read(text, outline),
        }
    }

    /// The end of a chart's text: in JSON after the bracket of its versions, in YAML after its
    /// lines.
    pub(super) fn end_of_chart(self, chart: &ChartPlace) -> usize {
        match self {
            Self::Json(spacing) => spacing.end_of_chart(chart),
            Self::Yaml(_) => chart.items.end,
        }
    }

    /// A chart with all of its lines, in JSON including the comma after it.
    pub(super) fn lines_of_chart(self, text: &[u8], chart: &ChartPlace) -> Range<usize> {
        match self {
            Self::Json(spacing) => spacing.lines_of_chart(text, chart),
            Self::Yaml(_) => chart.start..chart.items.end,
        }
    }
}

/// Writing into a text.
impl Layout {
    /// The text of a version, given as one line of JSON text.
    pub(super) fn version(self, json: String) -> Result<String, IndexError> {
        match self {
            Self::Json(spacing) => Ok(spacing.version(json)),
            Self::Yaml(indent) => indent.version(&json),
        }
    }

    /// A whole chart with the text of its versions.
    pub(super) fn chart(self, name: &str, versions: &str) -> String {
        match self {
            Self::Json(spacing) => spacing.chart(name, versions),
            Self::Yaml(indent) => indent.chart(name, versions),
        }
    }

    /// The text between two versions or two charts.
    pub(super) fn separator(self) -> &'static str {
        match self {
            Self::Json(_) => json::splice::SEPARATOR,
            Self::Yaml(_) => "",
        }
    }

    /// Inserts versions after those of a chart, which may have none yet.
    pub(super) fn append_versions(self, chart: &ChartPlace, versions: String) -> Splice {
        match self {
            Self::Json(spacing) => spacing.append_versions(chart, &versions),
            Self::Yaml(_) => yaml::splice::append_versions(chart, versions),
        }
    }

    /// Inserts a chart after the last one.
    pub(super) fn append_chart(self, last: &ChartPlace, chart: String) -> Splice {
        let at = self.end_of_chart(last);
        match self {
            Self::Json(_) => Splice::insert(at, json::splice::SEPARATOR.to_owned() + &chart),
            Self::Yaml(_) => Splice::insert(at, chart),
        }
    }

    /// The text of the first charts, which replaces the vacancy.
    pub(super) fn first_charts(self, charts: &str) -> String {
        match self {
            Self::Json(spacing) => spacing.first_charts(charts),
            Self::Yaml(_) => format!("\n{charts}"),
        }
    }

    /// What replaces the entries when all charts are removed. `None` if an empty index is what is
    /// left without their lines.
    pub(super) fn no_charts(self) -> Option<&'static str> {
        match self {
            Self::Json(spacing) => spacing.no_charts(),
            Self::Yaml(_) => Some(" {}\n"),
        }
    }

    /// What an element loses when it becomes the last one of its list: in JSON its comma.
    pub(super) fn lost_by_last(self, element: &Range<usize>) -> Option<Range<usize>> {
        match self {
            Self::Json(_) => Some(json::splice::comma_of(element)),
            Self::Yaml(_) => None,
        }
    }

    /// The field with the time of the last change, if there is none yet.
    pub(super) fn generated(self, now: Timestamp) -> String {
        match self {
            Self::Json(spacing) => spacing.first_field("generated", format!("\"{now}\"")),
            Self::Yaml(_) => format!("generated: \"{now}\"\n"),
        }
    }

    /// Adds annotations to those of a text. `None` if their place cannot be determined.
    pub(super) fn annotate(self, text: &[u8], outline: &Outline, more: Vec<(String, String)>) -> Option<Splice> {
        match self {
            Self::Json(spacing) => json::annotations::add(spacing, text, outline, more),
            Self::Yaml(_) => yaml::annotations::add(text, outline, more),
        }
    }
}
