//! A text made of slices of another one, with new text between.

use std::ops::Range;

use bytes::Bytes;

/// The new text of an index. What stays of the old one is shared with it, not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spliced {
    pieces: Vec<Bytes>,
    len: usize,
}

/// New text in the place of old.
#[derive(Debug)]
pub(super) struct Splice {
    /// What goes; nothing, where text is only put in.
    pub(super) at: Range<usize>,
    /// What comes.
    pub(super) text: String,
}

impl Splice {
    /// Puts text in, and takes nothing away.
    pub(super) fn insert(at: usize, text: String) -> Self {
        Self { at: at..at, text }
    }

    /// Takes text away.
    pub(super) fn cut(at: Range<usize>) -> Self {
        Self {
            at,
            text: String::new(),
        }
    }
}

impl Spliced {
    /// Applies splices that don't overlap. Of those in the same place the first given comes first.
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

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no text at all, which no index is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The text in one piece: a copy.
    pub fn to_bytes(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(self.len);
        self.pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
        bytes.into()
    }
}
