//! Block style, as Helm's YAML library writes it (two spaces, lists not indented, keys in
//! alphabetical order), and as other libraries write it with other indentation and order.
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
//! All chart names are in one column, and all dashes before versions in one ([`Indent`]). A list or
//! mapping below a field has the column of its first line. The layout decides about the meaning: a
//! line belongs to what its indentation shows, because everything that could extend beyond the end
//! of its line (quotes, block texts, folded text) is followed to its end by [`scalar`] and must be
//! indented deeper than its parent.

mod scalar;
mod value;

use std::ops::{Deref, DerefMut};

use super::{Indent, top};
use crate::index::fields::{self, once};
use crate::index::layout::Layout;
use crate::index::outline::{ChartPlace, Outline};
use crate::index::scan::before::Before;
use crate::index::scan::cursor::Cursor;

/// The most lines before the entries that are read.
const HEAD_LINES: usize = 10_000;
/// The most charts without versions before the first one that has some.
const EMPTY_CHARTS: usize = 100;
/// The deepest indentation; no known writer goes deeper.
const DEEPEST: usize = 16;

/// The outline of a text in this layout.
pub(in crate::index) fn scan(text: &[u8]) -> Option<Outline> {
    let mut scan = Yaml {
        cursor: Cursor { text, at: 0 },
        indent: Indent::HELM,
    };
    let open = scan.go_to_entries()?;
    let head = 0..open;
    let vacancy = open + b"entries:".len()..scan.at;
    let mut charts = Vec::new();
    if scan.is_at(b" ") {
        scan.indent = scan.indent_of_charts()?;
    }
    while scan.is_at(b" ") {
        charts.push(scan.chart()?);
    }
    let tail = scan.at..text.len();
    let is_empty = vacancy.len() > 1;
    // A line that is empty or indented might belong to the last version.
    let tail_is_top = scan
        .peek()
        .is_none_or(|first| first.is_ascii_alphabetic() || first == b'#');
    if is_empty != charts.is_empty() || !tail_is_top || !text.ends_with(b"\n") {
        return None;
    }
    Some(Outline {
        layout: Layout::Yaml(scan.indent),
        generated: top::head_and_tail(text, head.clone(), tail.clone())?,
        head,
        vacancy,
        tail,
        versions: charts.iter().map(|chart| chart.versions).sum(),
        charts,
    })
}

/// A cursor that knows the lines of this layout.
struct Yaml<'a> {
    cursor: Cursor<'a>,
    indent: Indent,
}

impl<'a> Deref for Yaml<'a> {
    type Target = Cursor<'a>;

    fn deref(&self) -> &Cursor<'a> {
        &self.cursor
    }
}

impl DerefMut for Yaml<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.cursor
    }
}

impl Yaml<'_> {
    /// Skips to the line after the one that opens the entries; returns the start of that line.
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

    /// The columns of the first chart's name and of its first version's dash.
    fn indent_of_charts(&self) -> Option<Indent> {
        let chart = self.spaces();
        let mut ahead = self.cursor;
        for _ in 0..EMPTY_CHARTS {
            ahead.rest_of_line()?;
            ahead.at += 1;
            let dash = ahead.spaces();
            if dash < chart || dash > DEEPEST {
                break;
            }
            if ahead.text.get(ahead.at + dash) == Some(&b'-') {
                return Some(Indent { chart, dash });
            }
        }
        (chart <= DEEPEST).then_some(Indent { chart, dash: chart })
    }

    /// A name and the versions below it.
    fn chart(&mut self) -> Option<ChartPlace> {
        let start = self.at;
        self.eat_indentation(self.indent.chart)?;
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
        while self.eat_dash(self.indent.dash).is_some() {
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

    /// The fields of a version, after the dash; or `null`, which Helm skips.
    fn version(&mut self, before: &mut Before) -> Option<()> {
        if self.peek() == Some(b'n') && self.eat(b"null\n").is_some() {
            return Some(());
        }
        before.begin();
        let column = self.indent.fields();
        let mut seen = 0;
        loop {
            if let Some(same) = before.same(self.text, self.at) {
                seen = once(seen, same.fields)?;
                self.at = same.end;
            }
            let start = self.at;
            let (place, kind) = self.name(fields::version)?;
            before.differs(start, place);
            seen = once(seen, 1 << place)?;
            match place {
                // Searched by their exact text, later.
                fields::VERSION | fields::DIGEST => self.nothing(column).or_else(|| self.simple_text(column))?,
                _ => self.value(kind, column)?,
            }
            if !self.field_follows(column) {
                return Some(());
            }
            self.at += column;
        }
    }
}
