//! The layout that Helm's YAML library writes: block style, two spaces, lists not indented, keys in alphabetical order.
//!
//! ```text
//! apiVersion: v1
//! entries:
//!   kube9-operator:
//!   - apiVersion: v2
//!     annotations:
//!       category: Operators
//!     maintainers:
//!     - name: alto9
//!     urls:
//!     - https://charts.kube9.io/kube9-operator-1.0.0.tgz
//!     version: 1.0.0
//! generated: "2026-11-23T12:00:00Z"
//! ```
//!
//! Where the layout decides about the meaning: a line belongs to what its indentation says, since everything that could
//! reach over the end of its line (quotes, blocks of text, folded text) is followed to its own end by
//! [`yaml_scalar`](super::yaml_scalar), and must be indented deeper than what it belongs to.

use std::ops::{Deref, DerefMut, Range};

use super::before::Before;
use super::cursor::Cursor;
use super::fields::{self, Field, Kind};
use super::top;
use super::yaml_scalar::{Type, can_start_plain};
use crate::index::block::LONGEST_KEY;
use crate::index::outline::{ChartPlace, Outline};
use crate::index::{Format, time};
use crate::yaml;

/// Lines before the entries that are looked at.
const HEAD_LINES: usize = 10_000;
/// Columns of the fields of a version, and of what is in them.
const FIELDS: usize = 4;
const NESTED: usize = 6;

/// The outline of a text in this layout.
pub(super) fn scan(text: &[u8]) -> Option<Outline> {
    let mut scan = Yaml(Cursor { text, at: 0 });
    let open = scan.go_to_entries()?;
    let head = 0..open;
    let vacancy = open + b"entries:".len()..scan.at;
    let mut charts = Vec::new();
    while scan.is_at(b"  ") {
        charts.push(scan.chart()?);
    }
    let tail = scan.at..text.len();
    let is_empty = vacancy.len() > 1;
    // A line that is empty or indented might belong to the last version.
    let tail_is_top = scan.peek().is_none_or(|first| first.is_ascii_alphabetic());
    if is_empty != charts.is_empty() || !tail_is_top || !text.ends_with(b"\n") {
        return None;
    }
    Some(Outline {
        format: Format::Yaml,
        generated: top::yaml_head_and_tail(text, head, tail)?,
        vacancy,
        versions: charts.iter().map(|chart| chart.versions).sum(),
        charts,
    })
}

/// A cursor that knows the lines of this layout.
struct Yaml<'a>(Cursor<'a>);

impl<'a> Deref for Yaml<'a> {
    type Target = Cursor<'a>;

    fn deref(&self) -> &Cursor<'a> {
        &self.0
    }
}

