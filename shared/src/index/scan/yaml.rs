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

use super::cursor::Cursor;
use super::fields::{self, Field, Kind};
use super::yaml_scalar::{Type, can_start_plain};
use super::{time, top};
use crate::index::Format;
use crate::index::outline::{ChartPlace, Outline};
use crate::yaml;

/// Longer keys need another syntax (libyaml's bound is 1024).
const LONGEST_KEY: usize = 1000;
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
        while self.eat(b"  - ").is_some() {
            self.version()?;
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
    fn version(&mut self) -> Option<()> {
        if self.peek() == Some(b'n') && self.eat(b"null\n").is_some() {
            return Some(());
        }
        self.known(FIELDS, fields::version)
    }

    /// A mapping with fields that Helm knows, in the order of their names, from behind the first indentation on.
    fn known(&mut self, column: usize, known: fn(&[u8]) -> Option<Field>) -> Option<()> {
        let mut last = None;
        loop {
            let name = self.plain_word()?;
            let (field, kind) = known(name)?;
            // In order, so that none stands twice.
            if last.is_some_and(|last| last >= field) {
                return None;
            }
            last = Some(field);
            match (column, field) {
                // Looked for by their exact text, later.
                (FIELDS, fields::VERSION | fields::DIGEST) => self.simple_text()?,
                _ => self.value(kind, column)?,
            }
            if !self.field_follows(column) {
                return Some(());
            }
            self.at += column;
        }
    }

    /// Whether the next line is another field of the mapping in this column.
    fn field_follows(&self, column: usize) -> bool {
        self.spaces() == column && !matches!(self.text.get(self.at + column), Some(b'-') | None)
    }

    /// Letters and dashes before a colon: a field's name, without what a key could be in general.
    fn plain_word(&mut self) -> Option<&[u8]> {
        let rest = self.rest();
        let length = rest
            .iter()
            .take(16)
            .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-')
            .count();
        self.at += length;
        self.eat(b":")?;
        rest.get(..length)
    }

    /// A text on this line, without escapes.
    fn simple_text(&mut self) -> Option<()> {
        self.eat(b" ")?;
        let start = self.at;
        let line = self.rest();
        self.scalar(FIELDS, Type::Text)?;
        let value = self.text.get(start..self.at.checked_sub(1)?)?;
        let simple = !value.contains(&b'\n') && !value.contains(&b'\\') && line.first() != Some(&b'\'');
        simple.then_some(())
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
                (time::is_time(quoted.unwrap_or(value)) && self.spaces() <= column).then_some(())
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
        while self.spaces() == column && self.text.get(self.at + column) == Some(&b'-') {
            self.at += column + 1;
            self.eat(b" ")?;
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

    /// Scalars by any name, from behind the first indentation on.
    fn mapping(&mut self, column: usize, of: Type) -> Option<()> {
        let mut names: Vec<Range<usize>> = Vec::new();
        loop {
            let name = self.key()?;
            self.must_be_new(&name, &names)?;
            names.push(name);
            self.eat(b" ")?;
            self.scalar(column, of)?;
            if !self.field_follows(column) {
                return Some(());
            }
            self.at += column;
        }
    }

    /// Refuses a name that stands there already, with quotes or without.
    fn must_be_new(&self, name: &Range<usize>, names: &[Range<usize>]) -> Option<()> {
        let bare = |name: &Range<usize>| {
            let name = self.text.get(name.clone())?;
            let quotes: &[u8] = b"\"'";
            let quoted = name.first().is_some_and(|first| quotes.contains(first));
            name.get(usize::from(quoted)..name.len() - usize::from(quoted))
        };
        let name = bare(name)?;
        // Writers sort, most of them by bytes.
        match names.last() {
            None => Some(()),
            Some(last) if bare(last)? < name && names.is_sorted_by(|a, b| bare(a) < bare(b)) => Some(()),
            Some(_) => names.iter().all(|other| bare(other) != Some(name)).then_some(()),
        }
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
            _ => {
                let rest = self.rest();
                let end = memchr::memchr2_iter(b':', b'\n', rest)
                    .find(|at| matches!(rest.get(*at..), Some([b':', b' ' | b'\n', ..] | [b'\n', ..])))?;
                let key = std::str::from_utf8(rest.get(..end)?).ok()?;
                let safe =
                    can_start_plain(key.as_bytes()) && !key.ends_with(' ') && !key.contains(" #") && yaml::is_text(key);
                if !safe {
                    return None;
                }
                self.at += end;
            }
        }
        let key = start..self.at;
        self.eat(b":")?;
        (key.len() <= LONGEST_KEY).then_some(key)
    }
}
