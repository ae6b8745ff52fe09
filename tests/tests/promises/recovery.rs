//! Recovery when S3 fails, answers late or closes the connection, and when a run is killed at any
//! point.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::Options;
use local::faults::{Delivery, Faults, RequestSeen, S3Fault, When};
use serde_json::json;
use tests::faults::{Both, NoEvents, OnNumber, OnRequest, Unwritable};
use tests::{ChartArchive, Chartdrop};

/// The number of requests of a publish into an existing repository.
const REQUESTS: usize = 6;

/// A repository with demo 1.0.0, whose functions meet these faults from then on.
async fn repository(faults: impl Faults + 'static) -> Chartdrop {
    let options = Options {
        faults: Arc::new(faults),
        retry_delays: vec![Duration::from_millis(50), Duration::from_millis(100)],
        ..Options::default()
    };
    let chartdrop = Chartdrop::with(options).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    chartdrop
}

async fn assert_published(chartdrop: &Chartdrop, version: &str) {
    let upload = format!("staging/demo-{version}.tgz");
    assert_eq!(chartdrop.receipt(&upload)["outcome"], "published");
    assert!(
        chartdrop.versions("demo").contains(&version.to_owned()),
        "{:?}",
        chartdrop.versions("demo")
    );
    assert!(
        chartdrop.versions("demo").contains(&"1.0.0".to_owned()),
        "what was there stays"
    );
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
    assert!(chartdrop.keys("staging/").is_empty() && chartdrop.keys("rejected/").is_empty());
}

#[tokio::test]
async fn a_run_killed_at_any_request_is_finished_by_the_next_run() {
    for number in 1..=REQUESTS {
        for when in [When::Before, When::After] {
            let chartdrop = repository(Killed::new(number, when)).await;
            chartdrop.upload(&ChartArchive::new("demo", "1.1.0"));
            chartdrop.settled().await;
            let cut = chartdrop
                .system
                .s3_requests()
                .iter()
                .filter(|request| request.status == 0)
                .count();
            assert_eq!(cut, 1, "the run was killed at request {number}");
            assert_published(&chartdrop, "1.1.0").await;
        }
    }
}

/// Kills publish-chart at its n-th request after demo 1.1.0 is uploaded.
struct Killed {
    number: usize,
    when: When,
    seen: Mutex<Option<usize>>,
}

impl Killed {
    fn new(number: usize, when: When) -> Self {
        Killed {
            number,
            when,
            seen: Mutex::new(None),
        }
    }
}

impl Faults for Killed {
    fn delivery(&self, _: &str, payload: &[u8]) -> Delivery {
        if String::from_utf8_lossy(payload).contains("demo-1.1.0") {
            self.seen.lock().expect("no panic").get_or_insert(0);
        }
        Delivery::Once
    }

    fn s3(&self, request: &RequestSeen) -> S3Fault {
        if request.function.as_deref() != Some("publish-chart") {
            return S3Fault::None;
        }
        let mut seen = self.seen.lock().expect("no panic");
        match seen.as_mut() {
            Some(count) => {
                *count += 1;
                if *count == self.number {
                    S3Fault::Kill(self.when)
                } else {
                    S3Fault::None
                }
            }
            None => S3Fault::None,
        }
    }
}

#[tokio::test]
async fn an_index_that_cannot_be_read_never_counts_as_missing() {
    for (status, code) in [
        (500, "InternalError"),
        (503, "SlowDown"),
        (403, "AccessDenied"),
        (503, "ServiceUnavailable"),
    ] {
        let forever = std::iter::repeat_n(S3Fault::Fail(When::Before, status, code), 1_000);
        let chartdrop = Chartdrop::with_faults(Both(
            NoEvents("publish-chart"),
            OnRequest::new("GetObject", "charts/index.yaml", forever),
        ))
        .await;
        let existing = r#"{"apiVersion":"v1","entries":{"old":[{"apiVersion":"v2","name":"old","version":"1.0.0","urls":["old-1.0.0.tgz"]}]}}"#;
        chartdrop.put("charts/index.yaml", existing);
        let key = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
        let event = chartdrop.notification(&[&key]);
        chartdrop
            .invoke("publish-chart", &event)
            .await
            .expect_err("a failed publish");
        assert_eq!(chartdrop.text("charts/index.yaml"), existing, "{code}");
        assert_eq!(chartdrop.keys("staging/"), [key], "{code}");
    }
}

