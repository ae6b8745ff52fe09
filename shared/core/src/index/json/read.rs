//! Reading an index in JSON with a parser.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::index::document::{Chart, Document};
use crate::index::helm::{self, Names};
use crate::index::{IndexError, fields};
use crate::yaml::json_text;

/// Reads an index in this form; `None` if the text is not JSON.
pub(in crate::index) fn read(index: &[u8]) -> Result<Option<Document>, IndexError> {
    if serde_json::from_slice::<IgnoredAny>(index).is_err() {
        return Ok(None);
    }
    let index = json_text::as_go_reads(index);
    let mut document = Document::empty();
    let top: Fields<'_> = serde_json::from_str(&index).map_err(not_an_index)?;
    for (name, value) in top.0 {
        match fields::top(&name) {
            // Go merges the charts of both; of a chart that is in both, the last counts.
            Some("entries") if value.get() == "null" => document.charts.clear(),
            Some("entries") => document.charts.extend(charts(value)?),
            Some("generated") => drop(helm::check_generated(value.get())?),
            _ => document.set(&name, value.get())?,
        }
    }
    Ok(Some(document))
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

/// The fields of a JSON object in their order, with their values as text.
pub(in crate::index) struct Fields<'a>(pub(in crate::index) Vec<(String, &'a RawValue)>);

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
