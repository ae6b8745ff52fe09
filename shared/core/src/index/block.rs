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
use std::ops::Range;

use serde_json::Value;

use super::annotations::{self, Annotations};
use super::document::{Chart, Document};
use super::helm::Names;
use super::outline::{ChartPlace, Generated, Indent, Outline};
use super::spacing::Spacing;
use super::{Format, IndexError, convert, fields, helm};
use crate::yaml::block::{At, write_field, write_indent, write_item, write_key};
use crate::yaml::{self, json_text};

/// Reads an index in this form, or in any other YAML that Helm would load.
pub(super) fn read(index: &[u8]) -> Result<Document, IndexError> {
    let mut document = Document::empty();
    let mut fields: Vec<_> = parse(index)?.into_iter().collect();
    // Helm goes through JSON, whose keys Go writes in the order of their bytes.
    fields.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    for (name, value) in &fields {
        match fields::top(name) {
            Some("entries") if *value == yaml::Value::Null => document.charts.clear(),
            Some("entries") => document.charts.extend(charts(value)?),
            Some("generated") => drop(helm::check_generated(&text_of(&value.to_json())?)?),
            Some(known) => document.set(known, &text_of(&convert::top(known, value))?)?,
            None => return Err(helm::unknown_at_top(name)),
        }
    }
    Ok(document)
}

/// Checks what stands before and after the entries; answers with what `generated` says, if there is one.
pub(super) fn check_top(head: &[u8], tail: &[u8]) -> Option<Option<String>> {
    let document = Document {
        top: top(head, tail)?,
        ..Document::empty()
    };
    document.check_api_version().ok()?;
    match document.top.iter().find(|(name, _)| name == "generated") {
        // What is null is not one that can be added.
        Some((_, generated)) => Some(Some(helm::check_generated(generated).ok()??)),
        None => Some(None),
    }
}

/// The fields before and after the entries, each as JSON text; `None` if one stands twice or is none that Helm takes.
pub(super) fn top(head: &[u8], tail: &[u8]) -> Option<Vec<(String, String)>> {
    let mut document = Document::empty();
    for part in [head, tail] {
        for (name, value) in &parse_part(part).ok()? {
            let known = fields::top(name)?;
            let is_there = document.top.iter().any(|(other, _)| other == known);
            // These are looked for by their names.
            let is_searched = matches!(known, "generated" | annotations::FIELD) && known != name;
            if is_there || is_searched || known == "entries" {
                return None;
            }
            document.set(known, &text_of(&convert::top(known, value)).ok()?).ok()?;
        }
    }
    Some(document.top)
}

/// The lines of the annotations.
pub(super) fn annotations(annotations: &Annotations) -> String {
    let of = |value: &Option<String>| value.clone().map_or(Value::Null, Value::String);
    let fields = annotations.iter().map(|(name, value)| (name.clone(), of(value)));
    let mut text = String::new();
    write_field(&mut text, At::TOP, annotations::FIELD, &Value::Object(fields.collect()));
    text
}

fn parse(text: &[u8]) -> Result<yaml::Mapping, IndexError> {
    match parse_value(text)? {
        yaml::Value::Mapping(fields) => Ok(fields),
        _ => Err(not_an_index("it holds no fields".to_owned())),
    }
}

/// Some lines of an index, which may hold comments only, or nothing.
fn parse_part(text: &[u8]) -> Result<yaml::Mapping, IndexError> {
    match parse_value(text)? {
        yaml::Value::Null => Ok(yaml::Mapping::new()),
        yaml::Value::Mapping(fields) => Ok(fields),
        _ => Err(not_an_index("it holds no fields".to_owned())),
    }
}

fn parse_value(text: &[u8]) -> Result<yaml::Value, IndexError> {
    let limits = yaml::Limits::for_index(text.len());
    match yaml::parse(text, &limits, yaml::Duplicates::Refuse) {
        Ok(parsed) => Ok(parsed.value),
        Err(error) => Err(IndexError::Unreadable {
            detail: error.to_string(),
        }),
    }
}

fn charts(entries: &yaml::Value) -> Result<Vec<Chart>, IndexError> {
    let entries = match entries {
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
            let versions = versions.iter().map(|version| checked(name, version));
            let versions = versions.collect::<Result<_, _>>()?;
            Ok(Chart {
                name: name.clone(),
                versions,
            })
        })
        .collect()
}

fn checked(chart: &str, version: &yaml::Value) -> Result<String, IndexError> {
    let text = text_of(&convert::version(version))?;
    let checked = helm::check_version(chart, &text, Names::Known)?;
    Ok(checked.into_owned())
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
        indent: Indent::HELM,
        spacing: Spacing::Lines,
        generated: Generated::Here(generated),
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
        indent: Indent::HELM,
        spacing: Spacing::Lines,
        generated: Generated::Here(0..0),
        vacancy: 0..0,
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
            // The quotes before the line feed.
            outline.generated = Generated::Here(text.len() - 3..text.len() - 1);
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

/// The name of a chart, above its versions; answers with where it stands.
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