#[tokio::test]
async fn a_lost_compare_and_swap_is_retried() {
    for (status, code) in [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict")] {
        let faults = (0..3).map(|_| S3Fault::Fail(When::Before, status, code));
        let chartdrop = Chartdrop::with_faults(OnRequest::new("PutObject", "charts/index.yaml", faults)).await;
        let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
        assert_eq!(receipt["outcome"], "published", "{code}: {receipt}");
        assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
    }
}

#[tokio::test]
async fn a_lost_answer_to_an_index_write_duplicates_nothing() {
    for fault in [
        S3Fault::Disconnect(When::After),
        S3Fault::Fail(When::After, 500, "InternalError"),
        S3Fault::Fail(When::After, 503, "SlowDown"),
    ] {
        let chartdrop = Chartdrop::with_faults(OnRequest::new("PutObject", "charts/index.yaml", [fault.clone()])).await;
        let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
        assert_eq!(receipt["outcome"], "published", "{fault:?}: {receipt}");
        assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
        chartdrop.assert_all_downloads(&chartdrop.index()).await;
    }
}

#[tokio::test]
async fn a_lost_answer_to_an_archive_write_is_still_a_publish() {
    for fault in [
        S3Fault::Disconnect(When::After),
        S3Fault::Fail(When::After, 500, "InternalError"),
    ] {
        let faults = OnRequest::new("PutObject", "charts/demo-1.0.0.tgz", [fault.clone()]);
        let chartdrop = Chartdrop::with_faults(faults).await;
        let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
        assert_eq!(receipt["outcome"], "published", "{fault:?}: {receipt}");
        chartdrop.assert_all_downloads(&chartdrop.index()).await;
    }
}

#[tokio::test]
async fn a_request_that_fails_once_or_twice_does_not_fail_the_publish() {
    for number in 1..=REQUESTS + 1 {
        let chartdrop = Chartdrop::with_faults(OnNumber(number, S3Fault::Fail(When::Before, 503, "SlowDown"))).await;
        let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
        assert_eq!(receipt["outcome"], "published", "request {number}: {receipt}");
    }
}

#[tokio::test]
async fn an_index_lost_from_a_folder_of_archives_is_rebuilt_from_them() {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.0.0", "1.1.0", "2.0.0+b"] {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    chartdrop.upload_to("team-a/", &ChartArchive::new("other", "1.0.0"));
    chartdrop.settled().await;
    chartdrop.system.store().delete("charts/index.yaml").expect("deleted");
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "3.0.0")).await;

    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert_eq!(chartdrop.versions("demo"), ["3.0.0", "2.0.0+b", "1.1.0", "1.0.0"]);
    assert!(
        chartdrop.versions("other").is_empty(),
        "folders below are repositories of their own"
    );
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

#[tokio::test]
async fn a_publish_that_keeps_failing_goes_to_the_dead_letter_queue_and_a_sweep_publishes_it() {
    let faults = Unwritable::new("charts/index.yaml");
    let options = Options {
        faults: Arc::new(faults.clone()),
        retry_delays: vec![Duration::from_millis(50); 2],
        ..Options::default()
    };
    let chartdrop = Chartdrop::with(options).await;
    let key = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    chartdrop.system.settled().await;
    let dead = chartdrop.system.dead_letters();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].attempts, 3);
    assert!(chartdrop.keys("staging/").contains(&key) && chartdrop.object("charts/index.yaml").is_none());

    faults.make_writable();
    chartdrop.sweep().await;
    assert_eq!(chartdrop.receipt(&key)["outcome"], "published");
    assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
}

