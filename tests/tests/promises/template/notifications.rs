//! The bucket notifies each function only of the objects that it handles.

use chartdrop::keys::{Repository, StagedKey, is_published, of_repaired};
use serde_yaml::Value;

use crate::template::text::function;

/// The filters of a function's S3 events: event type, prefix, suffix.
fn filters(binary: &str) -> Vec<(String, String, String)> {
    let (_, function) = function(binary);
    let events = function["Properties"]["Events"].as_mapping().expect("events").clone();
    let of_s3 = events
        .into_iter()
        .map(|(_, event)| event)
        .filter(|event| event["Type"] == "S3");
    of_s3
        .map(|event| {
            let rules = event["Properties"]["Filter"]["S3Key"]["Rules"]
                .as_sequence()
                .expect("rules");
            let rule = |name: &str| {
                let rule = rules.iter().find(|rule| rule["Name"] == name).expect("both rules");
                rule["Value"].as_str().expect("text").to_owned()
            };
            let kind = event["Properties"]["Events"].as_str().expect("one kind").to_owned();
            (kind, rule("prefix"), rule("suffix"))
        })
        .collect()
}

fn tells(binary: &str, kind: &str, key: &str) -> bool {
    let matching = |(of_kind, prefix, suffix): &(String, String, String)| {
        of_kind == &format!("s3:{kind}:*") && key.starts_with(prefix.as_str()) && key.ends_with(suffix.as_str())
    };
    let matching = filters(binary).iter().filter(|filter| matching(filter)).count();
    assert!(matching < 2, "{binary} would be told twice of {key}");
    matching == 1
}

/// Keys of all kinds, and similar ones.
const KEYS: [&str; 18] = [
    "staging/demo-1.0.0.tgz",
    "staging/team-a/demo-1.0.0+b.tgz",
    "staging/a/b/demo-1.0.0.tgz",
    "staging/demo-1.0.0.tgz.prov",
    "staging/",
    "staging/demo.txt",
    "charts/index.yaml",
    "charts/team-a/index.yaml",
    "charts/demo-1.0.0.tgz",
    "charts/team-a/demo-1.0.0.tgz",
    "charts/demo-1.0.0.tgz.prov",
    "charts/index.yaml.bak",
    "receipts/demo-1.0.0.tgz.json",
    "rejected/demo-1.0.0.tgz",
    "rejected/index.yaml",
    "repaired/team-a/demo-1.0.0.tgz",
    "repaired/index.yaml",
    "other/demo-1.0.0.tgz",
];

#[test]
fn publish_chart_is_notified_of_uploads_only() {
    for key in KEYS {
        let meant = StagedKey::new(key).is_some() || StagedKey::of_provenance(key).is_some();
        assert_eq!(tells("publish-chart", "ObjectCreated", key), meant, "{key}");
        assert!(!tells("publish-chart", "ObjectRemoved", key), "{key}");
    }
}

#[test]
fn invalidate_cdn_is_notified_of_written_indexes_and_removed_or_repaired_archives_only() {
    for key in KEYS {
        let written = Repository::of_index_key(key).is_some() || of_repaired(key).is_some();
        assert_eq!(tells("invalidate-cdn", "ObjectCreated", key), written, "{key}");
        let removed = is_published(key);
        assert_eq!(tells("invalidate-cdn", "ObjectRemoved", key), removed, "{key}");
    }
}

/// Lambda stops a function that triggers itself after about 16 rounds.
#[test]
fn no_function_is_notified_of_its_own_writes() {
    for key in KEYS.iter().filter(|key| !key.starts_with("staging/")) {
        assert!(!tells("publish-chart", "ObjectCreated", key), "{key}");
    }
}

#[test]
fn each_function_has_a_schedule_that_sweeps_and_one_verifies_every_repository() {
    for binary in ["publish-chart", "invalidate-cdn"] {
        let (_, function) = function(binary);
        let events: Vec<Value> = function["Properties"]["Events"]
            .as_mapping()
            .expect("events")
            .values()
            .filter(|event| event["Type"] == "ScheduleV2")
            .cloned()
            .collect();
        let inputs: Vec<serde_json::Value> = events
            .iter()
            .map(|schedule| {
                let input = schedule["Properties"]["Input"].as_str().expect("text");
                serde_json::from_str(input).expect("JSON")
            })
            .collect();
        let sweep = serde_json::json!({"command": "sweep"});
        let expected = match binary {
            "publish-chart" => vec![sweep, serde_json::json!({"command": "verify-all"})],
            _ => vec![sweep],
        };
        assert_eq!(inputs, expected, "{binary}");
    }
}
