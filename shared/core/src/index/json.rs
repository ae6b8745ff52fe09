//! The form that we write by default: JSON text, one chart version on a line.
//!
//! ```text
//! {"apiVersion":"v1","generated":"2026-11-23T12:00:00Z","entries":{
//! "kube9-operator":[
//! {"name":"kube9-operator","version":"1.1.0",…},
//! {"name":"kube9-operator","version":"1.0.0",…}
//! ]
//! }}
//! ```

use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::annotations::{self, Annotations};
use super::document::{Chart, Document};
use super::helm::Names;
use super::outline::{ChartPlace, Generated, Indent, Outline};
use super::spacing::Spacing;
use super::{Format, IndexError, fields, helm};
use crate::yaml::json_text;

/// Reads an index in this form; `None` if the text is not JSON.
pub(super) fn read(index: &[u8]) -> Result<Option<Document>, IndexError> {
    if serde_json::from_slice::<IgnoredAny>(index).is_err() {
        return Ok(None);
    }
    let index = json_text::as_go_reads(index);
    let mut document = Document::empty();
    let top: Fields<'_> = serde_json::from_str(&index).map_err(not_an_index)?;
    for (name, value) in top.0 {
        match fields::top(&name) {
            // Go adds the charts of each; of a chart that stands in two the last one counts.
            Some("entries") if value.get() == "null" => document.charts.clear(),
            Some("entries") => document.charts.extend(charts(value)?),
            Some("generated") => drop(helm::check_generated(value.get())?),
            _ => document.set(&name, value.get())?,
        }
    }
    Ok(Some(document))
}

/// Checks an index of which only the entries are missing, and that no field stands in it twice; answers with what
/// `generated` says, if there is one.
pub(super) fn check_top(index: &[u8]) -> Option<Option<String>> {
    let top: Fields<'_> = serde_json::from_slice(index).ok()?;
    let known = |name: &str| fields::top(name).map_or_else(|| name.to_owned(), str::to_owned);
    let mut names: Vec<String> = top.0.iter().map(|(name, _)| known(name)).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return None;
    }
    let mut document = Document::empty();
    let mut generated = None;
    for (name, value) in top.0 {
        match fields::top(&name) {
            // These are looked for by their names.
            Some(known @ ("entries" | "generated" | annotations::FIELD)) if known != name => return None,
            Some("entries") => {}
            // What is null is not one that can be added.
            Some("generated") => generated = Some(helm::check_generated(value.get()).ok()??),
            _ => document.set(&name, value.get()).ok()?,
        }
    }
    document.check_api_version().ok()?;
    Some(generated)
}

/// The annotations in an index of which the entries may be missing: where their value stands, if there are any, and what it
/// says.
pub(super) fn annotations(index: &[u8]) -> Option<(Option<Range<usize>>, Annotations)> {
    let top: Fields<'_> = serde_json::from_slice(index).ok()?;
    let Some((_, value)) = top.0.iter().find(|(name, _)| name == annotations::FIELD) else {
        return Some((None, Annotations::new()));
    };
    // The value is a slice of the text.
    let start = (value.get().as_ptr() as usize).checked_sub(index.as_ptr() as usize)?;
    let annotations: Option<Annotations> = serde_json::from_str(value.get()).ok()?;
    Some((Some(start..start + value.get().len()), annotations.unwrap_or_default()))
}

fn charts(entries: &RawValue) -> Result<Vec<Chart>, IndexError> {
    let entries: Fields<'_> = serde_json::from_str(entries.get()).map_err(not_an_index)?;
    entries
        .0
        .into_iter()
        .map(|(name, versions)| {
            let versions: Option<Vec<&RawValue>> = serde_json::from_str(versions.get()).map_err(not_an_index)?;
            let versions = versions.unwrap_or_default();
            let checked = versions.into_iter().map(|version| {
                let text = helm::check_version(&name, version.get(), Names::Any)?;
                compact(&text)
            });
            let versions = checked.collect::<Result<_, _>>()?;
            Ok(Chart { name, versions })
        })
        .collect()
}

fn compact(text: &str) -> Result<String, IndexError> {
    json_text::compact(text)
        .map(|text| text.into_owned())
        .map_err(not_an_index)
}

fn not_an_index(error: serde_json::Error) -> IndexError {
    IndexError::NotAnIndex {
        detail: error.to_string(),
    }
}

/// An index that lists nothing yet.
pub(super) fn empty() -> (Vec<u8>, Outline) {
    write(&Document {
        top: vec![("apiVersion".to_owned(), "\"v1\"".to_owned())],
        charts: Vec::new(),
    })
}

/// Writes an index in this form.
pub(super) fn write(document: &Document) -> (Vec<u8>, Outline) {
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
    text.push_str(if charts.is_empty() { "}}\n" } else { "\n}}\n" });
    let outline = Outline {
        format: Format::Json,
        indent: Indent::HELM,
        spacing: Spacing::Lines,
        generated: Generated::Here(generated),
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
pub(super) fn push_string(text: &mut String, value: &str) {
    // A string always serializes.
    text.push_str(&json_text::to_string(value).unwrap_or_default());
}

/// The fields of a JSON object in their order, each value as the text it is.
pub(super) struct Fields<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
