//! Chartdrop's own layout in JSON: see [`json`](crate::index::json). One version per line, no
//! spaces between tokens.

use super::separators::Compact;
use super::value::Json;
use crate::index::json::{Spacing, top};
use crate::index::layout::Layout;
use crate::index::outline::{ChartPlace, Outline};
use crate::index::scan::before::Before;

/// The outline of a text in this layout.
pub(super) fn scan(text: &[u8]) -> Option<Outline> {
    let mut scan = Json::new(text, Compact);
    let header = scan.rest_of_line()?;
    let generated = top::header(header)?;
    scan.eat(b"\n")?;
    let mut outline = Outline {
        layout: Layout::Json(Spacing::Lines),
        generated,
        head: 0..scan.at,
        vacancy: scan.at..scan.at,
        tail: 0..0,
        charts: Vec::new(),
        versions: 0,
    };
    if !scan.is_at(b"}") {
        loop {
            let chart = scan.chart()?;
            outline.versions += chart.versions;
            outline.charts.push(chart);
            let more = scan.eat(b",").is_some();
            scan.eat(b"\n")?;
            if !more {
                break;
            }
        }
    }
    outline.tail = scan.at..text.len();
    (scan.rest() == b"}}\n").then_some(outline)
}

impl Json<'_, Compact> {
    /// `"NAME":[` and the lines of its versions up to `]`, at the start of a line.
    fn chart(&mut self) -> Option<ChartPlace> {
        let start = self.at;
        let name = self.name_of_chart()?;
        self.eat(b"[\n")?;
        let first = self.at;
        let mut versions = 0;
        let mut comma = true;
        let mut before = Before::default();
        while !self.is_at(b"]") {
            if !comma {
                return None;
            }
            self.null_or_version(&mut before)?;
            versions += 1;
            comma = self.eat(b",").is_some();
            self.eat(b"\n")?;
        }
        if comma && versions > 0 {
            return None;
        }
        let items = first..self.at;
        self.eat(b"]")?;
        Some(ChartPlace {
            name,
            start,
            items,
            versions,
        })
    }

    /// `null` or an object; Helm skips the former.
    fn null_or_version(&mut self, before: &mut Before) -> Option<()> {
        if self.peek() == Some(b'n') {
            return self.eat(b"null");
        }
        self.version(before)
    }
}
