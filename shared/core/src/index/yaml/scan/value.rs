//! The value of a field, from its colon to the start of the line after it: scalars, lists and
//! mappings.

use std::ops::Range;

use super::Yaml;
use super::scalar::{Type, can_start_plain};
use crate::chart::time;
use crate::index::fields::{self, Field, Kind, once};
use crate::yaml;
use crate::yaml::block::LONGEST_KEY;

impl Yaml<'_> {
    /// A mapping with fields that Helm knows, each at most once, starting after the first
    /// indentation.
    fn known(&mut self, column: usize, known: fn(&[u8]) -> Option<Field>) -> Option<()> {
        let mut seen = 0;
        loop {
            let (place, kind) = self.name(known)?;
            seen = once(seen, 1 << place)?;
            self.value(kind, column)?;
            if !self.field_follows(column) {
                return Some(());
            }
            self.at += column;
        }
    }

    /// The name of a field and its colon.
    pub(super) fn name(&mut self, known: fn(&[u8]) -> Option<Field>) -> Option<Field> {
        let rest = self.rest();
        // The longest name and its colon.
        let length = memchr::memchr(b':', rest.get(..16).unwrap_or(rest))?;
        self.at += length + 1;
        // Known field names are ASCII.
        known(rest.get(..length).filter(|name| name.is_ascii())?)
    }

    /// Whether the next line is another field of the mapping in this column.
    pub(super) fn field_follows(&self, column: usize) -> bool {
        self.is_indented(column) && !matches!(self.text.get(self.at + column), Some(b' ' | b'-') | None)
    }

    /// A text on this line, without escapes.
    pub(super) fn simple_text(&mut self, column: usize) -> Option<()> {
        self.eat(b" ")?;
        let (start, first) = (self.at, self.peek()?);
        self.scalar(column, Type::Text)?;
        let value = self.text.get(start..self.at.checked_sub(1)?)?;
        let escapes = match first {
            b'\'' => value.get(1..value.len().checked_sub(1)?)?.contains(&b'\''),
            b'"' => value.contains(&b'\\'),
            _ => false,
        };
        (!escapes && !value.contains(&b'\n')).then_some(())
    }

    /// The value of a field, from its colon to the start of the line after it.
    pub(super) fn value(&mut self, kind: Kind, column: usize) -> Option<()> {
        if self.nothing(column).is_some() {
            return Some(());
        }
        match kind {
            Kind::Text => self.text(column, Type::Text),
            Kind::Scalar => self.text(column, Type::Any),
            Kind::Time => {
                self.eat(b" ")?;
                let value = self.rest_of_line()?;
                self.at += 1;
                let inner = |quote: &[u8]| value.strip_prefix(quote)?.strip_suffix(quote);
                let value = inner(b"\"").or_else(|| inner(b"'")).unwrap_or(value);
                // A longer or deeper line would belong to this value.
                (time::is_time(value) && !self.is_indented(column + 1)).then_some(())
            }
            Kind::Flag => self.eat(b" true\n").or_else(|| self.eat(b" false\n")),
            Kind::Texts | Kind::Scalars if self.is_at(b" ['") || self.is_at(b" [\"") => self.quoted_texts(),
            Kind::Texts => self.list(column, |scan, dash| scan.scalar(dash, Type::Text)),
            Kind::Scalars => self.list(column, |scan, dash| scan.scalar(dash, Type::Any)),
            Kind::TextMap => {
                if self.eat(b" {}\n").is_some() {
                    return Some(());
                }
                self.eat(b"\n")?;
                let nested = self.spaces();
                if nested <= column {
                    return None;
                }
                self.at += nested;
                self.mapping(nested, Type::Text)
            }
            Kind::Maintainers => self.list(column, |scan, dash| scan.known(dash + 2, fields::maintainer)),
            Kind::Dependencies => self.list(column, |scan, dash| scan.known(dash + 2, fields::dependency)),
            Kind::List => self.list(column, Self::scalar_or_mapping),
            // Only at the top level, which is parsed.
            Kind::Map => None,
        }
    }

    /// A missing value, as Ruby's library writes it, or `null`, which has every type. A deeper line
    /// would be a value, and so would the dashes of a list in this column.
    pub(super) fn nothing(&mut self, column: usize) -> Option<()> {
        let start = self.at;
        // Most values are neither, which two bytes show.
        let written: &[u8] = match self.rest() {
            [b'\n', ..] => b"\n",
            [b' ', b'\n', ..] => b" \n",
            [b' ', b'~', ..] => b" ~\n",
            [b' ', b'n', ..] => b" null\n",
            _ => return None,
        };
        self.eat(written)?;
        let is_list = self.is_indented(column) && self.text.get(self.at + column) == Some(&b'-');
        if is_list || self.is_indented(column + 1) || self.peek() == Some(b'\n') {
            self.at = start;
            return None;
        }
        Some(())
    }

    fn text(&mut self, column: usize, of: Type) -> Option<()> {
        self.eat(b" ")?;
        self.scalar(column, of)
    }

    /// Lines with a dash in the same column, this one or a deeper one: at least one. Each element
    /// is passed that column.
    fn list(&mut self, column: usize, mut element: impl FnMut(&mut Self, usize) -> Option<()>) -> Option<()> {
        if self.eat(b" []\n").is_some() {
            return Some(());
        }
        self.eat(b"\n")?;
        let dash = self.spaces();
        if dash < column {
            return None;
        }
        let mut any = false;
        while self.eat_dash(dash).is_some() {
            element(self, dash)?;
            any = true;
        }
        any.then_some(())
    }

    /// Quoted texts within brackets, all on this line: some programs write a list with one URL like
    /// this.
    fn quoted_texts(&mut self) -> Option<()> {
        self.eat(b" [")?;
        loop {
            let quote = self.next().filter(|quote| matches!(quote, b'"' | b'\''))?;
            let length = memchr::memchr3(quote, b'\\', b'\n', self.rest())?;
            self.at += length;
            self.eat(&[quote])?;
            if self.eat(b"]\n").is_some() {
                return Some(());
            }
            self.eat(b", ")?;
        }
    }

    /// A dash in this column and the space after it.
    pub(super) fn eat_dash(&mut self, column: usize) -> Option<()> {
        let is_dash = self.is_indented(column) && self.text.get(self.at + column..)?.starts_with(b"- ");
        is_dash.then(|| self.at += column + 2)
    }

    /// The value of `import-values`: a name, or two paths.
    fn scalar_or_mapping(&mut self, dash: usize) -> Option<()> {
        let start = self.at;
        if self.scalar(dash, Type::Any).is_some() {
            return Some(());
        }
        self.at = start;
        self.mapping(dash + 2, Type::Any)
    }

    pub(super) fn eat_indentation(&mut self, column: usize) -> Option<()> {
        (self.spaces() == column).then(|| self.at += column)
    }

    /// Scalars by any name, each once, starting after the first indentation.
    fn mapping(&mut self, column: usize, of: Type) -> Option<()> {
        let mut names: Vec<&[u8]> = Vec::new();
        // Writers sort the names, usually by bytes.
        let mut sorted = true;
        loop {
            let name = self.key()?;
            let name = without_quotes(self.text.get(name)?);
            sorted &= names.last().is_none_or(|last| *last < name);
            names.push(name);
            if self.nothing(column).is_none() {
                self.text(column, of)?;
            }
            if !self.field_follows(column) {
                break;
            }
            self.at += column;
        }
        if !sorted {
            names.sort_unstable();
        }
        (sorted || names.is_sorted_by(|a, b| a < b)).then_some(())
    }

    /// A key, plain or quoted, and its colon; returns the position of the key, with its quotes.
    pub(super) fn key(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        match self.peek()? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                let inner = self.rest();
                let length = memchr::memchr3(quote, b'\\', b'\n', inner)?;
                self.at += length;
                self.eat(&[quote])?;
            }
            _ => match self.word() {
                Some(length) if self.text.get(start + length) == Some(&b':') => self.at += length,
                _ => {
                    let rest = self.rest();
                    let end = memchr::memchr2_iter(b':', b'\n', rest)
                        .find(|at| matches!(rest.get(*at..), Some([b':', b' ' | b'\n', ..] | [b'\n', ..])))?;
                    let key = rest.get(..end)?;
                    // `<<` is the merge key.
                    let safe = can_start_plain(key)
                        && key != b"<<"
                        && !key.ends_with(b" ")
                        && memchr::memmem::find(key, b" #").is_none()
                        && yaml::is_text(key);
                    if !safe {
                        return None;
                    }
                    self.at += end;
                }
            },
        }
        let key = start..self.at;
        self.eat(b":")?;
        (key.len() <= LONGEST_KEY).then_some(key)
    }
}

/// A key without the quotes that it may have.
fn without_quotes(key: &[u8]) -> &[u8] {
    match key {
        [b'"' | b'\'', inner @ .., _] => inner,
        _ => key,
    }
}
