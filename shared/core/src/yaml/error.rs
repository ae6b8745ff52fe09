//! Why a text cannot be read.

use crate::size::OverLimit;

/// A place in a text, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character within the line.
    pub column: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is not read, in words for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More bytes than [`Limits::bytes`](super::Limits::bytes).
    #[error("the text has {}", OverLimit::of(*bytes, *limit))]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The bound.
        limit: usize,
    },

    /// Not UTF-8, nor UTF-16 with a byte-order mark.
    #[error("line {line}: the text is not UTF-8. Save the file with that encoding")]
    NotUtf8 {
        /// The first line that is not.
        line: usize,
    },

    /// A byte-order mark within the text, or a carriage return without a line feed.
    #[error("{at}: YAML parsers disagree on the character U+{:04X} here. Remove it, or write it as an escape in double quotes", *.character as u32)]
    Stray {
        /// Which.
        character: char,
        /// Where.
        at: Place,
    },

    /// A character that YAML does not allow, not even in a quoted string.
    #[error("{at}: YAML does not allow the character U+{:04X}. Remove it, or write it as an escape in double quotes", *.character as u32)]
    Character {
        /// Which.
        character: char,
        /// Where.
        at: Place,
    },

    /// Not YAML.
    #[error("{at}: this is not valid YAML: {problem}")]
    Syntax {
        /// Where the reader gave up.
        at: Place,
        /// What it says.
        problem: String,
    },

    /// YAML of a kind that Helm's reader refuses, although others take it.
    #[error("{at}: Helm cannot read this: {problem}")]
    Dialect {
        /// Where.
        at: Place,
        /// What it is, and what to write instead.
        problem: &'static str,
    },

    /// YAML that Helm's reader may take, but that it reads otherwise than other readers.
    #[error("{at}: YAML parsers disagree on this: {problem}")]
    Disputed {
        /// Where.
        at: Place,
        /// What it is, and what to write instead.
        problem: &'static str,
    },

    /// Collections inside each other beyond [`Limits::depth`](super::Limits::depth).
    #[error("{at}: lists and mappings are nested more than {limit} levels deep")]
    TooDeep {
        /// Where the bound was passed.
        at: Place,
        /// The bound.
        limit: usize,
    },

    /// More nodes than [`Limits::nodes`](super::Limits::nodes).
    #[error("{at}: the text has more than {limit} values")]
    TooManyNodes {
        /// Where the bound was passed.
        at: Place,
        /// The bound.
        limit: usize,
    },

    /// Aliases that multiply the text.
    #[error("{at}: aliases repeat too much. Write the values out")]
    TooManyAliases {
        /// The alias that passed the bound.
        at: Place,
    },

    /// `*name` without `&name` before it.
    #[error("{at}: the anchor of this alias is not defined before it")]
    UnknownAnchor {
        /// The alias.
        at: Place,
    },

    /// `&a [*a]`.
    #[error("{at}: the alias is inside the value that it refers to")]
    SelfReference {
        /// The alias.
        at: Place,
    },

    /// A key twice in a mapping, where that is refused.
    #[error("line {line}: the key \"{key}\" is already set at line {first_line}. Remove one of the two")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it is repeated.
        line: usize,
        /// Where it stands first.
        first_line: usize,
    },

    /// A key that cannot become text.
    #[error("{at}: a mapping key must be text, a number or a boolean, not {found}")]
    Key {
        /// The key.
        at: Place,
        /// What it is.
        found: &'static str,
    },

    /// `<<` with a value that is no mapping.
    #[error("{at}: the value of \"<<\" must be a mapping or a list of mappings")]
    Merge {
        /// The value.
        at: Place,
    },

    /// A tag that its value does not fit, such as `!!int x`.
    #[error("{at}: \"{text}\" is not a value for the tag {tag}")]
    Tag {
        /// The value.
        at: Place,
        /// The value's text.
        text: String,
        /// The tag, in its short form.
        tag: String,
    },

    /// `.inf` and `.nan`. In a chart Helm 4 refuses them everywhere, Helm 3 wherever no text is
    /// wanted.
    #[error("{at}: \"{text}\" is an infinity or not a number, which Helm cannot read. Quote it if it is text")]
    NotFinite {
        /// The value.
        at: Place,
        /// As written.
        text: String,
    },
}

impl Error {
    /// Whether no Helm reads such a text either. `false` where this reader is stricter, or has a
    /// bound that go-yaml does not have.
    #[must_use]
    pub fn stops_helm(&self) -> bool {
        match self {
            Self::NotUtf8 { .. }
            | Self::Character { .. }
            | Self::Syntax { .. }
            | Self::Dialect { .. }
            | Self::UnknownAnchor { .. }
            | Self::SelfReference { .. }
            | Self::Key { .. }
            | Self::Merge { .. }
            | Self::Tag { .. } => true,
            Self::TooLong { .. }
            | Self::Stray { .. }
            | Self::Disputed { .. }
            | Self::TooDeep { .. }
            | Self::TooManyNodes { .. }
            | Self::TooManyAliases { .. }
            | Self::DuplicateKey { .. }
            // Helm 3 reads it in the fields of a Chart.yaml that are text.
            | Self::NotFinite { .. } => false,
        }
    }
}
