//! Holds our readers of `Chart.yaml` and of indexes against what Helm made of the same bytes (see
//! `tests/corpus/README.md`).

#![expect(clippy::disallowed_methods, reason = "the cases are files")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use bytes::Bytes;
use chartdrop_core::chart::Metadata;
use chartdrop_core::index::Index;
use chartdrop_core::yaml::{self, Duplicates, Limits};
use serde_json::Value;

/// Oddities that Helm reads and we reject: no person and no program writes them into a chart, and
/// other readers reject them too or read something else.
const REJECTED_SYNTAX: [&str; 12] = [
    "bytes-bom-inside",
    "bytes-cr",
    "bytes-line-separator-comment",
    "bytes-nel",
    "bytes-two-boms",
    "document-tag-directive",
    "syntax-brackets-adjacent-colon",
    "syntax-brackets-comment-adjacent",
    "syntax-brackets-dash",
    "syntax-double-comment",
    "syntax-double-quote-escape",
    "tag-before-comma",
];

/// Useless charts that Helm 3 packages: Helm 4 loads only the API versions v1 and v2, `helm repo
/// index` does not list a name with a backslash, a provenance file whose name has 267 bytes cannot
/// be saved, and an infinity is always a mistake.
const REJECTED_CHARTS: [&str; 8] = [
    "annotations-infinity",
    "api-version-number",
    "api-version-upper",
    "api-version-v3",
    "api-version-word",
    "app-version-infinity",
    "name-backslash",
    "version-256-bytes",
];

/// Indexes that Helm loads and Chartdrop rejects: a later version of the format, whose meaning is
/// unknown, and a chart in two places, of which other readers show the first or none.
const REJECTED_INDEXES: [&str; 2] = ["api-version-v2", "twice-json-chart"];

struct Case {
    name: String,
    text: Vec<u8>,
    helm: Value,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/chart-yaml")
}

fn cases() -> Vec<Case> {
    let cases = cases_in(folder());
    assert!(cases.len() > 400, "the corpus is not where it should be");
    cases
}

#[expect(clippy::unwrap_used, reason = "a broken corpus is a failed test")]
fn cases_in(folder: PathBuf) -> Vec<Case> {
    let mut cases: Vec<Case> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| Case {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            text: std::fs::read(&path).unwrap(),
            helm: serde_json::from_slice(&std::fs::read(path.with_extension("helm.json")).unwrap()).unwrap(),
        })
        .collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

fn loaded(text: &[u8]) -> Result<Metadata, String> {
    let mut metadata = Metadata::from_chart_yaml(text)
        .map_err(|error| error.to_string())?
        .metadata;
    metadata.validate().map_err(|error| error.to_string())?;
    Ok(metadata)
}

#[test]
fn every_value_is_what_helm_reads() {
    let mut rejected = BTreeSet::new();
    for Case { name, text, helm } in cases() {
        match yaml::parse(&text, &Limits::CHART_YAML, Duplicates::LastWins) {
            Ok(document) => assert_eq!(Some(&document.value.to_json()), helm.get("json"), "{name}"),
            Err(_) if helm.get("json").is_none() => {}
            Err(_) => drop(rejected.insert(name)),
        }
    }
    assert_eq!(rejected, REJECTED_SYNTAX.map(str::to_owned).into());
}

#[test]
fn what_helm_rejects_where_keys_may_not_stand_twice_is_rejected() {
    for Case { name, text, helm } in cases() {
        let strict = yaml::parse(&text, &Limits::CHART_YAML, Duplicates::Reject);
        if helm.get("strict").is_some() {
            assert!(strict.is_err(), "{name}: {strict:?}");
        } else if !REJECTED_SYNTAX.contains(&name.as_str()) {
            assert_eq!(strict.err(), None, "{name}");
        }
    }
}

#[test]
fn every_chart_is_what_helm_loads() {
    let mut rejected = BTreeSet::new();
    for Case { name, text, helm } in cases() {
        match loaded(&text) {
            Ok(metadata) => assert_eq!(
                Some(&serde_json::to_value(metadata).unwrap()),
                helm.get("chart"),
                "{name}"
            ),
            Err(_) if helm.get("chart").is_none() => {}
            Err(_) if REJECTED_SYNTAX.contains(&name.as_str()) => {}
            Err(_) => drop(rejected.insert(name)),
        }
    }
    assert_eq!(rejected, REJECTED_CHARTS.map(str::to_owned).into());
}

#[test]
fn the_fields_of_an_entry_stand_in_the_order_of_helm() {
    for name in [
        "fields-all",
        "fields-any-case",
        "dependencies-import-values",
        "maintainers-numbers",
    ] {
        let text = std::fs::read(folder().join(format!("{name}.yaml"))).unwrap();
        let recorded = std::fs::read_to_string(folder().join(format!("{name}.helm.json"))).unwrap();
        let ours = serde_json::to_string_pretty(&loaded(&text).unwrap())
            .unwrap()
            .replace('\n', "\n  ");
        assert!(
            recorded.contains(&format!("\"chart\": {ours}")),
            "{name}:\n{ours}\n{recorded}"
        );
    }
}

#[test]
fn every_index_is_loaded_where_helm_loads_it_and_lists_what_helm_lists() {
    let cases = cases_in(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/index"));
    assert!(cases.len() > 100, "the corpus is not where it should be");
    let mut rejected = BTreeSet::new();
    for Case { name, text, helm } in cases {
        match (Index::read(Bytes::from(text)), helm.get("index")) {
            (Ok(index), Some(helm)) => {
                let ours: Vec<[Value; 5]> = index
                    .listed_versions()
                    .map(|listed| {
                        let text = |text: Option<String>| text.filter(|text| !text.is_empty()).into();
                        let own = text(listed.name);
                        [
                            listed.chart.into(),
                            own,
                            listed.version.into(),
                            text(listed.digest),
                            text(listed.url),
                        ]
                    })
                    .collect();
                for (chart, versions) in helm["entries"].as_object().into_iter().flatten() {
                    for version in versions.as_array().into_iter().flatten() {
                        let of = |field: &str| version.get(field).cloned().unwrap_or_default();
                        let url = version.pointer("/urls/0").cloned().unwrap_or_default();
                        let url = if url == "" { Value::Null } else { url };
                        let theirs = [chart.as_str().into(), of("name"), of("version"), of("digest"), url];
                        assert!(ours.contains(&theirs), "{name}: {theirs:?} is not in {ours:?}");
                    }
                }
            }
            (Err(_), None) => {}
            (Err(_), Some(_)) => drop(rejected.insert(name)),
            (Ok(_), None) => panic!("{name}: {helm}"),
        }
    }
    assert_eq!(rejected, REJECTED_INDEXES.map(str::to_owned).into());
}
