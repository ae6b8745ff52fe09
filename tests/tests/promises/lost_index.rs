//! An index that was deleted is never replaced by a smaller one unnoticed.

use serde_json::{Value, json};
use tests::faults::NoEvents;
use tests::system::{entries, next_second};
use tests::{ChartArchive, Chartdrop};

const INDEX: &str = "charts/index.yaml";

async fn verify(chartdrop: &Chartdrop) -> Vec<String> {
    let report = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
    let differences = report["differences"].as_array().expect("a list").iter();
    let told = differences.map(|difference| {
        let text = |field: &str| difference[field].as_str().expect("text");
        format!("{} {}", text("kind"), text("key"))
    });
    told.collect()
}

/// A repository with thirty entries that point to other hosts, and two archives of its own.
async fn with_entries_elsewhere() -> Chartdrop {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.0.0", "1.1.0"] {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    let lines: Vec<String> = (0..30)
        .map(|number| {
            format!(
                "{{\"apiVersion\":\"v2\",\"name\":\"apart\",\"version\":\"0.{number}.0\",\"urls\":[\"https://github.example.com/apart-0.{number}.0.tgz\"]}}"
            )
        })
        .collect();
    let index = chartdrop.text(INDEX).replace(
        "\"entries\":{\n",
        &format!("\"entries\":{{\n\"apart\":[\n{}\n],\n", lines.join(",\n")),
    );
    chartdrop.put(INDEX, index);
    assert_eq!(verify(&chartdrop).await, [""; 0]);
    chartdrop
}

fn logged(chartdrop: &Chartdrop, text: &str) -> bool {
    let lines = chartdrop.system.function_logs("publish-chart");
    lines.iter().any(|line| line.contains(text))
}

#[tokio::test]
async fn a_deleted_index_is_rebuilt_with_a_warning_a_metric_and_a_difference_that_stays() {
    let chartdrop = with_entries_elsewhere().await;
    let before = chartdrop.text(INDEX);
    chartdrop.system.store().delete(INDEX).expect("deleted");
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "2.0.0")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert_eq!(chartdrop.versions("demo"), ["2.0.0", "1.1.0", "1.0.0"]);
    let warnings = receipt["warnings"].to_string();
    for part in [
        "was missing and was rebuilt from 2 archives",
        "pointed elsewhere",
        "verify",
    ] {
        assert!(warnings.contains(part), "{part} is not in {warnings}");
    }
    assert!(logged(&chartdrop, "\"IndexesRebuilt\":1") && logged(&chartdrop, "\"RebuiltFromArchives\":2"));
    assert!(logged(&chartdrop, "was rebuilt from 2 archives"));
    // The difference stays after the next upload, whose receipt has no warning.
    next_second().await;
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "2.1.0")).await;
    assert_eq!(receipt["warnings"], json!([]), "{receipt}");
    assert_eq!(verify(&chartdrop).await, [format!("index-rebuilt {INDEX}")]);

    // An earlier version of the index is restored, as the difference recommends.
    let report = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
    let message = report["differences"][0]["message"].as_str().expect("a message");
    for part in ["list-object-versions", "copy-object", "rebuilt", "from 2 archives"] {
        assert!(message.contains(part), "{message}");
    }
    chartdrop.put(INDEX, before);
    chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
    assert_eq!(verify(&chartdrop).await, [""; 0]);
    assert_eq!(chartdrop.versions("demo"), ["2.1.0", "2.0.0", "1.1.0", "1.0.0"]);
    assert_eq!(chartdrop.versions("apart").len(), 30);
}

#[tokio::test]
async fn after_a_reindex_a_rebuilt_index_is_not_reported_any_more() {
    for format in ["json", "yaml"] {
        let chartdrop = Chartdrop::with_settings(&[("INDEX_FORMAT", format)]).await;
        chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
        chartdrop.system.store().delete(INDEX).expect("deleted");
        chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
        let dry = json!({"command": "reindex", "repository": "", "dryRun": true});
        let report = chartdrop.run(&dry).await;
        assert_eq!(
            (&report["changes"][0]["action"], &report["changes"][0]["kind"]),
            (&"note".into(), &"index-rebuilt".into()),
            "{format}: {report}"
        );
        assert_eq!(verify(&chartdrop).await, [format!("index-rebuilt {INDEX}")], "{format}");
        chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
        assert_eq!(verify(&chartdrop).await, [""; 0], "{format}");
        // If the index is lost again, it is reported again.
        chartdrop.system.store().delete(INDEX).expect("deleted");
        let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.2.0")).await;
        assert!(receipt["warnings"].to_string().contains("from 2 archives"), "{receipt}");
    }
}

