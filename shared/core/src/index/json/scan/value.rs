//! The values of an index in JSON, with any white space between their tokens ([`Separators`]).

use std::ops::{Deref, DerefMut, Range};

use super::separators::Separators;
use crate::chart::time;
use crate::index::fields::{self, Field, Kind, once};
use crate::index::json::item;
use crate::index::scan::before::Before;
use crate::index::scan::cursor::Cursor;

/// The deepest nesting in an unknown field. The parser accepts a few levels more.
const DEPTH: usize = 64;

/// A field that a scan has skipped.
enum Found {
    /// Helm knows it.
    Known {
        /// Its position in the order of names.
        place: u8,
        /// The position of its value.
        value: Range<usize>,
    },
    /// Helm ignores it.
    Unknown,
}

/// A cursor that knows JSON tokens.
pub(super) struct Json<'a, S> {
    cursor: Cursor<'a>,
    pub(super) separators: S,
}

impl<'a, S> Deref for Json<'a, S> {
    type Target = Cursor<'a>;

    fn deref(&self) -> &Cursor<'a> {
        &self.cursor
    }
}

impl<S> DerefMut for Json<'_, S> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.cursor
    }
}

impl<'a, S: Separators> Json<'a, S> {
    pub(super) fn new(text: &'a [u8], separators: S) -> Self {
        Json {
            cursor: Cursor { text, at: 0 },
            separators,
        }
    }

    /// The name of a chart, with its quotes, and the colon after it.
    pub(super) fn name_of_chart(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.string()?;
        let name = start..self.at;
        item::scalar(self.text.get(name.clone())?)?;
        self.colon()?;
        Some(name)
    }

    /// An object with the fields of a version.
    pub(super) fn version(&mut self, before: &mut Before) -> Option<()> {
        before.begin();
        let mut seen = 0;
        self.object(|scan| {
            if let Some(same) = before.same(scan.text, scan.at) {
                seen = once(seen, same.fields)?;
                scan.at = same.end;
            }
            let start = scan.at;
            let Found::Known { place, value } = scan.field(fields::version)? else {
                return Some(());
            };
            before.differs(start, place);
            seen = once(seen, 1 << place)?;
            // Searched by its exact text, later.
            let searched = matches!(place, fields::VERSION | fields::DIGEST);
            (!searched || !scan.text.get(value)?.contains(&b'\\')).then_some(())
        })
    }

    /// An object with fields that Helm knows, each at most once, and unknown ones.
    fn known(&mut self, known: fn(&[u8]) -> Option<Field>) -> Option<()> {
        let mut seen = 0;
        self.object(|scan| {
            if let Found::Known { place, .. } = scan.field(known)? {
                seen = once(seen, 1 << place)?;
            }
            Some(())
        })
    }

    /// A field and its value.
    fn field(&mut self, known: fn(&[u8]) -> Option<Field>) -> Option<Found> {
        let name = self.name()?;
        // A name with escapes differs from its text.
        if name.contains(&b'\\') {
            return None;
        }
        let is_ascii = name.is_ascii();
        let Some((place, kind)) = known(name) else {
            self.anything(0)?;
            return Some(Found::Unknown);
        };
        // Known field names are ASCII.
        if !is_ascii {
            return None;
        }
        let start = self.at;
        self.value(kind)?;
        let value = start..self.at;
        Some(Found::Known { place, value })
    }

    /// The name of a field and the colon after it.
    pub(super) fn name(&mut self) -> Option<&'a [u8]> {
        let name = self.string()?;
        self.colon()?;
        self.text.get(name)
    }

    fn colon(&mut self) -> Option<()> {
        self.separators.colon(&mut self.cursor)
    }

    fn value(&mut self, kind: Kind) -> Option<()> {
        if self.peek() == Some(b'n') {
            return self.eat(b"null");
        }
        match kind {
            Kind::Text | Kind::Scalar => self.string().map(drop),
            Kind::Time => {
                let value = self.string()?;
                time::is_time(self.text.get(value)?).then_some(())
            }
            Kind::Flag => self.eat(b"true").or_else(|| self.eat(b"false")),
            Kind::Texts | Kind::Scalars => self.list(|scan| scan.value(Kind::Text)),
            Kind::TextMap => self.object(|scan| {
                scan.name()?;
                scan.value(Kind::Text)
            }),
            Kind::Maintainers => self.list(|scan| scan.null_or_known(fields::maintainer)),
            Kind::Dependencies => self.list(|scan| scan.null_or_known(fields::dependency)),
            Kind::List => self.list(|scan| scan.anything(0)),
            Kind::Map => self.object(|scan| {
                scan.name()?;
                scan.anything(0)
            }),
        }
    }

    fn null_or_known(&mut self, known: fn(&[u8]) -> Option<Field>) -> Option<()> {
        if self.peek() == Some(b'n') {
            return self.eat(b"null");
        }
        self.known(known)
    }

    pub(super) fn anything(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => self.object(|scan| {
                scan.name()?;
                scan.anything(depth + 1)
            }),
            b'[' => self.list(|scan| scan.anything(depth + 1)),
            b't' => self.eat(b"true"),
            b'f' => self.eat(b"false"),
            b'n' => self.eat(b"null"),
            _ => self.number(),
        }
    }

    pub(super) fn object(&mut self, field: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b"{")?;
        self.elements::<b'}'>(field)
    }

    pub(super) fn list(&mut self, element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b"[")?;
        self.elements::<b']'>(element)
    }

    /// The content between two brackets, and the closing one.
    fn elements<const CLOSE: u8>(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.peek()? == CLOSE {
            self.at += 1;
            return Some(());
        }
        self.separators.open(&mut self.cursor)?;
        loop {
            element(self)?;
            if !self.separators.more::<CLOSE>(&mut self.cursor)? {
                return Some(());
            }
        }
    }

    /// A string; returns the position between its quotes. It has no line feed, because a string
    /// never spans lines.
    pub(super) fn string(&mut self) -> Option<Range<usize>> {
        self.eat(b"\"")?;
        let start = self.at;
        loop {
            self.at += memchr::memchr3(b'"', b'\\', b'\n', self.rest())?;
            match self.next()? {
                b'"' => return Some(start..self.at - 1),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// What follows a backslash. Halves of surrogate pairs, which YAML readers reject, and `\/`,
    /// which YAML 1.1 does not know, are not accepted.
    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.rest().first_chunk::<4>()?;
                let digits = std::str::from_utf8(digits)
                    .ok()
                    .filter(|digits| !digits.starts_with('+'))?;
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                self.at += 4;
                Some(())
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        let rest = self.rest();
        let length = rest
            .iter()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        let number = rest.get(..length)?;
        serde_json::from_slice::<serde::de::IgnoredAny>(number).ok()?;
        self.at += length;
        Some(())
    }
}
