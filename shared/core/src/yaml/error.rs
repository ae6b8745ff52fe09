//! Why a text cannot be read.

use crate::size::OverLimit;

/// A position in a text, both counted from 1.
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

/// Why a text cannot be read, for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It has more bytes than [`Limits::bytes`](super::Limits::bytes).
    #[error("the text has {}", OverLimit::of(*bytes, *limit))]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },

    /// It is neither UTF-8 nor UTF-16 with a byte-order mark.
    #[error("line {line}: the text is not UTF-8. Save the file with that encoding")]
    NotUtf8 {
        /// The first line with an error.
        line: usize,
    },

    /// It contains a byte-order mark, or a carriage return without a line feed.
    #[error("{at}: YAML parsers disagree on the character U+{:04X} here. Remove it, or write it as an escape in double quotes", *.character as u32)]
    Stray {
        /// The character.
        character: char,
        /// Its position.
        at: Place,
    },

    /// It contains a character that YAML does not allow, even in a quoted string.
    #[error("{at}: YAML does not allow the character U+{:04X}. Remove it, or write it as an escape in double quotes", *.character as u32)]
    Character {
        /// The character.
        character: char,
        /// Its position.
        at: Place,
    },

    /// It is not YAML.
    #[error("{at}: this is not valid YAML: {problem}")]
    Syntax {
        /// The position of the error.
        at: Place,
        /// The parser's message.
        problem: String,
    },

    /// It is YAML of a kind that Helm's reader rejects, although other readers accept it.
    #[error("{at}: Helm cannot read this: {problem}")]
    Dialect {
        /// The position.
        at: Place,
        /// What is wrong, and what to write instead.
        problem: &'static str,
    },

    /// It is YAML that Helm's reader reads differently from other readers.
    #[error("{at}: YAML parsers disagree on this: {problem}")]
    Disputed {
        /// The position.
        at: Place,
        /// What is wrong, and what to write instead.
        problem: &'static str,
    },

    /// Collections are nested deeper than [`Limits::depth`](super::Limits::depth).
    #[error("{at}: lists and mappings are nested more than {limit} levels deep")]
    TooDeep {
        /// The position at which the limit is exceeded.
        at: Place,
        /// The limit.
        limit: usize,
    },

    /// It has more nodes than [`Limits::nodes`](super::Limits::nodes).
    #[error("{at}: the text has more than {limit} values")]
    TooManyNodes {
        /// The position at which the limit is exceeded.
        at: Place,
        /// The limit.
        limit: usize,
    },

    /// Aliases multiply the text.
    #[error("{at}: aliases repeat too much. Write the values out")]
    TooManyAliases {
        /// The alias that exceeds the limit.
        at: Place,
    },

    /// `*name` occurs without `&name` before it.
    #[error("{at}: the anchor of this alias is not defined before it")]
    UnknownAnchor {
        /// The alias.
        at: Place,
    },

    /// An alias is inside its own anchor: `&a [*a]`.
    #[error("{at}: the alias is inside the value that it refers to")]
    SelfReference {
        /// The alias.
        at: Place,
    },

    /// A key occurs twice in a mapping, where that is rejected.
    #[error("line {line}: the key \"{key}\" is already set at line {first_line}. Remove one of the two")]
    DuplicateKey {
        /// The key.
        key: String,
        /// The position of the repetition.
        line: usize,
        /// The position of the first occurrence.
        first_line: usize,
    },

    /// A key cannot become text.
    #[error("{at}: a mapping key must be text, a number or a boolean, not {found}")]
    Key {
        /// The key.
        at: Place,
        /// The kind of value that it is.
        found: &'static str,
    },

    /// The value of `<<` is not a mapping.
    #[error("{at}: the value of \"<<\" must be a mapping or a list of mappings")]
    Merge {
        /// The position of the value.
        at: Place,
    },

    /// A tag does not fit its value, as in `!!int x`.
    #[error("{at}: \"{text}\" is not a value for the tag {tag}")]
    Tag {
        /// The position of the value.
        at: Place,
        /// The value's text.
        text: String,
        /// The tag in its short form.
        tag: String,
    },

    /// `.inf` or `.nan`. In a chart, Helm 4 rejects them everywhere, and Helm 3 wherever no text is
    /// expected.
    #[error("{at}: \"{text}\" is an infinity or not a number, which Helm cannot read. Quote it if it is text")]
    NotFinite {
        /// The position of the value.
        at: Place,
        /// The text as written.
        text: String,
    },
}

impl Error {
    /// Whether no Helm can read such a text either. `false` if this reader is stricter, or has a
    /// limit that go-yaml does not have.
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
            // Helm 3 accepts it in the text fields of a Chart.yaml.
            | Self::NotFinite { .. } => false,
        }
    }
}
