//! The order of an index, and its times. Clients that choose the first listed version (Helm, Argo
//! CD) and clients that choose the one created last (Flux) have to agree which version is the
//! newest.

use std::collections::BTreeSet;

use chartdrop::chart::Version;
use jiff::Timestamp;
use serde_json::{Value, json};
use tests::faults::NoEvents;
use tests::system::next_second;
use tests::{ChartArchive, Chartdrop};

/// The listed versions and their times, in the order of the index.
fn listed(index: &Value) -> Vec<(Version, Timestamp)> {
    let entries = index["entries"]["demo"].as_array().expect("a chart");
    let text = |entry: &Value, field: &str| entry[field].as_str().expect("text").to_owned();
    let listed = entries.iter().map(|entry| {
        let version = Version::parse(&text(entry, "version")).expect("a version");
        (version, text(entry, "created").parse().expect("a time"))
    });
    listed.collect()
}

/// Asserts that every version was created before the versions above it.
fn assert_rising(index: &Value) {
    for pair in listed(index).windows(2) {
        let [(newer, later), (older, earlier)] = pair else {
            continue;
        };
        assert!(newer.cmp_precedence(older).is_ge(), "{newer} {older}");
        assert!(later > earlier, "{newer} was created at {later}, {older} at {earlier}");
    }
}

/// Asserts that no two versions have the same time, and that of versions that differ only in build
/// metadata, the first one was created last.
fn assert_agreed(index: &Value) {
    let listed = listed(index);
    let times: BTreeSet<Timestamp> = listed.iter().map(|(_, created)| *created).collect();
    assert_eq!(times.len(), listed.len(), "{listed:#?}");
    for pair in listed.windows(2) {
        let [(newer, later), (older, earlier)] = pair else {
            continue;
        };
        assert!(newer.cmp_precedence(older).is_ge(), "{newer} {older}");
        assert!(
            newer.cmp_precedence(older).is_gt() || later > earlier,
            "{newer} {older}"
        );
    }
}

const VERSIONS: [&str; 6] = [
    "1.0.0+build.10",
    "0.9.0",
    "1.0.0+build.9",
    "1.1.0-rc.1",
    "1.0.0+build.11",
    "1.1.0",
];
const IN_ORDER: [&str; 6] = [
    "1.1.0",
    "1.1.0-rc.1",
    "1.0.0+build.11",
    "1.0.0+build.10",
    "1.0.0+build.9",
    "0.9.0",
];

#[tokio::test]
async fn the_build_that_was_published_last_is_listed_first() {
    let chartdrop = Chartdrop::start().await;
    for version in [
        "1.0.0+build.9",
        "1.0.0+build.10",
        "1.1.0",
        "1.0.0+build.11",
        "1.0.0+build.2",
    ] {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    let expected = [
        "1.1.0",
        "1.0.0+build.2",
        "1.0.0+build.11",
        "1.0.0+build.10",
        "1.0.0+build.9",
    ];
    assert_eq!(chartdrop.versions("demo"), expected);
}

#[tokio::test]
async fn one_index_write_creates_versions_in_the_order_of_precedence() {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    for version in VERSIONS {
        chartdrop.upload(&ChartArchive::new("demo", version));
    }
    chartdrop.sweep().await;
    assert_eq!(chartdrop.versions("demo"), IN_ORDER);
    assert_rising(&chartdrop.index());
}

#[tokio::test]
async fn of_builds_in_the_same_index_write_the_one_uploaded_last_is_listed_first() {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    for version in ["1.0.0+f00d", "1.0.0+0bad", "1.0.0+5eed"] {
        chartdrop.upload(&ChartArchive::new("demo", version));
        next_second().await;
    }
    chartdrop.sweep().await;
    assert_eq!(chartdrop.versions("demo"), ["1.0.0+5eed", "1.0.0+0bad", "1.0.0+f00d"]);
    assert_rising(&chartdrop.index());
}

/// AWS stores whole seconds, so many archives have the same time. (The local S3 stores
/// milliseconds.)
#[tokio::test]
async fn in_a_rebuilt_index_every_client_sees_the_same_newest_version() {
    for reindex in [true, false] {
        let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
        for version in VERSIONS {
            let archive = ChartArchive::new("demo", version);
            chartdrop.put(&format!("charts/{}", archive.file_name()), archive.bytes());
        }
        if reindex {
            chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
        } else {
            chartdrop.upload(&ChartArchive::new("demo", "2.0.0"));
            chartdrop.sweep().await;
        }
        let versions = chartdrop.versions("demo");
        assert_eq!(versions.len(), VERSIONS.len() + usize::from(!reindex));
        assert_agreed(&chartdrop.index());
    }
}

#[tokio::test]
async fn a_reindex_keeps_created_of_an_entry_exactly() {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.0.0", "1.1.0"] {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    let created = "2024-03-01T12:30:45.100+02:00";
    let mut index = chartdrop.index();
    for entry in index["entries"]["demo"].as_array_mut().expect("versions") {
        entry["created"] = created.into();
    }
    // An entry without a digest is repaired; the other one is not changed.
    index["entries"]["demo"][0]["digest"] = "".into();
    chartdrop.put("charts/index.yaml", index.to_string());
    chartdrop.settled().await;
    let report = chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
    assert_eq!(report["changeCount"], 1, "{report}");
    for entry in chartdrop.index()["entries"]["demo"].as_array().expect("versions") {
        assert_eq!(entry["created"], created, "{entry}");
        assert_ne!(entry["digest"], "");
    }
}
