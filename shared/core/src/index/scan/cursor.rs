//! A position in a text that only moves forward.

/// The position of a scan.
#[derive(Debug, Clone, Copy)]
pub(in crate::index) struct Cursor<'a> {
    pub(in crate::index) text: &'a [u8],
    pub(in crate::index) at: usize,
}

impl<'a> Cursor<'a> {
    /// The remaining text.
    pub(in crate::index) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte.
    pub(in crate::index) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Skips the next byte.
    pub(in crate::index) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Whether exactly these bytes follow.
    pub(in crate::index) fn is_at(&self, token: &[u8]) -> bool {
        self.rest().starts_with(token)
    }

    /// Skips these bytes, which must follow.
    pub(in crate::index) fn eat(&mut self, token: &[u8]) -> Option<()> {
        self.is_at(token).then(|| self.at += token.len())
    }

    /// The number of spaces that follow.
    pub(in crate::index) fn spaces(&self) -> usize {
        self.rest().iter().take_while(|byte| **byte == b' ').count()
    }

    /// Whether at least this many spaces follow.
    pub(in crate::index) fn is_indented(&self, columns: usize) -> bool {
        let next = self.text.get(self.at..self.at + columns);
        next.is_some_and(|next| next.iter().all(|byte| *byte == b' '))
    }

    /// Skips to the line feed that ends this line, and returns what was skipped.
    pub(in crate::index) fn rest_of_line(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let length = memchr::memchr(b'\n', rest)?;
        self.at += length;
        rest.get(..length)
    }
}
