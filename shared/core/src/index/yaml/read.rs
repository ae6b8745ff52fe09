//! Reading an index in YAML with a parser.

use serde_json::Value;

use super::convert;
use crate::index::document::{Chart, Document};
use crate::index::helm::{self, Names};
use crate::index::{IndexError, fields};
use crate::yaml::{self, json_text};

/// Reads an index in this form, or in any other YAML that Helm would load.
pub(in crate::index) fn read(index: &[u8]) -> Result<Document, IndexError> {
    let mut document = Document::empty();
    let mut fields: Vec<_> = parse(index)?.into_iter().collect();
    // Helm converts to JSON first, whose keys Go writes in byte order.
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

fn parse(text: &[u8]) -> Result<yaml::Mapping, IndexError> {
    match parse_value(text)? {
        yaml::Value::Mapping(fields) => Ok(fields),
        _ => Err(not_an_index("it has no fields".to_owned())),
    }
}

/// Some lines of an index, which may contain only comments, or nothing.
pub(super) fn parse_part(text: &[u8]) -> Result<yaml::Mapping, IndexError> {
    match parse_value(text)? {
        yaml::Value::Null => Ok(yaml::Mapping::new()),
        yaml::Value::Mapping(fields) => Ok(fields),
        _ => Err(not_an_index("it has no fields".to_owned())),
    }
}

fn parse_value(text: &[u8]) -> Result<yaml::Value, IndexError> {
    let limits = yaml::Limits::for_index(text.len());
    match yaml::parse(text, &limits, yaml::Duplicates::Reject) {
        Ok(parsed) => Ok(parsed.value),
        Err(error) => Err(IndexError::Unreadable {
            detail: error.to_string(),
        }),
    }
}

fn charts(entries: &yaml::Value) -> Result<Vec<Chart>, IndexError> {
    let entries = match entries {
        yaml::Value::Mapping(entries) => entries,
        _ => return Err(not_an_index("entries is not a mapping".to_owned())),
    };
    entries
        .iter()
        .map(|(name, versions)| {
            let versions = match versions {
                yaml::Value::Null => &[][..],
                yaml::Value::Sequence(versions) => versions,
                _ => return Err(not_an_index(format!("the versions of {name:?} are not a list"))),
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

pub(super) fn text_of(value: &Value) -> Result<String, IndexError> {
    json_text::to_string(value).map_err(|error| not_an_index(error.to_string()))
}

pub(super) fn not_an_index(detail: String) -> IndexError {
    IndexError::NotAnIndex { detail }
}
