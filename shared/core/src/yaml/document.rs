//! The result of reading a text, and what its author may not have meant.

use super::Value;

/// How to treat a key that occurs twice in a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// The last one counts, with a note in [`Document::duplicate_keys`], as Helm does in a
    /// `Chart.yaml`.
    LastWins,
    /// The text is rejected, as Helm does in an `index.yaml`.
    Reject,
}

/// A text that was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Its value; [`Value::Null`] for an empty text.
    pub value: Value,
    /// Keys that occurred twice, if that was allowed. The first hundred.
    pub duplicate_keys: Vec<DuplicateKey>,
    /// Scalars that are read as a number or boolean with another notation. The first hundred.
    pub converted: Vec<Converted>,
    /// The lines of the keys of the outermost mapping.
    pub(super) lines: Vec<Option<usize>>,
}

impl Document {
    /// The line of a key of the outermost mapping.
    #[must_use]
    pub fn line_of(&self, key: &str) -> Option<usize> {
        let at = self.value.as_mapping()?.get_index_of(key)?;
        self.lines.get(at).copied().flatten()
    }
}

/// A key that occurred twice in a mapping; the later value counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The key.
    pub key: String,
    /// The position of the repetition.
    pub line: usize,
    /// The position of the first occurrence.
    pub first_line: usize,
}

/// A scalar that was written as `1.10`, `010` or `yes`, and is 1.1, 8 or true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The path of its field, such as `dependencies[0].version`.
    pub path: String,
    /// Its line.
    pub line: usize,
    /// The text as written.
    pub written: String,
}
