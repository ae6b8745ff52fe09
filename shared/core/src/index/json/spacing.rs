//! The white space of an index in JSON, and how new text gets it.

use crate::yaml::json_text;

/// The white space between the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::index) enum Spacing {
    /// One version per line and no spaces: what Chartdrop writes.
    Lines,
    /// Every element on its own line, indented by this many spaces per level: what `helm repo index
    /// --json` writes.
    Indented(usize),
}

/// The depth of the top-level fields.
pub(in crate::index) const TOP: usize = 1;
/// The depth of chart names.
pub(in crate::index) const CHART: usize = 2;
/// The depth of versions.
pub(in crate::index) const VERSION: usize = 3;

impl Spacing {
    /// The column of an element at this depth, if it begins a line.
    pub(in crate::index) fn column(self, depth: usize) -> usize {
        match self {
            Self::Lines => 0,
            Self::Indented(width) => width * depth,
        }
    }

    /// The indentation at this depth.
    pub(in crate::index) fn spaces(self, depth: usize) -> String {
        " ".repeat(self.column(depth))
    }

    /// Compact JSON text as it is written at this depth.
    pub(in crate::index) fn value(self, compact: String, depth: usize) -> String {
        match self {
            Self::Lines => compact,
            Self::Indented(width) => json_text::indented(&compact, width, depth),
        }
    }

    /// The same with the spaces before it.
    pub(in crate::index) fn line(self, compact: String, depth: usize) -> String {
        match self {
            Self::Lines => compact,
            Self::Indented(_) => self.spaces(depth) + &self.value(compact, depth),
        }
    }

    /// The text between the name of a field and its value.
    pub(in crate::index) fn colon(self) -> &'static str {
        match self {
            Self::Lines => ":",
            Self::Indented(_) => ": ",
        }
    }

    /// A top-level field, with its value as compact JSON text, to be inserted after the first
    /// brace. Other fields follow.
    pub(in crate::index) fn first_field(self, name: &str, value: String) -> String {
        let value = self.value(value, TOP);
        match self {
            Self::Lines => format!("\"{name}\":{value},"),
            Self::Indented(_) => format!("\n{}\"{name}\": {value},", self.spaces(TOP)),
        }
    }

    /// Lines to be inserted between two brackets, with the closing one at this depth. In
    /// Chartdrop's own layout the opening one already has a line feed.
    pub(in crate::index) fn between_brackets(self, lines: &str, depth: usize) -> String {
        match self {
            Self::Lines => format!("{lines}\n"),
            Self::Indented(_) => format!("\n{lines}\n{}", self.spaces(depth)),
        }
    }
}
