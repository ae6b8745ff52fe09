//! Writing an index as Helm does.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::Indent;
use super::read::not_an_index;
use crate::index::IndexError;
use crate::index::document::{Chart, Document};
use crate::index::layout::Layout;
use crate::index::outline::{ChartPlace, Generated, Outline};
use crate::yaml::block::{At, write_field, write_indent, write_item, write_key};

/// An empty index.
pub(in crate::index) fn empty() -> (Vec<u8>, Outline) {
    const HEAD: &str = "apiVersion: v1\n";
    const ENTRIES: &str = "entries:";
    const VACANCY: &str = " {}\n";
    const GENERATED: &str = "generated: ";
    let before = HEAD.len() + ENTRIES.len();
    let vacancy = before..before + VACANCY.len();
    let generated = vacancy.end + GENERATED.len()..vacancy.end + GENERATED.len() + 2;
    let text = format!("{HEAD}{ENTRIES}{VACANCY}{GENERATED}\"\"\n");
    let outline = Outline {
        layout: Layout::Yaml(Indent::HELM),
        generated: Generated::Here(generated),
        head: 0..HEAD.len(),
        tail: vacancy.end..text.len(),
        vacancy,
        charts: Vec::new(),
        versions: 0,
    };
    (text.into_bytes(), outline)
}

/// Writes an index in this form.
pub(in crate::index) fn write(document: &Document) -> Result<(Vec<u8>, Outline), IndexError> {
    let mut top = BTreeMap::new();
    for (name, text) in &document.top {
        top.insert(name.as_str(), value_of(text)?);
    }
    top.insert("generated", Value::String(String::new()));
    top.insert("entries", Value::Null);

    let mut text = String::new();
    let mut outline = Outline {
        layout: Layout::Yaml(Indent::HELM),
        generated: Generated::Here(0..0),
        head: 0..0,
        vacancy: 0..0,
        tail: 0..0,
        charts: Vec::with_capacity(document.charts.len()),
        versions: document.charts.iter().map(|chart| chart.versions.len()).sum(),
    };
    for (name, value) in &top {
        if *name == "entries" {
            write_entries(&mut text, &document.charts, &mut outline)?;
        } else {
            write_field(&mut text, At::TOP, name, value);
        }
        if *name == "generated" {
            // The quotes are before the line feed.
            outline.generated = Generated::Here(text.len() - 3..text.len() - 1);
        }
    }
    outline.tail.end = text.len();
    Ok((text.into_bytes(), outline))
}

fn write_entries(text: &mut String, charts: &[Chart], outline: &mut Outline) -> Result<(), IndexError> {
    outline.head = 0..text.len();
    text.push_str("entries:");
    let vacancy = text.len();
    text.push_str(if charts.is_empty() { " {}\n" } else { "\n" });
    outline.vacancy = vacancy..text.len();
    for chart in charts {
        outline.charts.push(write_chart(text, chart)?);
    }
    outline.tail.start = text.len();
    Ok(())
}

fn write_chart(text: &mut String, chart: &Chart) -> Result<ChartPlace, IndexError> {
    let start = text.len();
    let name = write_name(text, &chart.name, Indent::HELM);
    let mut items = text.len();
    if chart.versions.is_empty() {
        text.push_str(" []\n");
    } else {
        text.push('\n');
        items += 1;
    }
    for version in &chart.versions {
        write_version(text, version, Indent::HELM)?;
    }
    Ok(ChartPlace {
        name,
        start,
        items: items..text.len(),
        versions: chart.versions.len(),
    })
}

/// The name of a chart, above its versions; returns its position.
pub(super) fn write_name(text: &mut String, name: &str, indent: Indent) -> Range<usize> {
    write_indent(text, indent.chart);
    write_key(text, indent.chart, name)
}

/// A chart version, given as JSON text.
pub(super) fn write_version(text: &mut String, version: &str, indent: Indent) -> Result<(), IndexError> {
    let at = At {
        column: indent.dash,
        list: indent.list(),
    };
    write_item(text, at, &value_of(version)?);
    Ok(())
}

fn value_of(text: &str) -> Result<Value, IndexError> {
    serde_json::from_str(text).map_err(|error| not_an_index(error.to_string()))
}
