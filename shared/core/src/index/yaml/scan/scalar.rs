//! Scalars in a block mapping or list: where each ends, and that it is what it seems.
//!
//! The rules are libyaml's, which go-yaml has adopted
//! (<https://github.com/yaml/go-yaml/blob/v2/scannerc.go>), narrowed to what writers produce. All
//! functions start after the space that follows a colon or a dash, and end at the start of a line.
//! `column` is that of the surrounding block mapping: further lines of the scalar are indented
//! deeper.

use memchr::{memchr2, memchr3};

use crate::index::scan::cursor::Cursor;
use crate::yaml;

/// What a scalar may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Only text.
    Text,
    /// Also numbers, booleans and null.
    Any,
}

impl Cursor<'_> {
    /// Skips a scalar.
    pub(super) fn scalar(&mut self, column: usize, of: Type) -> Option<()> {
        match self.peek()? {
            b'"' => self.double_quoted(column),
            b'\'' => self.single_quoted(column),
            b'|' | b'>' => self.block(column),
            _ => self.plain(column, of),
        }
    }

    fn double_quoted(&mut self, column: usize) -> Option<()> {
        self.eat(b"\"")?;
        loop {
            self.at += memchr3(b'"', b'\\', b'\n', self.rest())?;
            match self.next()? {
                b'"' => return self.eat(b"\n"),
                b'\\' => self.escape(column)?,
                _ => self.folded_line(column)?,
            }
        }
    }

    fn single_quoted(&mut self, column: usize) -> Option<()> {
        self.eat(b"'")?;
        loop {
            self.at += memchr2(b'\'', b'\n', self.rest())?;
            match self.next()? {
                // Two quotes are one quote that belongs to the text.
                b'\'' if self.peek() == Some(b'\'') => self.at += 1,
                b'\'' => return self.eat(b"\n"),
                _ => self.folded_line(column)?,
            }
        }
    }

    /// What follows a backslash: escapes that every reader knows, or the end of a line.
    fn escape(&mut self, column: usize) -> Option<()> {
        let digits = match self.next()? {
            b'"' | b'\\' | b'0' | b'a' | b'b' | b't' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'N' | b'_' | b'L'
            | b'P' => return Some(()),
            b'\n' => return self.folded_line(column),
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => return None,
        };
        let digits = self.rest().get(..digits)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        char::from_u32(code)?;
        self.at += digits.len();
        Some(())
    }

    /// The start of a further line of a quoted text: empty, or indented deeper than its parent.
    /// YAML readers do not require that inside quotes, but otherwise a line's indentation would not
    /// show what it belongs to.
    fn folded_line(&mut self, column: usize) -> Option<()> {
        while self.peek()? == b'\n' {
            self.at += 1;
        }
        let spaces = self.spaces();
        self.at += spaces;
        (spaces > column && self.peek()? != b'\n').then_some(())
    }

    /// `|` or `>`, with optional indentation and chomping indicators, and the lines below.
    fn block(&mut self, column: usize) -> Option<()> {
        self.next()?;
        let mut indentation = None;
        if let Some(digit @ b'1'..=b'9') = self.peek() {
            self.at += 1;
            indentation = Some(column + usize::from(digit - b'0'));
        }
        if let Some(b'-' | b'+') = self.peek() {
            self.at += 1;
        }
        self.eat(b"\n")?;
        let mut any = false;
        loop {
            // Spaces on an empty line may belong to the text, depending on the indentation.
            while self.peek() == Some(b'\n') {
                self.at += 1;
            }
            let own = *indentation.get_or_insert_with(|| self.spaces().max(column + 1));
            if !self.is_indented(own) {
                return any.then_some(());
            }
            self.rest_of_line()?;
            self.at += 1;
            any = true;
        }
    }

    /// Text without quotes, possibly folded over several lines.
    fn plain(&mut self, column: usize, of: Type) -> Option<()> {
        let start = self.at;
        if let Some(length) = self.word()
            && self.text.get(start + length) == Some(&b'\n')
        {
            self.at += length + 1;
            if !self.is_indented(column + 1) {
                return Some(());
            }
            self.at = start;
        }
        if !can_start_plain(self.rest()) {
            return None;
        }
        self.plain_line()?;
        let first_line = self.text.get(start..self.at)?;
        self.at += 1;
        if !self.is_indented(column + 1) {
            let fits = match of {
                Type::Any => !is_no_json(first_line),
                Type::Text => is_letter_of_no_word(first_line) || yaml::is_text(first_line),
            };
            return fits.then_some(());
        }
        if is_like_a_date(first_line) {
            return None;
        }
        while self.is_indented(column + 1) {
            self.at += self.spaces();
            if matches!(self.peek()?, b'#' | b'\n') {
                return None;
            }
            self.plain_line()?;
            self.at += 1;
        }
        // A plain text may continue after an empty line.
        (self.peek() != Some(b'\n')).then_some(())
    }

    /// The length of the short word that follows, if it can only be that word as a key or text,
    /// whatever comes after it. Most lists and many keys are such words.
    pub(super) fn word(&self) -> Option<usize> {
        const SHORT: usize = 24;
        let part_of_word = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/' | b'_');
        let rest = self.rest();
        let length = rest.iter().take(SHORT).take_while(part_of_word).count();
        (length < SHORT && is_letter_of_no_word(rest.get(..length)?)).then_some(length)
    }

    /// Skips to the end of a line on which nothing ends a plain text early.
    fn plain_line(&mut self) -> Option<()> {
        let rest = self.rest();
        let mut at = 0;
        loop {
            at += memchr3(b'\n', b':', b'#', rest.get(at..)?)?;
            let before = at.checked_sub(1).and_then(|before| rest.get(before));
            match rest.get(at..)? {
                [b'\n', ..] => {
                    self.at += at;
                    return (before != Some(&b' ')).then_some(());
                }
                [b':', b' ' | b'\n', ..] => return None,
                [b'#', ..] if matches!(before, Some(b' ') | None) => return None,
                _ => at += 1,
            }
        }
    }
}

/// Whether a plain scalar can begin like this: without an indicator or a space. `~`, `=` and `<`
/// are allowed, because go-yaml writes `~1.2.3` and `< 2.0` without quotes.
pub(super) fn can_start_plain(text: &[u8]) -> bool {
    match text {
        [b'-', b'-', b'-', ..] => false,
        [b'-' | b'?' | b':', next, ..] => !matches!(next, b' ' | b'\n'),
        [
            b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' | b' ' | b'\n',
            ..,
        ]
        | [] => false,
        _ => true,
    }
}

/// Whether a plain scalar may be a number that JSON does not have (`.inf`, `.nan`), which Helm
/// rejects.
fn is_no_json(text: &[u8]) -> bool {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    matches!(unsigned, [b'.', first, ..] if first.is_ascii_alphabetic())
}

/// Whether the first byte alone excludes a number, boolean, null or time.
fn is_letter_of_no_word(text: &[u8]) -> bool {
    let Some(first) = text.first() else { return false };
    first.is_ascii_alphabetic() && (text.len() > 5 || !b"yYnNtTfFoO".contains(first))
}

/// A time may contain a space, and so a line break.
fn is_like_a_date(text: &[u8]) -> bool {
    text.iter().take(4).all(u8::is_ascii_digit)
}
