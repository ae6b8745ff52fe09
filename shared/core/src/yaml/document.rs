//! What was read, and what its author may not have meant.

use super::Value;

/// What a key that stands twice in a mapping means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// The last one counts, with a note in [`Document::duplicate_keys`]: Helm's way with a
    /// `Chart.yaml`.
    LastWins,
    /// The text is refused: Helm's way with an `index.yaml`.
    Refuse,
}

/// A text that was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// What it says; [`Value::Null`] for an empty text.
    pub value: Value,
    /// Keys that stood twice, if that was allowed. The first hundred.
    pub duplicate_keys: Vec<DuplicateKey>,
    /// Scalars that a reader takes for a number or boolean which is written in another way. The
    /// first hundred.
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

/// A key that stood twice in one mapping; the later value counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The key.
    pub key: String,
    /// Where it is repeated.
    pub line: usize,
    /// Where it stood first.
    pub first_line: usize,
}

/// A scalar that was written `1.10`, `010` or `yes`, and is 1.1, 8 or true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// Where it belongs, such as `dependencies[0].version`.
    pub path: String,
    /// Its line.
    pub line: usize,
    /// How it was written.
    pub written: String,
}
