//! What makes Helm's reader refuse a whole index, so that we refuse to extend it.
//!
//! Helm unmarshals into the structs of <https://github.com/helm/helm/blob/main/pkg/repo/v1/index.go>: a value of another
//! type than the field's fails the whole load. From YAML an unknown field does too (`UnmarshalStrict`), from JSON it is
//! ignored. What Helm merely skips with a warning (a bad version, a missing name, a null entry) may stay.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{IndexError, time};

/// Fields that Helm knows at the top of an index.
const TOP_FIELDS: [&str; 6] = [
    "apiVersion",
    "annotations",
    "entries",
    "generated",
    "publicKeys",
    "serverInfo",
];

/// An entry's fields with the types that Helm gives them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the types are the check")]
struct ChartVersion {
    name: Option<String>,
    home: Option<String>,
    sources: Option<Vec<Option<String>>>,
    version: Option<String>,
    description: Option<String>,
    keywords: Option<Vec<Option<String>>>,
    maintainers: Option<Vec<Option<Maintainer>>>,
    icon: Option<String>,
    api_version: Option<String>,
    condition: Option<String>,
    tags: Option<String>,
    app_version: Option<String>,
    deprecated: Option<bool>,
    annotations: Option<BTreeMap<String, Option<String>>>,
    kube_version: Option<String>,
    dependencies: Option<Vec<Option<Dependency>>>,
    r#type: Option<String>,
    urls: Option<Vec<Option<String>>>,
    created: Option<String>,
    removed: Option<bool>,
    digest: Option<String>,
    checksum: Option<String>,
    engine: Option<String>,
    tiller_version: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the types are the check")]
struct Maintainer {
    name: Option<String>,
    email: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the types are the check")]
struct Dependency {
    name: Option<String>,
    version: Option<String>,
    repository: Option<String>,
    condition: Option<String>,
    tags: Option<Vec<Option<String>>>,
    enabled: Option<bool>,
    #[serde(rename = "import-values")]
    import_values: Option<Vec<IgnoredAny>>,
    alias: Option<String>,
}

const VERSION_FIELDS: [&str; 25] = [
    "annotations",
    "apiVersion",
    "appVersion",
    "checksum",
    "condition",
    "created",
    "dependencies",
    "deprecated",
    "description",
    "digest",
    "engine",
    "home",
    "icon",
    "keywords",
    "kubeVersion",
    "maintainers",
    "name",
    "removed",
    "sources",
    "tags",
    "tillerVersion",
    "type",
    "url",
    "urls",
    "version",
];
const MAINTAINER_FIELDS: [&str; 3] = ["email", "name", "url"];
const DEPENDENCY_FIELDS: [&str; 8] = [
    "alias",
    "condition",
    "enabled",
    "import-values",
    "name",
    "repository",
    "tags",
    "version",
];

/// Checks an entry, given as JSON text.
pub(super) fn check_version(chart: &str, text: &str) -> Result<(), IndexError> {
    let entry: Option<ChartVersion> =
        serde_json::from_str(text).map_err(|error| refused(chart, version_in(text), error.to_string()))?;
    let Some(entry) = entry else { return Ok(()) };
    if let Some(created) = &entry.created {
        check_time(created).map_err(|detail| {
            refused(
                chart,
                entry.version.clone().unwrap_or_default(),
                format!("created is {created:?}, {detail}"),
            )
        })?;
    }
    Ok(())
}

/// Checks the names of an entry's fields, as Helm does where the index is YAML.
pub(super) fn check_fields_of_version(chart: &str, entry: &serde_json::Value) -> Result<(), IndexError> {
    let known = [
        unknown_in(entry, &VERSION_FIELDS),
        unknown_in_each(entry.get("maintainers"), &MAINTAINER_FIELDS),
        unknown_in_each(entry.get("dependencies"), &DEPENDENCY_FIELDS),
    ];
    match known.into_iter().flatten().next() {
        None => Ok(()),
        Some(field) => {
            let version = entry
                .get("version")
                .and_then(|version| version.as_str())
                .unwrap_or_default();
            Err(refused(
                chart,
                version.to_owned(),
                format!("it does not know the field {field:?}"),
            ))
        }
    }
}

/// Checks a field at the top, given as JSON text, where unknown ones are allowed.
pub(super) fn check_top(name: &str, text: &str) -> Result<(), IndexError> {
    let checked = match name {
        "apiVersion" => serde_json::from_str::<Option<String>>(text).map(drop),
        "annotations" => serde_json::from_str::<Option<BTreeMap<String, Option<String>>>>(text).map(drop),
        "publicKeys" => serde_json::from_str::<Option<Vec<Option<String>>>>(text).map(drop),
        "serverInfo" => serde_json::from_str::<Option<BTreeMap<String, IgnoredAny>>>(text).map(drop),
        _ => Ok(()),
    };
    checked.map_err(|error| IndexError::NotAnIndex {
        detail: format!("{name}: {error}"),
    })
}

/// Checks the name of a field at the top, as Helm does where the index is YAML.
pub(super) fn check_field_at_top(name: &str) -> Result<(), IndexError> {
    if TOP_FIELDS.contains(&name) {
        return Ok(());
    }
    Err(IndexError::NotAnIndex {
        detail: format!("Helm does not know the field {name:?}"),
    })
}

/// Checks `generated`, given as JSON text, and answers with what it says; a missing one is fine.
pub(super) fn check_generated(text: &str) -> Result<Option<String>, IndexError> {
    let problem = |detail: String| IndexError::NotAnIndex {
        detail: format!("generated: {detail}"),
    };
    match serde_json::from_str::<Option<String>>(text) {
        Ok(Some(time)) => match check_time(&time) {
            Ok(()) => Ok(Some(time)),
            Err(detail) => Err(problem(format!("{time:?} is {detail}"))),
        },
        Ok(None) => Ok(None),
        Err(error) => Err(problem(error.to_string())),
    }
}

fn check_time(text: &str) -> Result<(), &'static str> {
    if time::is_time(text.as_bytes()) {
        return Ok(());
    }
    Err("which is no RFC 3339 time")
}

fn unknown_in(value: &serde_json::Value, known: &[&str]) -> Option<String> {
    let mut names = value.as_object()?.keys();
    names.find(|name| !known.contains(&name.as_str())).cloned()
}

fn unknown_in_each(list: Option<&serde_json::Value>, known: &[&str]) -> Option<String> {
    list?.as_array()?.iter().find_map(|value| unknown_in(value, known))
}

/// The version in an entry that as a whole has the wrong types, to name it in the message.
fn version_in(text: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let version = value.as_ref().and_then(|value| value.get("version"));
    match version {
        Some(serde_json::Value::String(version)) => version.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn refused(chart: &str, version: String, detail: String) -> IndexError {
    IndexError::Refused {
        chart: chart.to_owned(),
        version,
        detail,
    }
}
