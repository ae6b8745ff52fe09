//! The size that an upload can add to an index is bounded, and so is the memory of a run. Published
//! versions are not lost by these limits.

use serde_json::{Value, json};
use tests::faults::NoEvents;
use tests::{ChartArchive, Chartdrop};

/// A small chart whose entry has about this many bytes.
fn wordy(version: &str, bytes: usize) -> ChartArchive {
    // Each keyword is `"a",` in JSON.
    let keywords = "a,".repeat(bytes / 4);
    ChartArchive::new("demo", version).chart_yaml(format!(
        "apiVersion: v2\nname: demo\nversion: {version}\nkeywords: [{}]\n",
        keywords.trim_end_matches(',')
    ))
}

fn index_writes(chartdrop: &Chartdrop) -> usize {
    let requests = chartdrop.publish_requests();
    requests
        .iter()
        .filter(|request| *request == "PutObject charts/index.yaml")
        .count()
}

async fn verified(chartdrop: &Chartdrop) -> Value {
    let report = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
    report["differences"].clone()
}

#[tokio::test]
async fn a_small_archive_with_a_large_entry_is_rejected_and_the_reason_names_the_field() {
    for format in ["json", "yaml"] {
        let chartdrop = Chartdrop::with_settings(&[("INDEX_FORMAT", format)]).await;
        let chart = wordy("1.0.0", 160_000);
        assert!(chart.bytes().len() < 2_000);
        let receipt = chartdrop.publish(&chart).await;
        assert_eq!(receipt["outcome"], "rejected", "{receipt}");
        assert_eq!(receipt["reasonCode"], "entry-too-large");
        let reason = receipt["reason"].as_str().expect("a reason");
        assert!(
            reason.contains("`keywords`") && reason.contains("the limit is 64 KiB"),
            "{reason}"
        );
        assert!(chartdrop.object("charts/demo-1.0.0.tgz").is_none());
        let receipt = chartdrop.publish(&wordy("1.0.1", 12_000)).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
}

#[tokio::test]
async fn a_published_archive_with_a_large_entry_is_not_lost() {
    let large = wordy("1.0.0", 160_000);
    for rebuild in ["reindex", "upload"] {
        let chartdrop = Chartdrop::start().await;
        chartdrop.put("charts/demo-1.0.0.tgz", large.bytes());
        if rebuild == "reindex" {
            chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
        } else {
            chartdrop.publish(&ChartArchive::new("demo", "0.1.0")).await;
            assert_eq!(chartdrop.versions("demo"), ["1.0.0", "0.1.0"]);
            // Until a reindex, `verify` reports that the index was rebuilt.
            chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
        }
        assert_eq!(chartdrop.versions("demo")[0], "1.0.0");
        assert_eq!(verified(&chartdrop).await, json!([]));

        let index = chartdrop.text("charts/index.yaml");
        let receipt = chartdrop.publish(&large).await;
        assert_eq!(receipt["outcome"], "unchanged", "{receipt}");
        assert_eq!(chartdrop.text("charts/index.yaml"), index);
        // The archive is restored when only its entry is left.
        chartdrop
            .system
            .store()
            .delete("charts/demo-1.0.0.tgz")
            .expect("it is gone");
        tests::system::next_second().await;
        chartdrop.publish(&large).await;
        assert_eq!(verified(&chartdrop).await, json!([]));
    }
}

#[tokio::test]
async fn one_index_write_adds_at_most_a_megabyte_of_entries() {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    for number in 0..100 {
        chartdrop.upload(&wordy(&format!("1.{number}.0"), 14_000));
    }
    chartdrop.sweep().await;
    assert_eq!(chartdrop.versions("demo").len(), 100);
    assert_eq!(chartdrop.keys("staging/"), Vec::<String>::new());
    // The entries are twice as large in YAML, the form that counts.
    let writes = index_writes(&chartdrop);
    assert!((3..=5).contains(&writes), "{writes} index writes");
}

#[tokio::test]
async fn a_full_index_accepts_no_version_until_another_is_unpublished() {
    let options = local::Options {
        settings: tests::system::owned(&[("MAX_INDEX_BYTES", "20000")]),
        faults: std::sync::Arc::new(NoEvents("publish-chart")),
        ..local::Options::default()
    };
    let chartdrop = Chartdrop::with(options).await;
    for version in ["1.0.0", "1.1.0"] {
        chartdrop.upload(&wordy(version, 8_000));
        chartdrop.sweep().await;
    }
    let index = chartdrop.text("charts/index.yaml");
    let waiting = chartdrop.upload(&wordy("1.2.0", 8_000));
    let report = chartdrop.invoke("publish-chart", &json!({"command": "sweep"})).await;
    let said = match report {
        Ok(report) => report.to_string(),
        Err(error) => error.message,
    };
    for part in [
        "charts/index.yaml",
        "MAX_INDEX_BYTES",
        "the limit is 19.53 KiB",
        "unpublish",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(chartdrop.text("charts/index.yaml"), index);
    assert_eq!(chartdrop.keys("staging/"), [waiting]);

    // Another tool has made the index even larger.
    let others = format!("],\n\"large\":[\n{}\n]\n}}}}\n", entry_of_others());
    chartdrop.put("charts/index.yaml", index.replace("]\n}}\n", &others));
    for (chart, version) in [("large", "1.0.0"), ("demo", "1.0.0")] {
        let command = json!({"command": "unpublish", "repository": "", "chart": chart, "version": version});
        let report = chartdrop.run(&command).await;
        assert_eq!(report["outcome"], "unpublished", "{report}");
    }
    chartdrop.sweep().await;
    assert_eq!(chartdrop.versions("demo"), ["1.2.0", "1.1.0"]);
}

fn entry_of_others() -> String {
    json!({
        "name": "large", "version": "1.0.0", "description": "x".repeat(30_000),
        "urls": ["https://elsewhere.example.com/large-1.0.0.tgz"],
    })
    .to_string()
}
