//! A sweep finds every upload regardless of other objects in the bucket, reports problems that
//! would otherwise go unnoticed, and does not fail.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use local::Options;
use local::faults::{Delivery, Faults, InvalidationFault, InvalidationSeen, RequestSeen, S3Fault, When};
use serde_json::{Value, json};
use tests::faults::{Both, NoEvents, OnRequest, Unwritable};
use tests::registry::{Answer, Registry};
use tests::{ChartArchive, Chartdrop};

/// More objects than a sweep examines, and more than two pages of a listing.
const MANY: usize = 2_100;

fn demo() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0")
}

/// Starts the system without the bucket's notifications.
async fn without_events() -> Chartdrop {
    Chartdrop::with_faults(NoEvents("publish-chart")).await
}

/// The values of a metric of publish-chart in all log lines.
fn metric(chartdrop: &Chartdrop, name: &str) -> Vec<u64> {
    let logs = chartdrop.system.function_logs("publish-chart");
    let lines = logs.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|line| line[name].as_u64()).collect()
}

/// The log messages of publish-chart that contain this.
fn said(chartdrop: &Chartdrop, part: &str) -> Vec<String> {
    let logs = chartdrop.system.function_logs("publish-chart");
    let lines = logs.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let messages = lines.filter_map(|line| Some(line["message"].as_str()?.to_owned()));
    messages.filter(|message| message.contains(part)).collect()
}

