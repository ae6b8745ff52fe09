//! The white space between JSON tokens, which is all that distinguishes the known layouts.

use crate::index::scan::cursor::Cursor;

/// The deepest indentation in spaces; no known writer goes deeper.
const SPACES: [u8; 256] = [b' '; 256];
/// The widest indentation step; no known writer uses more.
const WIDEST: usize = 8;

/// Skips the white space between tokens, and nothing else.
pub(super) trait Separators {
    /// Skips what follows the opening bracket of a list or object that is not empty.
    fn open(&mut self, cursor: &mut Cursor<'_>) -> Option<()>;

    /// Skips what follows an element, including a comma or the closing bracket, and returns whether
    /// another element follows. The bracket is a constant, because this decides the speed of a
    /// scan.
    fn more<const CLOSE: u8>(&mut self, cursor: &mut Cursor<'_>) -> Option<bool>;

    /// Skips what separates a name from its value.
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

/// Every element on its own line, indented by this many spaces per level, with a space after each
/// colon. An empty list or object is just its two brackets.
pub(super) struct Indented {
    pub(super) width: usize,
    /// The depth of the line that was begun last.
    depth: usize,
}

impl Indented {
    /// The layout of a text, as its second line shows it.
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
