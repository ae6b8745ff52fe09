//! What can still be read of an index that Helm could not load: cut short, of another version, with one bad entry.
//!
//! For repairs only, where a person asked for it. An entry counts only if it is whole and one that Helm takes; what lists
//! an archive of ours is held against that archive afterwards, so all that is at stake here are the times, the order, and
//! the entries that point elsewhere. Everything that is lost is listed: see [`Dropped`].

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::annotations::{Annotations, FIELD};
use super::document::{Chart, Document};
use super::helm::Names;
use super::outline::{Indent, Layout};
use super::{Format, Index, IndexError, block, convert, fields, helm, item, json};
use crate::yaml::{self, json_text};

/// What is left of a damaged index, and what is not.
#[derive(Debug, Clone)]
pub struct Salvaged {
    /// What is left, perhaps without a single entry.
    pub index: Index,
    /// What can't be read, or not by Helm, in the order of the text.
    pub dropped: Vec<Dropped>,
}

/// A part of a damaged index that the repaired one does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The chart that it was listed under, as far as it is known.
    pub chart: Option<String>,
    /// Its version, as far as it is known.
    pub version: Option<String>,
    /// Why it is dropped.
    pub reason: String,
}

impl Index {
    /// The index that is left of a damaged one. `format` is for a text that has none, `annotations` count where the text
    /// says nothing about their names.
    ///
    /// # Errors
    ///
    /// [`IndexError`] if what is left can't be written.
    pub fn salvage(text: &[u8], format: Format, annotations: BTreeMap<String, String>) -> Result<Salvaged, IndexError> {
        let left = of_json(text).or_else(|| of_yaml(text)).or_else(|| of_lines(text));
        let (mut left, format) = left.unwrap_or_else(|| (Left::nothing_of(text), format));
        annotate(&mut left.document, annotations);
        left.document.top.retain(|(name, _)| name != "apiVersion");
        left.document
            .top
            .insert(0, ("apiVersion".to_owned(), "\"v1\"".to_owned()));
        Ok(Salvaged {
            index: Index::of_document(&left.document, format)?,
            dropped: left.dropped,
        })
    }
}

/// What has been read so far.
struct Left {
    document: Document,
    dropped: Vec<Dropped>,
}

impl Left {
    fn new() -> Self {
        Left {
            document: Document::empty(),
            dropped: Vec::new(),
        }
    }

    fn nothing_of(text: &[u8]) -> Self {
        let mut left = Left::new();
        if !text.is_empty() {
            left.drop(None, None, "no part of the text can be read as an index");
        }
        left
    }

    fn drop(&mut self, chart: Option<&str>, version: Option<String>, reason: impl Into<String>) {
        self.dropped.push(Dropped {
            chart: chart.map(str::to_owned),
            version: version.filter(|version| !version.is_empty()),
            reason: reason.into(),
        });
    }

    fn add_to_top(&mut self, name: &str, value: &str) {
        if let Err(error) = self.document.set(name, value) {
            self.drop(None, None, error.detail());
        }
    }

    fn add_yaml_to_top(&mut self, name: &str, value: &yaml::Value) {
        match fields::top(name) {
            Some(known) => {
                let text = json_text::to_string(&convert::top(known, value)).unwrap_or_default();
                self.add_to_top(known, &text);
            }
            None => self.drop(None, None, helm::unknown_at_top(name).detail()),
        }
    }

    fn add_yaml_version(&mut self, chart: &str, version: &serde_json::Value) {
        let text = json_text::to_string(version).unwrap_or_default();
        self.add_version(chart, &text, Names::Known);
    }