#[tokio::test]
async fn objects_that_are_not_uploads_hide_no_upload_and_are_counted() {
    for name in [".txt", "-1.0.0.tgz.prov", "-1.0.0.tar.gz"] {
        let chartdrop = without_events().await;
        for number in 0..MANY {
            chartdrop.put(&format!("staging/a{number}{name}"), "x");
        }
        let upload = chartdrop.upload(&demo());
        let answer = chartdrop.sweep().await;
        assert_eq!(chartdrop.receipt(&upload)["outcome"], "published", "{name}");
        assert_eq!(answer["foreign"]["count"], MANY, "{name}");
        assert_eq!(metric(&chartdrop, "ForeignObjects"), [MANY as u64], "{name}");
        let lines = said(&chartdrop, "they are not uploads");
        assert_eq!(lines.len(), 1, "{name}: {lines:?}");
        assert!(lines[0].contains(name) && lines[0].contains("more"), "{lines:?}");
        assert!(lines[0].len() < 10_000, "{}", lines[0].len());
        assert_eq!(metric(&chartdrop, "OldestUpload").len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_misnamed_object_gets_a_log_line_a_metric_and_a_hint() {
    let chartdrop = without_events().await;
    let named = [
        ("staging", "slash"),
        ("demo-1.0.0.tgz", "below staging/"),
        ("Staging/demo-1.0.0.tgz", "lower case"),
        ("/staging/demo-1.0.0.tgz", "begins with a slash"),
        ("staging/demo-1.0.0.TGZ", "lower case"),
        ("staging/demo-1.0.0.tar.gz", "helm package"),
        ("staging/team-a/.tgz", "NAME-VERSION.tgz"),
        ("staging/demo-1.0.0.prov", ".tgz.prov"),
    ];
    for (key, _) in named {
        chartdrop.put(key, demo().bytes());
    }
    // None of these is a mistake.
    for key in ["staging/", "staging/team-a/", "stats/2026.json"] {
        chartdrop.put(key, "");
    }
    let answer = chartdrop.sweep().await;
    assert_eq!(answer["foreign"]["count"], named.len(), "{answer}");
    let lines = said(&chartdrop, "they are not uploads").join("");
    for (key, word) in named {
        // For a key outside of staging/, only the folder is named.
        let shown = match key.split_once("taging/") {
            Some(("S", _)) => "Staging/",
            Some(("/s", _)) => "/",
            _ => key,
        };
        let first = answer["foreign"]["first"].as_array().expect("a list");
        let hint = first
            .iter()
            .find(|object| object["key"] == shown)
            .unwrap_or(&Value::Null);
        assert!(
            hint["hint"].as_str().is_some_and(|hint| hint.contains(word)),
            "{key}: {answer}"
        );
        assert!(lines.contains(shown), "{key}: {lines}");
    }
    assert_eq!(metric(&chartdrop, "ForeignObjects"), [named.len() as u64]);
}

/// Slows listings down, so that a sweep has time for two pages.
struct SlowListing;

impl Faults for SlowListing {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        match (request.operation.as_str(), request.prefix.as_str()) {
            ("ListObjectsV2", "staging/") => S3Fault::Delay(When::Before, Duration::from_millis(1_600)),
            _ => S3Fault::None,
        }
    }

    fn delivery(&self, _: &str, _: &[u8]) -> Delivery {
        Delivery::Times(0)
    }
}

#[tokio::test]
async fn a_sweep_without_time_for_the_whole_listing_continues_where_the_last_one_stopped() {
    let chartdrop = Chartdrop::with(Options {
        faults: Arc::new(SlowListing),
        publish_timeout: Duration::from_secs(8),
        instances: 1,
        ..Options::default()
    })
    .await;
    for number in 0..3 * MANY {
        chartdrop.put(&format!("staging/a{number}.txt"), "x");
    }
    let (first, last) = ("staging/0-1.0.0.tgz", "staging/z-1.0.0.tgz");
    let upload = |key: &str, name: &str| chartdrop.put(key, ChartArchive::new(name, "1.0.0").bytes());
    upload(last, "z");
    for sweeps in 1.. {
        chartdrop.sweep().await;
        if chartdrop.object(last).is_none() {
            assert!(sweeps > 1, "the listing is too short to be of use here");
            break;
        }
        assert!(sweeps < 6, "the sweeps never come to the end");
    }
    // After the end, the next sweep starts from the beginning.
    upload(first, "0");
    for _ in 0..4 {
        chartdrop.sweep().await;
    }
    assert_eq!(chartdrop.receipt(first)["outcome"], "published");
}

#[tokio::test]
async fn a_key_that_xml_cannot_express_does_not_break_a_listing() {
    let chartdrop = without_events().await;
    let upload = chartdrop.upload(&demo());
    let odd = "staging/a\u{1}b c+d%20\u{85}ü.txt";
    chartdrop.put(odd, "x");
    chartdrop.put("charts/a\u{1}b.tgz", "x");
    let answer = chartdrop.sweep().await;
    assert_eq!(chartdrop.receipt(&upload)["outcome"], "published");
    assert_eq!(answer["foreign"]["first"][0]["key"], odd, "{answer}");
    let verified = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
    assert!(verified.to_string().contains("charts/a\\u0001b.tgz"), "{verified}");
    let swept = chartdrop.invoke("invalidate-cdn", &json!({"command": "sweep"})).await;
    swept.expect("it lists charts/ too");
}

#[tokio::test]
async fn a_batch_finds_uploads_behind_objects_that_are_not_uploads() {
    let lost = S3Fault::Fail(When::Before, 412, "PreconditionFailed");
    let faults = Both(
        NoEvents("publish-chart"),
        OnRequest::new("PutObject", "charts/index.yaml", [lost]),
    );
    let chartdrop = Chartdrop::with_faults(faults).await;
    for number in 0..MANY {
        chartdrop.put(&format!("staging/a{number}.txt"), "x");
    }
    let upload = chartdrop.upload(&demo());
    chartdrop.upload(&ChartArchive::new("demo", "1.1.0"));
    chartdrop.run(&chartdrop.notification(&[&upload])).await;
    assert_eq!(chartdrop.versions("demo"), ["1.1.0", "1.0.0"]);
}

#[tokio::test]
async fn the_mirror_finds_its_notes_behind_other_objects() {
    let registry = Registry::start().await;
    let mirror = format!("oci://{}/charts", registry.host());
    let chartdrop = Chartdrop::with(Options {
        settings: BTreeMap::from([("OCI_MIRROR".to_owned(), mirror)]),
        secret: Some("{}".to_owned()),
        ..Options::default()
    })
    .await;
    registry.answer("charts/demo/manifests/1.0.0", Answer::Status(503));
    chartdrop.publish(&demo()).await;
    for number in 0..MANY {
        chartdrop.put(&format!("mirror/a{number}.txt"), "x");
    }
    registry.answer_as_usual("charts/demo/manifests/1.0.0");
    chartdrop.sweep().await;
    assert!(registry.manifest("charts/demo", "1.0.0").is_some());
}

#[tokio::test]
async fn a_sweep_reports_failures_and_succeeds() {
    let faults = Unwritable::new("charts/index.yaml");
    let chartdrop = Chartdrop::with(Options {
        faults: Arc::new(Both(NoEvents("no-function"), faults.clone())),
        notifications: false,
        retry_delays: vec![Duration::from_millis(50); 2],
        ..Options::default()
    })
    .await;
    let upload = chartdrop.upload(&demo());
    chartdrop
        .system
        .invoke_async("publish-chart", &json!({"command": "sweep"}));
    chartdrop.system.settled().await;
    let dead = chartdrop.system.dead_letters();
    assert!(dead.is_empty(), "a sweep is neither tried again nor queued: {dead:?}");
    assert_eq!(metric(&chartdrop, "SweepFailures"), [1]);
    assert_eq!(metric(&chartdrop, "OldestUpload").len(), 1);

    let answer = chartdrop.run(&json!({"command": "sweep"})).await;
    assert_eq!(answer["failed"][0]["upload"], upload, "{answer}");
    assert!(
        answer["failed"][0]["error"]
            .as_str()
            .is_some_and(|error| error.contains("index.yaml"))
    );
    // An event, unlike a sweep, still fails: it has retries and a queue.
    chartdrop
        .invoke("publish-chart", &chartdrop.notification(&[&upload]))
        .await
        .expect_err("the event");

    faults.make_writable();
    chartdrop.sweep().await;
    assert_eq!(chartdrop.receipt(&upload)["outcome"], "published");
}

/// CloudFront rejects every invalidation.
struct NoInvalidations;

impl Faults for NoInvalidations {
    fn invalidation(&self, _: &InvalidationSeen) -> InvalidationFault {
        InvalidationFault::Fail(When::Before, 400, "TooManyInvalidationsInProgress")
    }

    fn delivery(&self, _: &str, payload: &[u8]) -> Delivery {
        Delivery::Times(usize::from(!String::from_utf8_lossy(payload).contains("index.yaml")))
    }
}

#[tokio::test]
async fn a_sweep_of_invalidations_reports_failures_and_succeeds() {
    let chartdrop = Chartdrop::with(Options {
        faults: Arc::new(NoInvalidations),
        retry_delays: vec![Duration::from_millis(50); 2],
        ..Options::default()
    })
    .await;
    chartdrop.publish(&demo()).await;
    let sweep = json!({"command": "sweep"});
    chartdrop.system.invoke_async("invalidate-cdn", &sweep);
    chartdrop.system.settled().await;
    let dead = chartdrop.system.dead_letters();
    assert!(dead.is_empty(), "a sweep is neither tried again nor queued: {dead:?}");
    let answer = chartdrop.invoke("invalidate-cdn", &sweep).await.expect("an answer");
    let failed = answer["failed"][0].as_str().unwrap_or_default();
    assert!(failed.contains("charts/index.yaml"), "{answer}");
    let logs = chartdrop.system.function_logs("invalidate-cdn").join("\n");
    assert_eq!(logs.matches(r#""SweepFailures":1"#).count(), 2, "{logs}");
    assert!(logs.contains("the sweep is incomplete"), "{logs}");
}

/// `staging/` cannot be listed.
struct NoListing;

impl Faults for NoListing {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        match (request.operation.as_str(), request.prefix.as_str()) {
            ("ListObjectsV2", "staging/") => S3Fault::Fail(When::Before, 403, "AccessDenied"),
            _ => S3Fault::None,
        }
    }
}

#[tokio::test]
async fn a_sweep_reports_a_listing_that_fails() {
    let chartdrop = Chartdrop::with_faults(NoListing).await;
    chartdrop.put("staging", "x");
    let answer = chartdrop.run(&json!({"command": "sweep"})).await;
    let problem = answer["problems"][0].as_str().unwrap_or_default();
    assert!(
        problem.contains("staging") && problem.contains("access denied"),
        "{answer}"
    );
    assert_eq!(metric(&chartdrop, "SweepFailures"), [1]);
    assert_eq!(answer["foreign"]["count"], 1, "the rest of the sweep is done: {answer}");
}
