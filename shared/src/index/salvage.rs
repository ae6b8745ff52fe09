//! What can still be read of an index that Helm could not load: cut short, of another version, with one bad entry.
//!
//! For mending only, where a person asked for it. An entry counts only if it is whole and one that Helm takes; what lists
//! an archive of ours is held against that archive afterwards, so all that is at stake here are the times, the order, and
//! the entries that point elsewhere.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::annotations::{Annotations, FIELD};
use super::document::{Chart, Document};
use super::{Format, Index, IndexError, block, helm, json, json_text, listing};
use crate::yaml;

impl Index {
    /// The index that is left of a damaged one, perhaps without a single entry. `format` is for a text that has none,
    /// `annotations` count where the text says nothing about their names.
    ///
    /// # Errors
    ///
    /// [`IndexError`] if what is left can't be written.
    pub fn salvage(text: &[u8], format: Format, annotations: BTreeMap<String, String>) -> Result<Self, IndexError> {
        let left = of_json(text).or_else(|| of_yaml(text)).or_else(|| of_lines(text));
        let (mut document, format) = left.unwrap_or_else(|| (nothing(), format));
        annotate(&mut document, annotations);
        document.top.retain(|(name, _)| name != "apiVersion");
        document.top.insert(0, ("apiVersion".to_owned(), "\"v1\"".to_owned()));
        Index::of_document(&document, format)
    }
}

fn nothing() -> Document {
    Document {
        top: Vec::new(),
        charts: Vec::new(),
    }
}

fn annotate(document: &mut Document, annotations: BTreeMap<String, String>) {
    if annotations.is_empty() {
        return;
    }
    let known = document.top.iter().position(|(name, _)| name == FIELD);
    let known = known.map(|known| document.top.remove(known).1);
    let known = known.and_then(|text| serde_json::from_str::<Option<Annotations>>(&text).ok()?);
    let mut all = known.unwrap_or_default();
    for (name, value) in annotations {
        all.entry(name).or_insert(Some(value));
    }
    let text = json_text::to_string(&all).unwrap_or_default();
    document.top.push((FIELD.to_owned(), text));
}

/// Of JSON text that has no error as such.
fn of_json(text: &[u8]) -> Option<(Document, Format)> {
    let top: json::Fields<'_> = serde_json::from_slice(text).ok()?;
    let mut document = nothing();
    for (name, value) in &top.0 {
        match name.as_str() {
            "generated" => {}
            "entries" => {
                let charts: json::Fields<'_> = serde_json::from_str(value.get()).ok()?;
                for (chart, versions) in charts.0 {
                    let versions: Vec<&RawValue> = serde_json::from_str(versions.get()).unwrap_or_default();
                    for version in versions {
                        add_version(&mut document, &chart, version.get());
                    }
                }
            }
            _ => add_to_top(&mut document, name, value.get()),
        }
    }
    Some((document, Format::Json))
}

/// Of YAML that has no error as such.
fn of_yaml(text: &[u8]) -> Option<(Document, Format)> {
    let limits = yaml::Limits::for_index(text.len());
    let parsed = yaml::parse(text, &limits, yaml::Duplicates::Refuse).ok()?;
    let mut document = nothing();
    for (name, value) in parsed.value.as_mapping()? {
        match (name.as_str(), value) {
            ("generated", _) => {}
            ("entries", yaml::Value::Mapping(charts)) => {
                for (chart, versions) in charts {
                    for version in versions.as_sequence().unwrap_or_default() {
                        add_yaml_version(&mut document, chart, &version.to_json());
                    }
                }
            }
            _ if helm::check_field_at_top(name).is_ok() => {
                let text = json_text::to_string(&value.to_json()).unwrap_or_default();
                add_to_top(&mut document, name, &text);
            }
            _ => {}
        }
    }
    Some((document, Format::Yaml))
}

/// Line by line, where the layout is one of the two that are known.
fn of_lines(text: &[u8]) -> Option<(Document, Format)> {
    if text.first()? == &b'{' {
        return Some((of_json_lines(text), Format::Json));
    }
    let mut lines = text.split(|byte| *byte == b'\n');
    lines
        .any(|line| line == b"entries:")
        .then(|| (of_yaml_lines(text), Format::Yaml))
}

fn of_json_lines(text: &[u8]) -> Document {
    let mut document = nothing();
    let mut chart = None;
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        if number == 0 {
            let closed = format!("{line}}}}}");
            if let Ok(top) = serde_json::from_str::<json::Fields<'_>>(&closed) {
                for (name, value) in &top.0 {
                    if !matches!(name.as_str(), "generated" | "entries") {
                        add_to_top(&mut document, name, value.get());
                    }
                }
            }
        } else if let Some(name) = line.strip_suffix(":[") {
            chart = serde_json::from_str::<String>(name).ok();
        } else if let Some(chart) = &chart {
            add_version(&mut document, chart, line.strip_suffix(',').unwrap_or(line));
        }
    }
    document
}

fn of_yaml_lines(text: &[u8]) -> Document {
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let entries = lines.iter().position(|line| *line == b"entries:\n").unwrap_or(0);
    let (head, body) = lines.split_at(entries);
    let mut document = nothing();
    document.top = block::top(&head.concat(), b"").unwrap_or_default();
    let mut chart: Option<String> = None;
    let mut item: Vec<u8> = Vec::new();
    for line in body.iter().skip(1) {
        let continues = line.starts_with(b"    ") || *line == b"\n";
        if continues && !item.is_empty() {
            item.extend_from_slice(line);
            continue;
        }
        // Only now the version above is known to be whole: the last one before a cut may lack digits of its numbers.
        if let (Some(chart), Some(version)) = (&chart, listing::yaml_item(&item)) {
            add_yaml_version(&mut document, chart, &version);
        }
        item.clear();
        if line.starts_with(b"  - ") {
            item.extend_from_slice(line);
        } else {
            chart = chart_name(line);
        }
    }
    document
}

/// The name in a line such as `  kube9-operator:`.
fn chart_name(line: &[u8]) -> Option<String> {
    let name = line.strip_prefix(b"  ")?.strip_suffix(b":\n")?;
    let limits = yaml::Limits::for_index(name.len());
    let parsed = yaml::parse(name, &limits, yaml::Duplicates::Refuse).ok()?;
    parsed.value.as_str().map(str::to_owned)
}

fn add_to_top(document: &mut Document, name: &str, value: &str) {
    let known = document.top.iter().any(|(other, _)| other == name);
    if !known && helm::check_top(name, value).is_ok() {
        let value = json_text::compact(value).unwrap_or_default().into_owned();
        document.top.push((name.to_owned(), value));
    }
}

fn add_yaml_version(document: &mut Document, chart: &str, version: &serde_json::Value) {
    if helm::check_fields_of_version(chart, version).is_ok() {
        let text = json_text::to_string(version).unwrap_or_default();
        add_version(document, chart, &text);
    }
}

fn add_version(document: &mut Document, chart: &str, version: &str) {
    if helm::check_version(chart, version).is_err() {
        return;
    }
    let version = json_text::compact(version).unwrap_or_default().into_owned();
    match document.charts.iter_mut().rfind(|known| known.name == chart) {
        Some(known) => known.versions.push(version),
        None => document.charts.push(Chart {
            name: chart.to_owned(),
            versions: vec![version],
        }),
    }
}