#[tokio::test]
async fn a_reindex_that_rebuilds_a_missing_index_reports_it() {
    let chartdrop = with_entries_elsewhere().await;
    chartdrop.system.store().delete(INDEX).expect("deleted");
    let report = chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
    assert_eq!(report["rebuiltFrom"], 2, "{report}");
    let damage = report["damage"].as_str().expect("what was wrong");
    assert!(damage.contains("missing") && damage.contains("elsewhere"), "{damage}");
    assert!(logged(&chartdrop, "\"IndexesRebuilt\":1") && logged(&chartdrop, "\"RebuiltFromArchives\":2"));
}

/// The first index of a repository does not count as rebuilt, even if many uploads race to create
/// it and processes are killed.
#[tokio::test]
async fn the_first_index_of_a_repository_causes_no_warning() {
    let chartdrop = Chartdrop::start().await;
    for number in 0..20 {
        chartdrop.upload(&ChartArchive::new("demo", &format!("1.{number}.0")));
    }
    chartdrop.settled().await;
    for number in 0..20 {
        let receipt = chartdrop.receipt(&format!("staging/demo-1.{number}.0.tgz"));
        assert_eq!(receipt["warnings"], json!([]), "{receipt}");
    }
    assert!(!logged(&chartdrop, "IndexesRebuilt"));
    assert_eq!(verify(&chartdrop).await, [""; 0]);
}

#[tokio::test]
async fn versions_that_only_receipts_record_are_reported_until_resolved() {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    let unpublish =
        |version: &str| json!({"command": "unpublish", "repository": "", "chart": "demo", "version": version});
    chartdrop.run(&unpublish("1.2.0")).await;
    for key in [INDEX, "charts/demo-1.0.0.tgz", "charts/demo-1.1.0.tgz"] {
        chartdrop.system.store().delete(key).expect("deleted");
    }
    let lost = ["1.0.0", "1.1.0"].map(|version| format!("entry-lost charts/demo-{version}.tgz"));
    let missing = [vec![format!("index-missing {INDEX}")], lost.to_vec()].concat();
    assert_eq!(verify(&chartdrop).await, missing);
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "2.0.0")).await;
    let warnings = receipt["warnings"].to_string();
    assert!(
        warnings.contains("from 0 archives") && warnings.contains("demo 1.0.0, demo 1.1.0"),
        "{warnings}"
    );
    assert!(!warnings.contains("1.2.0"), "it was unpublished: {warnings}");
    chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
    assert_eq!(verify(&chartdrop).await, lost);

    // One is uploaded again, the other is unpublished.
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    assert_eq!(verify(&chartdrop).await, lost[1..]);
    let report = chartdrop.run(&unpublish("1.1.0")).await;
    assert_eq!(report["outcome"], "unpublished", "{report}");
    assert_eq!(verify(&chartdrop).await, [""; 0]);
    let other = ChartArchive::new("demo", "1.1.0").file("other.txt", "other");
    assert_eq!(chartdrop.publish(&other).await["reasonCode"], "unpublished");
}

/// A restored archive has the time of its copy, but the receipt has the time of publishing.
#[tokio::test]
async fn a_rebuilt_entry_has_the_time_in_its_receipt_if_the_archive_is_newer() {
    for by_upload in [false, true] {
        let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
        chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
        chartdrop.sweep().await;
        let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
        next_second().await;
        next_second().await;
        let archive = chartdrop
            .object("charts/demo-1.0.0.tgz")
            .expect("published")
            .bytes
            .to_vec();
        chartdrop.put("charts/demo-1.0.0.tgz", archive);
        chartdrop.system.store().delete(INDEX).expect("deleted");
        if by_upload {
            chartdrop.upload(&ChartArchive::new("demo", "1.1.0"));
            chartdrop.sweep().await;
        } else {
            chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
        }
        let index: Value = chartdrop.index();
        let entry = entries(&index).into_iter().find(|entry| entry["version"] == "1.0.0");
        assert_eq!(entry.expect("listed")["created"], receipt["recordedAt"], "{by_upload}");
    }
}
