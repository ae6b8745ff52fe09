//! What stands between the tokens of JSON: all that tells apart the layouts of it that are known.

use crate::index::scan::cursor::Cursor;

/// The spaces of the deepest line: deeper ones are none that a known writer writes.
const SPACES: [u8; 256] = [b' '; 256];
/// Wider ones are none that a known writer writes.
const WIDEST: usize = 8;

/// Goes over what stands between tokens, and over nothing else.
pub(super) trait Separators {
    /// Goes over what stands behind the opening bracket of a list or object that is not empty.
    fn open(&mut self, cursor: &mut Cursor<'_>) -> Option<()>;

    /// Goes over what stands behind an element, a comma or the closing bracket included; answers
    /// with whether another element follows. The bracket is a constant, since this decides how fast
    /// a scan is.
    fn more<const CLOSE: u8>(&mut self, cursor: &mut Cursor<'_>) -> Option<bool>;

    /// Goes over what stands between a name and its value.
    fn colon(&self, cursor: &mut Cursor<'_>) -> Option<()>;
}

/// No white space.
pub(super) struct Compact;

impl Separators for Compact {
    fn open(&mut self, _: &mut Cursor<'_>) -> Option<()> {
        Some(())
    }

    fn more<const CLOSE: u8>(&mut self, cursor: &mut Cursor<'_>) -> Option<bool> {
        match cursor.next()? {
            b',' => Some(true),
            byte => (byte == CLOSE).then_some(false),
        }
    }

    fn colon(&self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.eat(b":")
    }
}

/// Every element on a line of its own, indented by so many spaces for each level, and a space
/// behind a colon. What is empty is its two brackets.
pub(super) struct Indented {
    pub(super) width: usize,
    /// How deep the line is that was begun last.
    depth: usize,
}

impl Indented {
    /// The layout of a text, as far as its second line tells.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let line = text.strip_prefix(b"{\n")?;
        let width = line.iter().take_while(|byte| **byte == b' ').count();
        (1..=WIDEST).contains(&width).then_some(Self { width, depth: 0 })
    }

    /// Begins a line.
    fn line(&self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.eat(b"\n")?;
        cursor.eat(SPACES.get(..self.width * self.depth)?)
    }
}

impl Separators for Indented {
    fn open(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        self.depth += 1;
        self.line(cursor)
    }

    fn more<const CLOSE: u8>(&mut self, cursor: &mut Cursor<'_>) -> Option<bool> {
        if cursor.peek()? == b',' {
            cursor.next()?;
            self.line(cursor)?;
            return Some(true);
        }
        self.depth = self.depth.checked_sub(1)?;
        self.line(cursor)?;
        (cursor.next()? == CLOSE).then_some(false)
    }

    fn colon(&self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.eat(b": ")
    }
}
