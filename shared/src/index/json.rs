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

use jiff::Timestamp;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::document::{Chart, Document, Listed};
use super::{IndexError, helm, json_text};

/// Reads an index in this form; `None` if the text is not JSON.
pub(super) fn read(index: &[u8]) -> Result<Option<Document>, IndexError> {
    if serde_json::from_slice::<IgnoredAny>(index).is_err() {
        return Ok(None);
    }
    let top: Fields<'_> = serde_json::from_slice(index).map_err(not_an_index)?;
    let mut document = Document {
        top: Vec::new(),
        charts: Vec::new(),
    };
    for (name, value) in top.0 {
        match name.as_str() {
            "entries" => document.charts = charts(value)?,
            "generated" => helm::check_generated(value.get())?,
            _ => {
                helm::check_top(&name, value.get())?;
                document.top.push((name, compact(value.get())?));
            }
        }
    }
    Ok(Some(document))
}

fn charts(entries: &RawValue) -> Result<Vec<Chart>, IndexError> {
    if entries.get() == "null" {
        return Ok(Vec::new());
    }
    let entries: Fields<'_> = serde_json::from_str(entries.get()).map_err(not_an_index)?;
    entries
        .0
        .into_iter()
        .map(|(name, versions)| {
            let versions: Option<Vec<&RawValue>> = serde_json::from_str(versions.get()).map_err(not_an_index)?;
            let versions = versions.unwrap_or_default();
            let listed = versions.into_iter().map(|version| listed(&name, version.get()));
            let versions = listed.collect::<Result<_, _>>()?;
            Ok(Chart { name, versions })
        })
        .collect()
}

fn listed(chart: &str, text: &str) -> Result<Listed, IndexError> {
    let head = helm::check_version(chart, text)?;
    Ok(Listed {
        text: compact(text)?,
        version: head.version,
        digest: head.digest,
        source: None,
    })
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

/// Writes an index in this form.
pub(super) fn write(document: &Document, now: Timestamp) -> Vec<u8> {
    let mut text = String::with_capacity(document.text_len());
    text.push('{');
    for (name, value) in &document.top {
        push_string(&mut text, name);
        text.push(':');
        text.push_str(value);
        text.push(',');
    }
    text.push_str("\"generated\":");
    push_string(&mut text, &now.to_string());
    text.push_str(",\"entries\":{\n");
    for (at, chart) in document.charts.iter().enumerate() {
        if at > 0 {
            text.push_str(",\n");
        }
        push_string(&mut text, &chart.name);
        text.push_str(":[\n");
        for (at, version) in chart.versions.iter().enumerate() {
            if at > 0 {
                text.push_str(",\n");
            }
            text.push_str(&version.text);
        }
        text.push_str("\n]");
    }
    text.push_str("\n}}\n");
    text.into_bytes()
}

impl Document {
    fn text_len(&self) -> usize {
        let charts = self.charts.iter().map(|chart| chart.name.len() + 8);
        let versions = self
            .charts
            .iter()
            .flat_map(|chart| &chart.versions)
            .map(|listed| listed.text.len() + 2);
        charts.sum::<usize>() + versions.sum::<usize>() + 256
    }
}

fn push_string(text: &mut String, value: &str) {
    // A string always serializes.
    text.push_str(&json_text::to_string(value).unwrap_or_default());
}

/// The fields of a JSON object in their order, each value as the text it is.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

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
