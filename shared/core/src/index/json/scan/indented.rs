//! JSON with every element on its own line, as Go's `json.MarshalIndent` and Python's
//! `json.dumps(…, indent=2)` write it, and so `helm repo index --json`.
//!
//! ```text
//! {
//!   "apiVersion": "v1",
//!   "generated": "2026-11-23T12:00:00Z",
//!   "entries": {
//!     "kube9-operator": [
//!       {
//!         "name": "kube9-operator",
//!         …
//!       }
//!     ]
//!   }
//! }
//! ```
//!
//! Fields may precede and follow the entries, and the final line feed is optional. A line with a
//! brace in the column of versions is the first line of a version: deeper elements are indented
//! further, and a string never spans lines.

use std::ops::Range;

use super::separators::Indented;
use super::value::Json;
use crate::index::json::spacing::{self, Spacing};
use crate::index::json::top;
use crate::index::layout::Layout;
use crate::index::outline::{ChartPlace, Outline};
use crate::index::scan::before::Before;

/// The outline of a text in this layout.
pub(super) fn scan(text: &[u8]) -> Option<Outline> {
    let mut scan = Json::new(text, Indented::of(text)?);
    let spacing = scan.spacing();
    let mut generated = None;
    let mut entries = None;
    // Duplicate names are checked together with the other fields.
    scan.object(|scan| match scan.name()? {
        b"entries" => {
            entries = Some(scan.entries()?);
            Some(())
        }
        b"generated" => {
            let start = scan.at;
            scan.string()?;
            generated = Some(start..scan.at);
            Some(())
        }
        name if name.contains(&b'\\') => None,
        _ => scan.anything(0),
    })?;
    if !matches!(scan.rest(), b"" | b"\n") {
        return None;
    }
    let Entries { inner, charts } = entries?;
    let (head, tail) = (0..inner.start, inner.end..text.len());
    let generated = top::head_and_tail(text, head.clone(), tail.clone(), generated)?;
    Some(Outline {
        layout: Layout::Json(spacing),
        generated,
        head,
        tail,
        vacancy: inner,
        versions: charts.iter().map(|chart| chart.versions).sum(),
        charts,
    })
}

struct Entries {
    /// The text between their braces.
    inner: Range<usize>,
    charts: Vec<ChartPlace>,
}

impl Json<'_, Indented> {
    fn spacing(&self) -> Spacing {
        Spacing::Indented(self.separators.width)
    }

    /// The charts by their names.
    fn entries(&mut self) -> Option<Entries> {
        let start = self.at + 1;
        let mut charts = Vec::new();
        self.object(|scan| {
            charts.push(scan.chart()?);
            Some(())
        })?;
        let inner = start..self.at.checked_sub(1)?;
        Some(Entries { inner, charts })
    }

    /// A name and the list of its versions, after the indentation.
    fn chart(&mut self) -> Option<ChartPlace> {
        let spacing = self.spacing();
        let start = self.at.checked_sub(spacing.column(spacing::CHART))?;
        let name = self.name_of_chart()?;
        let open = self.at + 1;
        let mut versions = 0;
        let mut before = Before::default();
        // `null`, which no known writer produces here, is not a line that begins with a brace.
        self.list(|scan| {
            versions += 1;
            scan.version(&mut before)
        })?;
        let close = self.at.checked_sub(1)?;
        let items = match versions {
            0 => open..close,
            // Without the line feed after the opening bracket and the indentation before the
            // closing one.
            _ => open + 1..close.checked_sub(spacing.column(spacing::CHART))?,
        };
        Some(ChartPlace {
            name,
            start,
            items,
            versions,
        })
    }
}
