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

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::annotations::{self, Annotations};
use super::document::{Chart, Document};
use super::outline::{ChartPlace, Outline};
use super::{Format, IndexError, helm, json_text};
use crate::yaml;

/// Readers look for the colon behind a key in the next 1,024 characters only. A longer one has a mark before it.
pub(super) const LONGEST_KEY: usize = 1000;

/// Reads an index in this form, or in any other YAML that Helm would load.
pub(super) fn read(index: &[u8]) -> Result<Document, IndexError> {
    let mut document = Document {
        top: Vec::new(),
        charts: Vec::new(),
    };
    for (name, value) in &parse(index)? {
        match name.as_str() {
            "entries" => document.charts = charts(value)?,
            "generated" => drop(helm::check_generated(&text_of(&value.to_json())?)?),
            _ => add_to_top(&mut document, name, value)?,
        }
    }
    Ok(document)
}

/// Checks what stands before and after the entries; answers with what `generated` says.
pub(super) fn check_top(head: &[u8], tail: &[u8]) -> Option<String> {
    let document = Document {
        top: top(head, tail)?,
        charts: Vec::new(),
    };
    document.check_api_version().ok()?;
    let (_, generated) = document.top.iter().find(|(name, _)| name == "generated")?;
    helm::check_generated(generated).ok()?
}

/// The fields before and after the entries, each as JSON text; `None` if one stands twice or is none that Helm takes.
pub(super) fn top(head: &[u8], tail: &[u8]) -> Option<Vec<(String, String)>> {
    let mut document = Document {
        top: Vec::new(),
        charts: Vec::new(),
    };
    for part in [head, tail] {
        if part.is_empty() {
            continue;
        }
        for (name, value) in &parse(part).ok()? {
            let twice = document.top.iter().any(|(other, _)| other == name);
            if twice || name == "entries" {
                return None;
            }
            add_to_top(&mut document, name, value).ok()?;
        }
    }
    Some(document.top)
}

/// The lines of the annotations.
pub(super) fn annotations(annotations: &Annotations) -> String {
    let of = |value: &Option<String>| value.clone().map_or(Value::Null, Value::String);
    let fields = annotations.iter().map(|(name, value)| (name.clone(), of(value)));
    let mut text = String::new();
    write_field(&mut text, 0, annotations::FIELD, &Value::Object(fields.collect()));
    text
}

fn parse(text: &[u8]) -> Result<yaml::Mapping, IndexError> {
    let limits = yaml::Limits::for_index(text.len());
    let parsed = yaml::parse(text, &limits, yaml::Duplicates::Refuse).map_err(|error| IndexError::Unreadable {
        detail: error.to_string(),
    })?;
    match parsed.value {
        yaml::Value::Mapping(fields) => Ok(fields),
        _ => Err(not_an_index("it holds no fields".to_owned())),
    }
}

fn add_to_top(document: &mut Document, name: &str, value: &yaml::Value) -> Result<(), IndexError> {
    helm::check_field_at_top(name)?;
    let text = text_of(&value.to_json())?;
    helm::check_top(name, &text)?;
    document.top.push((name.to_owned(), text));
    Ok(())
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
            let versions = versions.iter().map(|version| checked(name, &version.to_json()));
            let versions = versions.collect::<Result<_, _>>()?;
            Ok(Chart {
                name: name.clone(),
                versions,
            })
        })
        .collect()
}

fn checked(chart: &str, version: &Value) -> Result<String, IndexError> {
    helm::check_fields_of_version(chart, version)?;
    let text = text_of(version)?;
    helm::check_version(chart, &text)?;
    Ok(text)
}

fn text_of(value: &Value) -> Result<String, IndexError> {
    json_text::to_string(value).map_err(|error| not_an_index(error.to_string()))
}

fn not_an_index(detail: String) -> IndexError {
    IndexError::NotAnIndex { detail }
}

/// An index that lists nothing yet.
pub(super) fn empty() -> (Vec<u8>, Outline) {
    const BEFORE: &str = "apiVersion: v1\nentries:";
    const VACANCY: &str = " {}\n";
    const GENERATED: &str = "generated: ";
    let vacancy = BEFORE.len()..BEFORE.len() + VACANCY.len();
    let generated = vacancy.end + GENERATED.len()..vacancy.end + GENERATED.len() + 2;
    let text = format!("{BEFORE}{VACANCY}{GENERATED}\"\"\n");
    let outline = Outline {
        format: Format::Yaml,
        generated,
        vacancy,
        charts: Vec::new(),
        versions: 0,
    };
    (text.into_bytes(), outline)
}