impl DerefMut for Yaml<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Yaml<'_> {
    /// Goes behind the line that opens the entries; answers with where it begins.
    fn go_to_entries(&mut self) -> Option<usize> {
        for _ in 0..HEAD_LINES {
            let start = self.at;
            let line = self.rest_of_line()?;
            self.at += 1;
            if matches!(line, b"entries:" | b"entries: {}") {
                return Some(start);
            }
        }
        None
    }

    /// A name and the versions below it.
    fn chart(&mut self) -> Option<ChartPlace> {
        let start = self.at;
        self.eat(b"  ")?;
        let name = self.key()?;
        let vacancy = self.at;
        if self.eat(b" []\n").is_some() {
            return Some(ChartPlace {
                name,
                start,
                items: vacancy..self.at,
                versions: 0,
            });
        }
        self.eat(b"\n")?;
        let first = self.at;
        let mut versions = 0;
        let mut before = Before::default();
        while self.eat(b"  - ").is_some() {
            self.version(&mut before)?;
            versions += 1;
        }
        let items = first..self.at;
        (versions > 0).then_some(ChartPlace {
            name,
            start,
            items,
            versions,
        })
    }

    /// The fields of a version, from behind the dash on; or `null`, which Helm skips.
    fn version(&mut self, before: &mut Before) -> Option<()> {
        if self.peek() == Some(b'n') && self.eat(b"null\n").is_some() {
            return Some(());
        }
        before.begin();
        let mut seen = 0;
        loop {
            if let Some(same) = before.same(self.text, self.at) {
                seen = in_order(seen, same.fields)?;
                self.at = same.end;
            }
            let start = self.at;
            let (place, kind) = self.name(fields::version)?;
            before.differs(start, place);
            seen = in_order(seen, 1 << place)?;
            match place {
                // Looked for by their exact text, later.
                fields::VERSION | fields::DIGEST => self.simple_text()?,
                _ => self.value(kind, FIELDS)?,
            }
            if !self.field_follows(FIELDS) {
                return Some(());
            }
            self.at += FIELDS;
        }
    }

    /// A mapping with fields that Helm knows, in the order of their names, from behind the first indentation on.
    fn known(&mut self, column: usize, known: fn(&[u8]) -> Option<Field>) -> Option<()> {
        let mut seen = 0;
        loop {
            let (place, kind) = self.name(known)?;
            seen = in_order(seen, 1 << place)?;
            self.value(kind, column)?;
            if !self.field_follows(column) {
                return Some(());
            }
            self.at += column;
        }
    }

    /// The name of a field and its colon.
    fn name(&mut self, known: fn(&[u8]) -> Option<Field>) -> Option<Field> {
        let rest = self.rest();
        // The longest name and its colon.
        let length = memchr::memchr(b':', rest.get(..16).unwrap_or(rest))?;
        self.at += length + 1;
        known(rest.get(..length)?)
    }

    /// Whether the next line is another field of the mapping in this column.
    fn field_follows(&self, column: usize) -> bool {
        self.is_indented(column) && !matches!(self.text.get(self.at + column), Some(b' ' | b'-') | None)
    }

    /// A text on this line, without escapes.
    fn simple_text(&mut self) -> Option<()> {
        self.eat(b" ")?;
        let (start, first) = (self.at, self.peek()?);
        self.scalar(FIELDS, Type::Text)?;
        let value = self.text.get(start..self.at.checked_sub(1)?)?;
        let escapes = match first {
            b'\'' => true,
            b'"' => value.contains(&b'\\'),
            _ => false,
        };
        (!escapes && !value.contains(&b'\n')).then_some(())
    }

    /// What follows a field's colon, up to the start of the line behind it.
    fn value(&mut self, kind: Kind, column: usize) -> Option<()> {
        match kind {
            Kind::Text => self.text(column),
            Kind::Time => {
                self.eat(b" ")?;
                let value = self.rest_of_line()?;
                self.at += 1;
                let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
                // What is longer or indented deeper would be more of this value.
                (time::is_time(quoted.unwrap_or(value)) && !self.is_indented(column + 1)).then_some(())
            }
            Kind::Flag => self.eat(b" true\n").or_else(|| self.eat(b" false\n")),
            Kind::Texts => self.list(column, |scan| scan.scalar(column, Type::Text)),
            Kind::TextMap => {
                self.eat(b"\n")?;
                self.eat_indentation(NESTED)?;
                self.mapping(NESTED, Type::Text)
            }
            Kind::Maintainers => self.list(column, |scan| scan.known(NESTED, fields::maintainer)),
            Kind::Dependencies => self.list(column, |scan| scan.known(NESTED, fields::dependency)),
            Kind::List => self.list(column, |scan| scan.scalar_or_mapping(column)),
        }
    }

    fn text(&mut self, column: usize) -> Option<()> {
        self.eat(b" ")?;
        self.scalar(column, Type::Text)
    }

    /// Lines with a dash in this column: at least one.
    fn list(&mut self, column: usize, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b"\n")?;
        let mut any = false;
        while self.is_indented(column) && self.text.get(self.at + column..)?.starts_with(b"- ") {
            self.at += column + 2;
            element(self)?;
            any = true;
        }
        any.then_some(())
    }

    /// What `import-values` has: a name, or two paths.
    fn scalar_or_mapping(&mut self, column: usize) -> Option<()> {
        let start = self.at;
        if self.scalar(column, Type::Any).is_some() {
            return Some(());
        }
        self.at = start;
        self.mapping(column + 2, Type::Any)
    }

    fn eat_indentation(&mut self, column: usize) -> Option<()> {
        (self.spaces() == column).then(|| self.at += column)
    }

    /// Scalars by any name, each once, from behind the first indentation on.
    fn mapping(&mut self, column: usize, of: Type) -> Option<()> {
        let mut names: Vec<&[u8]> = Vec::new();
        // Writers sort, most of them by bytes.
        let mut sorted = true;
        loop {
            let name = self.key()?;
            let name = without_quotes(self.text.get(name)?);
            sorted &= names.last().is_none_or(|last| *last < name);
            names.push(name);
            self.eat(b" ")?;
            self.scalar(column, of)?;
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

    /// A key, plain or in quotes, and its colon; answers with the place of the key, quotes included.
    fn key(&mut self) -> Option<Range<usize>> {
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
                    let safe = can_start_plain(key)
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

/// Fields seen, a bit for each by its place, and those that come behind them: each of which has a later place, so that
/// none stands twice.
fn in_order(seen: u32, new: u32) -> Option<u32> {
    (seen < new & new.wrapping_neg()).then_some(seen | new)
}

/// A key without the quotes that it may have.
fn without_quotes(key: &[u8]) -> &[u8] {
    match key {
        [b'"' | b'\'', inner @ .., _] => inner,
        _ => key,
    }
}
