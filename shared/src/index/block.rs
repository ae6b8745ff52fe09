//! YAML as Helm writes it: block style, two spaces, lists not indented, keys in alphabetical order.
//!
//! ```text
//! apiVersion: v1
//! entries:
//!   kube9-operator:
//!   - apiVersion: v2
//!     name: kube9-operator
//!     urls:
//!     - https://charts.kube9.io/kube9-operator-1.0.0.tgz
//!     version: 1.0.0
//! generated: "2026-11-23T12:00:00Z"
//! ```

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::document::{Chart, Document, Listed};
use super::{IndexError, helm, json_text, source};
use crate::yaml;

/// Reads an index in this form, or in any other YAML that Helm would load.
pub(super) fn read(index: &[u8]) -> Result<Document, IndexError> {
    let limits = yaml::Limits::for_index(index.len());
    let parsed = yaml::parse(index, &limits, yaml::Duplicates::Refuse).map_err(|error| IndexError::Unreadable {
        detail: error.to_string(),
    })?;
    let top = parsed
        .value
        .as_mapping()
        .ok_or_else(|| not_an_index("it holds no fields".to_owned()))?;
    let mut document = Document {
        top: Vec::new(),
        charts: Vec::new(),
    };
    for (name, value) in top {
        helm::check_field_at_top(name)?;
        match name.as_str() {
            "entries" => document.charts = charts(value)?,
            "generated" => helm::check_generated(&text_of(&value.to_json())?)?,
            _ => {
                let text = text_of(&value.to_json())?;
                helm::check_top(name, &text)?;
                document.top.push((name.clone(), text));
            }
        }
    }
    source::keep(&mut document.charts, index);
    Ok(document)
}

fn charts(entries: &yaml::Value) -> Result<Vec<Chart>, IndexError> {
    let entries = match entries {
        yaml::Value::Null => return Ok(Vec::new()),
        yaml::Value::Mapping(entries) => entries,
        _ => return Err(not_an_index("entries is no mapping".to_owned())),
    };
    entries
        .iter()
        .map(|(name, versions)| {
            let versions = match versions {
                yaml::Value::Null => &[][..],
                yaml::Value::Sequence(versions) => versions,
                _ => return Err(not_an_index(format!("the versions of {name:?} are no list"))),
            };
            let listed = versions.iter().map(|version| listed(name, &version.to_json()));
            let versions = listed.collect::<Result<_, _>>()?;
            Ok(Chart {
                name: name.clone(),
                versions,
            })
        })
        .collect()
}

fn listed(chart: &str, version: &Value) -> Result<Listed, IndexError> {
    helm::check_fields_of_version(chart, version)?;
    let text = text_of(version)?;
    let head = helm::check_version(chart, &text)?;
    Ok(Listed {
        text,
        version: head.version,
        digest: head.digest,
        source: None,
    })
}

fn text_of(value: &Value) -> Result<String, IndexError> {
    json_text::to_string(value).map_err(|error| not_an_index(error.to_string()))
}

fn not_an_index(detail: String) -> IndexError {
    IndexError::NotAnIndex { detail }
}

/// Writes an index in this form.
pub(super) fn write(document: &Document, now: Timestamp) -> Result<Vec<u8>, IndexError> {
    let value_of = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| not_an_index(error.to_string()));
    let mut top = BTreeMap::new();
    for (name, text) in &document.top {
        top.insert(name.as_str(), value_of(text)?);
    }
    top.insert("generated", Value::String(now.to_string()));
    top.insert("entries", Value::Null);

    let mut text = String::new();
    for (name, value) in &top {
        if *name == "entries" {
            write_entries(&mut text, &document.charts, value_of)?;
        } else {
            write_field(&mut text, 0, name, value);
        }
    }
    Ok(text.into_bytes())
}

fn write_entries(
    text: &mut String,
    charts: &[Chart],
    value_of: impl Fn(&str) -> Result<Value, IndexError>,
) -> Result<(), IndexError> {
    text.push_str(if charts.is_empty() {
        "entries: {}\n"
    } else {
        "entries:\n"
    });
    for chart in charts {
        write_indent(text, 2);
        write_string(text, &chart.name);
        text.push_str(if chart.versions.is_empty() { ": []\n" } else { ":\n" });
        for version in &chart.versions {
            match &version.source {
                Some(lines) => text.push_str(lines),
                None => write_item(text, 2, &value_of(&version.text)?),
            }
        }
    }
    Ok(())
}

/// `NAME: VALUE`, or `NAME:` with the value on the lines below.
fn write_field(text: &mut String, indent: usize, name: &str, value: &Value) {
    write_indent(text, indent);
    write_field_here(text, indent, name, value);
}

fn write_field_here(text: &mut String, indent: usize, name: &str, value: &Value) {
    write_string(text, name);
    text.push(':');
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            for (name, value) in fields {
                write_field(text, indent + 2, name, value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                write_item(text, indent, item);
            }
        }
        _ => {
            text.push(' ');
            write_scalar(text, value);
            text.push('\n');
        }
    }
}

/// `- VALUE`; the fields of a mapping stand below each other after the dash.
fn write_item(text: &mut String, indent: usize, value: &Value) {
    write_indent(text, indent);
    text.push_str("- ");
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (at, (name, value)) in fields.iter().enumerate() {
                if at > 0 {
                    write_indent(text, indent + 2);
                }
                write_field_here(text, indent + 2, name, value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            // A list in a list (only `import-values` could hold one) is written in flow style, which is JSON.
            text.push_str(&json_text::to_string(items).unwrap_or_default());
            text.push('\n');
        }
        _ => {
            write_scalar(text, value);
            text.push('\n');
        }
    }
}

fn write_scalar(text: &mut String, value: &Value) {
    match value {
        Value::String(string) => write_string(text, string),
        other => text.push_str(&other.to_string()),
    }
}

fn write_string(text: &mut String, string: &str) {
    if yaml::plain_is_safe(string) {
        text.push_str(string);
    } else {
        // A JSON string is a double-quoted YAML scalar. Always serializes.
        text.push_str(&json_text::to_string(string).unwrap_or_default());
    }
}

fn write_indent(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}