    fn add_version(&mut self, chart: &str, version: &str, names: Names) {
        let checked = match helm::check_version(chart, version, names) {
            Ok(checked) => json_text::compact(&checked).map(std::borrow::Cow::into_owned),
            Err(error) => return self.drop(Some(chart), Some(helm::version_in(version)), error.detail()),
        };
        let version = match checked {
            Ok(text) => text,
            Err(error) => return self.drop(Some(chart), Some(helm::version_in(version)), error.to_string()),
        };
        let charts = &mut self.document.charts;
        match charts.iter_mut().rfind(|known| known.name == chart) {
            Some(known) => known.versions.push(version),
            None => charts.push(Chart {
                name: chart.to_owned(),
                versions: vec![version],
            }),
        }
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
fn of_json(text: &[u8]) -> Option<(Left, Format)> {
    let text = json_text::as_go_reads(text);
    let top: json::Fields<'_> = serde_json::from_str(&text).ok()?;
    let mut left = Left::new();
    for (name, value) in &top.0 {
        match fields::top(name) {
            // It is written anew.
            Some("generated") => {}
            Some("entries") => entries_of_json(&mut left, value),
            _ => left.add_to_top(name, value.get()),
        }
    }
    Some((left, Format::Json))
}

fn entries_of_json(left: &mut Left, entries: &RawValue) {
    if entries.get() == "null" {
        return;
    }
    let Ok(charts) = serde_json::from_str::<json::Fields<'_>>(entries.get()) else {
        return left.drop(None, None, "`entries` is not a mapping of charts");
    };
    for (chart, versions) in charts.0 {
        match serde_json::from_str::<Option<Vec<&RawValue>>>(versions.get()) {
            Ok(versions) => {
                for version in versions.unwrap_or_default() {
                    left.add_version(&chart, version.get(), Names::Any);
                }
            }
            Err(_) => left.drop(Some(&chart), None, NO_LIST),
        }
    }
}

const NO_LIST: &str = "its versions are not a list";

/// Of YAML that has no error as such.
fn of_yaml(text: &[u8]) -> Option<(Left, Format)> {
    let limits = yaml::Limits::for_index(text.len());
    let parsed = yaml::parse(text, &limits, yaml::Duplicates::Refuse).ok()?;
    let mut left = Left::new();
    for (name, value) in parsed.value.as_mapping()? {
        match fields::top(name) {
            Some("generated") => {}
            Some("entries") => entries_of_yaml(&mut left, value),
            _ => left.add_yaml_to_top(name, value),
        }
    }
    Some((left, Format::Yaml))
}

fn entries_of_yaml(left: &mut Left, entries: &yaml::Value) {
    let charts = match entries {
        yaml::Value::Null => return,
        yaml::Value::Mapping(charts) => charts,
        _ => return left.drop(None, None, "`entries` is not a mapping of charts"),
    };
    for (chart, versions) in charts {
        match versions {
            yaml::Value::Null => {}
            yaml::Value::Sequence(versions) => {
                for version in versions {
                    left.add_yaml_version(chart, &convert::version(version));
                }
            }
            _ => left.drop(Some(chart), None, NO_LIST),
        }
    }
}

/// Line by line, where the layout is one of the two that we write.
fn of_lines(text: &[u8]) -> Option<(Left, Format)> {
    if text.first()? == &b'{' {
        return Some((of_json_lines(text), Format::Json));
    }
    let mut lines = text.split(|byte| *byte == b'\n');
    lines
        .any(|line| line == b"entries:")
        .then(|| (of_yaml_lines(text), Format::Yaml))
}

fn of_json_lines(text: &[u8]) -> Left {
    let mut left = Left::new();
    let mut chart: Option<String> = None;
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        if number == 0 {
            first_json_line(&mut left, &line);
        } else if let Some(name) = line.strip_suffix(":[") {
            chart = serde_json::from_str::<String>(name).ok();
            if chart.is_none() {
                left.drop(None, None, format!("line {} is not the name of a chart", number + 1));
            }
        } else if !matches!(line.as_ref(), "" | "]" | "]," | "}" | "}}") {
            let version = line.strip_suffix(',').unwrap_or(&line);
            match &chart {
                Some(chart) => left.add_version(chart, version, Names::Any),
                None => left.drop(
                    None,
                    Some(helm::version_in(version)),
                    format!("line {} belongs to no chart whose name can be read", number + 1),
                ),
            }
        }
    }
    left
}

/// The line before the first chart.
fn first_json_line(left: &mut Left, line: &str) {
    let closed = format!("{line}}}}}");
    match serde_json::from_str::<json::Fields<'_>>(&closed) {
        Ok(top) => {
            for (name, value) in &top.0 {
                if !matches!(fields::top(name), Some("generated" | "entries")) {
                    left.add_to_top(name, value.get());
                }
            }
        }
        Err(error) => left.drop(None, None, format!("the first line can't be read: {error}")),
    }
}

fn of_yaml_lines(text: &[u8]) -> Left {
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let entries = lines.iter().position(|line| *line == b"entries:\n").unwrap_or(0);
    let (head, body) = lines.split_at(entries);
    let mut left = Left::new();
    match block::top(&head.concat(), b"") {
        Some(top) => left.document.top = top,
        None => left.drop(None, None, "the lines before the entries can't be read"),
    }
    let mut chart: Option<String> = None;
    let mut item: Vec<u8> = Vec::new();
    for line in body.iter().skip(1) {
        let continues = line.starts_with(b"    ") || *line == b"\n";
        if continues && !item.is_empty() {
            item.extend_from_slice(line);
            continue;
        }
        // Only now the version above is known to be whole: the last one before a cut may lack digits of its numbers.
        add_yaml_item(&mut left, chart.as_deref(), &item);
        item.clear();
        if line.starts_with(b"  - ") {
            item.extend_from_slice(line);
        } else {
            chart = chart_name(line);
        }
    }
    if !item.is_empty() {
        left.drop(chart.as_deref(), version_of(&item), "the index ends within the entry");
    }
    left
}

fn add_yaml_item(left: &mut Left, chart: Option<&str>, item: &[u8]) {
    if item.is_empty() {
        return;
    }
    match (chart, item::yaml_value(Indent::HELM, item)) {
        (Some(chart), Some(version)) => left.add_yaml_version(chart, &version),
        (Some(_), None) => left.drop(chart, version_of(item), "the lines of the entry are not YAML"),
        (None, _) => left.drop(None, version_of(item), "the chart's name can't be read"),
    }
}

/// The version that the lines of an entry seem to be of.
fn version_of(item: &[u8]) -> Option<String> {
    let version = item::head(Layout::YAML, item).version;
    version.map(std::borrow::Cow::into_owned)
}

/// The name in a line such as `  kube9-operator:`.
fn chart_name(line: &[u8]) -> Option<String> {
    let name = line.strip_prefix(b"  ")?.strip_suffix(b":\n")?;
    let limits = yaml::Limits::for_index(name.len());
    let parsed = yaml::parse(name, &limits, yaml::Duplicates::Refuse).ok()?;
    parsed.value.as_str().map(str::to_owned)
}