/// Archives that users can install today, although Chartdrop would reject them as uploads.
fn of_other_tools() -> Vec<(&'static str, ChartArchive)> {
    let common = |chart: ChartArchive, version: &str| {
        let text = format!("apiVersion: v2\nname: common\nversion: {version}\n");
        chart.file("charts/common/Chart.yaml", text)
    };
    let twice = common(common(ChartArchive::new("twice", "1.0.0"), "1.0.0"), "2.0.0");
    let missing = "dependencies: [{name: redis, version: 17.x, repository: https://example.com}]\n";
    vec![
        ("twice-1.0.0.tgz", twice),
        ("dotted-1.0.0.tgz", ChartArchive::new("dotted", "1.0.0").in_folder(".")),
        (
            "missing-1.0.0.tgz",
            ChartArchive::new("missing", "1.0.0").with_chart_yaml(missing),
        ),
        (
            "large-1.0.0.tgz",
            ChartArchive::new("large", "1.0.0").file("large", vec![b'x'; 6 << 20]),
        ),
        ("latest.tgz", ChartArchive::new("renamed", "1.0.0")),
        // A copy of another archive, under a different name.
        ("a-copy.tgz", ChartArchive::new("plain", "1.0.0").packed_at(1)),
        ("plain-1.0.0.tgz", ChartArchive::new("plain", "1.0.0")),
    ]
}

#[tokio::test]
async fn a_lost_index_is_rebuilt_even_from_archives_that_would_be_rejected_as_uploads() {
    let chartdrop = Chartdrop::start().await;
    for (file, chart) in of_other_tools() {
        chartdrop.put(&format!("charts/{file}"), chart.bytes());
    }
    chartdrop.put("charts/broken-1.0.0.tgz", "no archive");
    let receipt = chartdrop.publish(&ChartArchive::new("new", "1.0.0")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    let index = chartdrop.index();
    let charts: Vec<&String> = index["entries"].as_object().expect("entries").keys().collect();
    assert_eq!(
        charts,
        ["dotted", "large", "missing", "new", "plain", "renamed", "twice"]
    );
    let url = |chart: &str| {
        index["entries"][chart][0]["urls"][0]
            .as_str()
            .expect("a URL")
            .to_owned()
    };
    assert!(url("renamed").ends_with("/latest.tgz"), "{index}");
    assert!(url("plain").ends_with("/plain-1.0.0.tgz"), "{index}");
    chartdrop.assert_all_downloads(&index).await;

    // A reindex finds the same.
    let verified = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
    let found = verified["differences"].as_array().expect("differences").iter();
    let found: Vec<String> = found
        .map(|found| {
            format!(
                "{} {}",
                found["kind"].as_str().expect("text"),
                found["key"].as_str().expect("text")
            )
        })
        .collect();
    let left = [
        "listed-elsewhere charts/a-copy.tgz",
        "unreadable-archive charts/broken-1.0.0.tgz",
        "file-name charts/latest.tgz",
        "index-rebuilt charts/index.yaml",
    ];
    assert_eq!(found, left, "{verified:#}");
    let broken = verified["differences"][1]["message"].as_str().expect("text");
    assert!(broken.starts_with("Helm cannot load the archive: "), "{broken}");
    chartdrop.system.store().delete("charts/index.yaml").expect("deleted");
    chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
    let rebuilt = chartdrop.index();
    assert_eq!(rebuilt["entries"].as_object().expect("entries").len(), 7, "{rebuilt}");
    assert!(rebuilt.to_string().contains("/plain-1.0.0.tgz"), "{rebuilt}");
}

#[tokio::test]
async fn an_upload_is_compared_with_a_published_archive_as_helm_reads_it() {
    let chartdrop = Chartdrop::start().await;
    let published = ChartArchive::new("demo", "1.0.0").file("a", "1").file("a", "2");
    chartdrop.put("charts/demo-1.0.0.tgz", published.bytes());
    chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
    let receipt = chartdrop
        .publish(&ChartArchive::new("demo", "1.0.0").file("a", "2"))
        .await;
    assert_eq!(receipt["outcome"], "unchanged", "{receipt}");
    let receipt = chartdrop
        .publish(&ChartArchive::new("demo", "1.0.0").file("a", "1"))
        .await;
    assert_eq!(receipt["reasonCode"], "other-content", "{receipt}");
}
