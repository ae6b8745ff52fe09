//! A text made of slices of another one with new text between them.

use std::ops::Range;

use bytes::Bytes;

/// The new text of an index. It shares the unchanged parts with the old text instead of copying
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spliced {
    pieces: Vec<Bytes>,
    len: usize,
}

/// A replacement in a text.
#[derive(Debug)]
pub(super) struct Splice {
    /// The old part, empty for a mere insertion.
    pub(super) at: Range<usize>,
    /// The new part.
    pub(super) text: String,
}

impl Splice {
    /// Inserts text and removes nothing.
    pub(super) fn insert(at: usize, text: String) -> Self {
        Self { at: at..at, text }
    }

    /// Removes text.
    pub(super) fn cut(at: Range<usize>) -> Self {
        Self {
            at,
            text: String::new(),
        }
    }
}

impl Spliced {
    /// Applies splices that do not overlap. At the same position, the first given comes first.
    pub(super) fn new(old: &Bytes, mut splices: Vec<Splice>) -> Self {
        splices.sort_by_key(|splice| splice.at.start);
        let mut pieces = Vec::with_capacity(2 * splices.len() + 1);
        let mut kept = 0;
        for splice in splices {
            pieces.push(old.slice(kept..splice.at.start));
            pieces.push(Bytes::from(splice.text));
            kept = splice.at.end;
        }
        pieces.push(old.slice(kept..));
        pieces.retain(|piece| !piece.is_empty());
        let len = pieces.iter().map(Bytes::len).sum();
        Self { pieces, len }
    }

    /// The pieces, in their order.
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no text at all, which is not a valid index.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A copy of the text in one piece.
    pub fn to_bytes(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(self.len);
        self.pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
        bytes.into()
    }
}