/// Writes an index in this form.
pub(super) fn write(document: &Document) -> Result<(Vec<u8>, Outline), IndexError> {
    let mut top = BTreeMap::new();
    for (name, text) in &document.top {
        top.insert(name.as_str(), value_of(text)?);
    }
    top.insert("generated", Value::String(String::new()));
    top.insert("entries", Value::Null);

    let mut text = String::new();
    let mut outline = Outline {
        format: Format::Yaml,
        generated: 0..0,
        vacancy: 0..0,
        charts: Vec::with_capacity(document.charts.len()),
        versions: document.charts.iter().map(|chart| chart.versions.len()).sum(),
    };
    for (name, value) in &top {
        if *name == "entries" {
            write_entries(&mut text, &document.charts, &mut outline)?;
        } else {
            write_field(&mut text, 0, name, value);
        }
        if *name == "generated" {
            // The quotes before the line feed.
            outline.generated = text.len() - 3..text.len() - 1;
        }
    }
    Ok((text.into_bytes(), outline))
}

fn write_entries(text: &mut String, charts: &[Chart], outline: &mut Outline) -> Result<(), IndexError> {
    text.push_str("entries:");
    let vacancy = text.len();
    text.push_str(if charts.is_empty() { " {}\n" } else { "\n" });
    outline.vacancy = vacancy..text.len();
    for chart in charts {
        outline.charts.push(write_chart(text, chart)?);
    }
    Ok(())
}

fn write_chart(text: &mut String, chart: &Chart) -> Result<ChartPlace, IndexError> {
    let start = text.len();
    let name = write_name(text, &chart.name);
    let mut items = text.len();
    if chart.versions.is_empty() {
        text.push_str(" []\n");
    } else {
        text.push('\n');
        items += 1;
    }
    for version in &chart.versions {
        write_version(text, version)?;
    }
    Ok(ChartPlace {
        name,
        start,
        items: items..text.len(),
        versions: chart.versions.len(),
    })
}

/// The name of a chart, above its versions; answers with where it stands.
pub(super) fn write_name(text: &mut String, name: &str) -> Range<usize> {
    write_indent(text, 2);
    write_key(text, 2, name)
}

/// `KEY:`, or over two lines `? KEY` and `:`; answers with where the key stands.
fn write_key(text: &mut String, indent: usize, key: &str) -> Range<usize> {
    let key = string(key);
    let is_long = key.len() > LONGEST_KEY;
    text.push_str(if is_long { "? " } else { "" });
    let start = text.len();
    text.push_str(&key);
    let place = start..text.len();
    if is_long {
        text.push('\n');
        write_indent(text, indent);
    }
    text.push(':');
    place
}

/// A chart version, given as JSON text.
pub(super) fn write_version(text: &mut String, version: &str) -> Result<(), IndexError> {
    write_item(text, 2, &value_of(version)?);
    Ok(())
}

fn value_of(text: &str) -> Result<Value, IndexError> {
    serde_json::from_str(text).map_err(|error| not_an_index(error.to_string()))
}

/// `NAME: VALUE`, or `NAME:` with the value on the lines below.
fn write_field(text: &mut String, indent: usize, name: &str, value: &Value) {
    write_indent(text, indent);
    write_field_here(text, indent, name, value);
}

fn write_field_here(text: &mut String, indent: usize, name: &str, value: &Value) {
    write_key(text, indent, name);
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
        Value::String(value) => text.push_str(&string(value)),
        // Always serializes.
        other => text.push_str(&json_text::to_string(other).unwrap_or_default()),
    }
}

/// A text as a scalar on one line.
fn string(text: &str) -> Cow<'_, str> {
    if yaml::plain_is_safe(text) {
        return Cow::Borrowed(text);
    }
    // A JSON string is a double-quoted YAML scalar. Always serializes.
    Cow::Owned(json_text::to_string(text).unwrap_or_default())
}

fn write_indent(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}
