//! Writes an index in Chartdrop's own layout: one version per line.

use super::Spacing;
use crate::index::document::{Chart, Document};
use crate::index::layout::Layout;
use crate::index::outline::{ChartPlace, Generated, Outline};
use crate::yaml::json_text;

/// An empty index.
pub(in crate::index) fn empty() -> (Vec<u8>, Outline) {
    write(&Document {
        top: vec![("apiVersion".to_owned(), "\"v1\"".to_owned())],
        charts: Vec::new(),
    })
}

/// Writes an index in this form.
pub(in crate::index) fn write(document: &Document) -> (Vec<u8>, Outline) {
    let mut text = String::with_capacity(document.text_len());
    text.push('{');
    for (name, value) in &document.top {
        push_string(&mut text, name);
        text.push(':');
        text.push_str(value);
        text.push(',');
    }
    text.push_str("\"generated\":");
    let generated = text.len()..text.len() + 2;
    text.push_str("\"\",\"entries\":{\n");
    let vacancy = text.len()..text.len();
    let mut charts = Vec::with_capacity(document.charts.len());
    for (at, chart) in document.charts.iter().enumerate() {
        if at > 0 {
            text.push_str(",\n");
        }
        charts.push(write_chart(&mut text, chart));
    }
    if !charts.is_empty() {
        text.push('\n');
    }
    let tail = text.len();
    text.push_str("}}\n");
    let outline = Outline {
        layout: Layout::Json(Spacing::Lines),
        generated: Generated::Here(generated),
        head: 0..vacancy.start,
        tail: tail..text.len(),
        vacancy,
        versions: charts.iter().map(|chart| chart.versions).sum(),
        charts,
    };
    (text.into_bytes(), outline)
}

fn write_chart(text: &mut String, chart: &Chart) -> ChartPlace {
    let start = text.len();
    push_string(text, &chart.name);
    let name = start..text.len();
    text.push_str(":[\n");
    let first = text.len();
    for (at, version) in chart.versions.iter().enumerate() {
        if at > 0 {
            text.push_str(",\n");
        }
        text.push_str(version);
    }
    if !chart.versions.is_empty() {
        text.push('\n');
    }
    let items = first..text.len();
    text.push(']');
    ChartPlace {
        name,
        start,
        items,
        versions: chart.versions.len(),
    }
}

impl Document {
    fn text_len(&self) -> usize {
        let charts = self.charts.iter().map(|chart| chart.name.len() + 10);
        let versions = self.charts.iter().flat_map(|chart| &chart.versions);
        let top = self.top.iter().map(|(name, value)| name.len() + value.len() + 4);
        charts.sum::<usize>() + versions.map(|text| text.len() + 2).sum::<usize>() + top.sum::<usize>() + 64
    }
}

/// Writes a string as JSON text.
pub(in crate::index) fn push_string(text: &mut String, value: &str) {
    // A string always serializes.
    text.push_str(&json_text::to_string(value).unwrap_or_default());
}
