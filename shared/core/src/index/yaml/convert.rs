//! Numbers and booleans in YAML where text is expected.
//!
//! sigs.k8s.io/yaml converts them to text on the way to JSON if it finds a field of type string for
//! the name (<https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/yaml.go>,
//! `convertToJSONableObject`). In an entry it finds only the fields of `ChartVersion` itself:
//! `digest: 123` becomes "123", and `version: 1.10` makes Helm reject the index. For a field of the
//! embedded metadata it uses all of the metadata as the value's type, so inside `annotations`,
//! values under names of metadata fields become text and others do not.

use serde_json::{Map, Value as Json};

use crate::chart::{METADATA, field_named};
use crate::index::fields::{self, Kind};
use crate::yaml::Value;

/// A top-level field as JSON, under its name as Helm writes it.
pub(super) fn top(name: &str, value: &Value) -> Json {
    match (name, value) {
        ("apiVersion", _) => text(value),
        ("publicKeys", Value::Sequence(keys)) => keys.iter().map(text).collect(),
        ("annotations", Value::Mapping(annotations)) => object(annotations, |_, value| text(value)),
        _ => value.to_json(),
    }
}

/// A chart version as JSON.
pub(super) fn version(value: &Value) -> Json {
    let Value::Mapping(fields) = value else {
        return value.to_json();
    };
    object(fields, |name, value| match (fields::version(name.as_bytes()), value) {
        (Some((_, Kind::Scalar)), _) => text(value),
        (Some((_, Kind::Scalars)), Value::Sequence(values)) => values.iter().map(text).collect(),
        (Some((_, Kind::TextMap)), Value::Mapping(annotations)) => object(annotations, |name, value| {
            if is_text_of_metadata(name) {
                text(value)
            } else {
                value.to_json()
            }
        }),
        _ => value.to_json(),
    })
}

fn is_text_of_metadata(name: &str) -> bool {
    const NOT_TEXT: [&str; 6] = [
        "annotations",
        "dependencies",
        "deprecated",
        "keywords",
        "maintainers",
        "sources",
    ];
    field_named(name, METADATA).is_some_and(|name| !NOT_TEXT.contains(&name))
}

fn object(mapping: &crate::yaml::Mapping, convert: impl Fn(&str, &Value) -> Json) -> Json {
    let fields = mapping.iter().map(|(name, value)| (name.clone(), convert(name, value)));
    Json::Object(fields.collect::<Map<_, _>>())
}

/// Null stays null.
fn text(value: &Value) -> Json {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => {
            value.to_text().map_or(Json::Null, Json::String)
        }
        _ => value.to_json(),
    }
}
