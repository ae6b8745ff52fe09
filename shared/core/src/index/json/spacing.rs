//! The white space of an index in JSON, and how text of ours gets it.

use crate::yaml::json_text;

/// The white space between the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::index) enum Spacing {
    /// One version on a line, and no spaces: what we write.
    Lines,
    /// Every element on a line of its own, indented by this many spaces for each level: what
    /// `helm repo index --json` writes.
    Indented(usize),
}

/// How deep the fields at the top stand.
pub(in crate::index) const TOP: usize = 1;
/// How deep the names of charts stand.
pub(in crate::index) const CHART: usize = 2;
/// How deep versions stand.
pub(in crate::index) const VERSION: usize = 3;

impl Spacing {
    /// The column of what stands this deep, if it begins a line.
    pub(in crate::index) fn column(self, depth: usize) -> usize {
        match self {
            Self::Lines => 0,
            Self::Indented(width) => width * depth,
        }
    }

    /// The spaces before what stands this deep.
    pub(in crate::index) fn spaces(self, depth: usize) -> String {
        " ".repeat(self.column(depth))
    }

    /// Compact JSON text as it is written this deep.
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

    /// What stands between the name of a field and its value.
    pub(in crate::index) fn colon(self) -> &'static str {
        match self {
            Self::Lines => ":",
            Self::Indented(_) => ": ",
        }
    }

    /// A field at the top, given with its value as compact JSON text, to be put behind the first
    /// brace. Others follow.
    pub(in crate::index) fn first_field(self, name: &str, value: String) -> String {
        let value = self.value(value, TOP);
        match self {
            Self::Lines => format!("\"{name}\":{value},"),
            Self::Indented(_) => format!("\n{}\"{name}\": {value},", self.spaces(TOP)),
        }
    }

    /// Lines to be put between two brackets, the closing one of which stands this deep. In our own
    /// layout the opening one has a line feed already.
    pub(in crate::index) fn between_brackets(self, lines: &str, depth: usize) -> String {
        match self {
            Self::Lines => format!("{lines}\n"),
            Self::Indented(_) => format!("\n{lines}\n{}", self.spaces(depth)),
        }
    }
}
