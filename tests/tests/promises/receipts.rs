//! A receipt belongs to one upload, not to a file name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local::faults::{Delivery, Faults, RequestSeen, S3Fault, When};
use serde_json::{Value, json};
use tests::faults::NoEvents;
use tests::system::next_second;
use tests::{ChartArchive, Chartdrop, events};

/// The current ETag of this key.
fn etag(chartdrop: &Chartdrop, key: &str) -> String {
    chartdrop.object(key).expect("uploaded").etag.clone()
}

#[tokio::test]
async fn the_same_file_name_uploaded_again_gets_its_own_outcome() {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    let chart = ChartArchive::new("demo", "1.0.0");
    let uploads = [
        (chart.clone(), "published"),
        (chart.clone().file("other.txt", "other"), "rejected"),
        (chart, "unchanged"),
    ];
    for (upload, outcome) in uploads {
        let key = chartdrop.upload(&upload);
        let etag = etag(&chartdrop, &key);
        chartdrop.sweep().await;
        let receipt = chartdrop.receipt(&key);
        assert_eq!(
            (&receipt["outcome"], &receipt["uploadEtag"]),
            (&outcome.into(), &etag.into())
        );
        // The first and the last upload have the same bytes. Only their times differ, in whole
        // seconds.
        next_second().await;
    }
}

#[tokio::test]
async fn a_late_event_of_the_first_upload_does_not_decide_about_the_second() {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    let first = ChartArchive::new("demo", "1.0.0");
    let key = chartdrop.upload(&first);
    let event_of = |etag: &str| {
        let mut event = events::s3_put(chartdrop.system.bucket_name(), &[&key]);
        event["Records"][0]["s3"]["object"]["eTag"] = etag.into();
        event
    };
    let first_etag = etag(&chartdrop, &key);
    let first_event = event_of(&first_etag);
    chartdrop.run(&first_event).await;
    assert_eq!(chartdrop.receipt(&key)["uploadEtag"], first_etag);

    // If it comes before the second upload's own event, it records the second upload's outcome with
    // the right ETag.
    chartdrop.upload(&first.file("other.txt", "other"));
    let second_etag = etag(&chartdrop, &key);
    chartdrop.run(&first_event).await;
    let receipt = chartdrop.receipt(&key);
    assert_eq!(
        (&receipt["outcome"], &receipt["uploadEtag"]),
        (&"rejected".into(), &second_etag.clone().into())
    );

    // Afterwards, both events change nothing.
    for event in [first_event, event_of(&second_etag)] {
        chartdrop.run(&event).await;
        assert_eq!(chartdrop.receipt(&key), receipt);
    }
}

const UPLOAD: &str = "staging/demo-1.0.0.tgz";

/// Uploads demo 1.0.0 for a release.
fn upload_for(chartdrop: &Chartdrop, release: &str) {
    let metadata = BTreeMap::from([("release".to_owned(), release.to_owned())]);
    let bytes = ChartArchive::new("demo", "1.0.0").bytes();
    chartdrop.system.store().put(UPLOAD, bytes, metadata).expect("uploaded");
}

/// Waits until a second of S3's clock has just begun.
async fn start_of_a_second() {
    let passed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .subsec_millis();
    tokio::time::sleep(Duration::from_millis(u64::from(1_005 - passed))).await;
}

/// Asserts that the receipt says published, the index lists the version, and nothing is left in
/// staging.
#[track_caller]
fn assert_published(chartdrop: &Chartdrop) {
    let receipt = chartdrop.receipt(UPLOAD);
    assert_eq!(chartdrop.versions("demo"), ["1.0.0"], "{receipt}");
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert_eq!(receipt["release"], "v1.0.0", "{receipt}");
    assert_eq!(chartdrop.keys("staging/"), [""; 0]);
}

#[tokio::test]
async fn the_same_bytes_for_the_wrong_and_the_right_release_within_a_second_are_two_uploads() {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    start_of_a_second().await;
    let mut uploaded = Vec::new();
    for (release, outcome) in [("v9.9.9", "rejected"), ("v1.0.0", "published")] {
        upload_for(&chartdrop, release);
        chartdrop.sweep().await;
        let receipt = chartdrop.receipt(UPLOAD);
        assert_eq!(receipt["outcome"], outcome, "{receipt}");
        uploaded.push((receipt["uploadEtag"].clone(), receipt["uploadedAt"].clone()));
    }
    assert_eq!(uploaded[0], uploaded[1], "the test is of use only within a second");
    assert_published(&chartdrop);
}

/// Delays the first request of this kind by half a second, in which the second upload arrives. Only
/// events of the test are delivered.
struct Slow {
    operation: &'static str,
    key: &'static str,
    when: When,
    seen: AtomicUsize,
}

impl Slow {
    fn new(operation: &'static str, key: &'static str, when: When) -> Self {
        let seen = AtomicUsize::new(0);
        Slow {
            operation,
            key,
            when,
            seen,
        }
    }
}

impl Faults for Slow {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let is_meant = request.operation == self.operation && request.key == self.key;
        match is_meant && self.seen.fetch_add(1, Ordering::SeqCst) == 0 {
            true => S3Fault::Delay(self.when, Duration::from_millis(500)),
            false => S3Fault::None,
        }
    }

    fn delivery(&self, _: &str, payload: &[u8]) -> Delivery {
        let is_asked = String::from_utf8_lossy(payload).contains("testEvent");
        Delivery::Times(usize::from(is_asked))
    }
}

/// The second upload may arrive at any moment of the run that rejects the first one; it still gets
/// its own outcome.
#[tokio::test]
async fn an_upload_that_replaces_a_rejected_one_gets_its_own_outcome() {
    for (operation, key, when) in [
        ("CopyObject", "rejected/demo-1.0.0.tgz", When::Before),
        ("CopyObject", "rejected/demo-1.0.0.tgz", When::After),
        ("PutObject", "receipts/demo-1.0.0.tgz.json", When::Before),
        ("PutObject", "receipts/demo-1.0.0.tgz.json", When::After),
    ] {
        for at_once in [false, true] {
            let chartdrop = Chartdrop::with_faults(Slow::new(operation, key, when)).await;
            start_of_a_second().await;
            upload_for(&chartdrop, "v9.9.9");
            let mut event = chartdrop.notification(&[UPLOAD]);
            event["testEvent"] = json!(1);
            chartdrop.system.invoke_async("publish-chart", &event);
            tokio::time::sleep(Duration::from_millis(200)).await;
            upload_for(&chartdrop, "v1.0.0");
            if at_once {
                chartdrop.run(&event).await;
            }
            chartdrop.system.settled().await;
            chartdrop.sweep().await;
            assert_published(&chartdrop);
        }
    }
}

#[tokio::test]
async fn a_receipt_is_not_replaced_by_the_receipt_of_an_earlier_upload() {
    let chartdrop = Chartdrop::with_faults(Slow::new("CopyObject", "rejected/demo-1.0.0.tgz", When::After)).await;
    chartdrop.put(UPLOAD, "no chart");
    let mut event = chartdrop.notification(&[UPLOAD]);
    event["testEvent"] = json!(1);
    chartdrop.system.invoke_async("publish-chart", &event);
    tokio::time::sleep(Duration::from_millis(200)).await;
    next_second().await;
    // The run of the first upload is over; its receipt is for an upload that was replaced.
    upload_for(&chartdrop, "v1.0.0");
    chartdrop.run(&event).await;
    chartdrop.system.settled().await;
    assert_published(&chartdrop);
}

/// A releaser may upload anything next to a published chart.
#[tokio::test]
async fn a_receipt_stays_small_and_keeps_the_record_of_an_unpublish() {
    let key = tests::keys::Key::new();
    let chartdrop = Chartdrop::with_secret(&[("PROVENANCE", "verify")], key.secret_to_verify()).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let command = json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"});
    chartdrop.run(&command).await;
    // The same bytes within a second would be the same upload.
    next_second().await;
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    for number in 0..40 {
        chartdrop.put(&format!("{UPLOAD}.prov"), format!("no provenance {number}"));
        chartdrop.system.settled().await;
    }
    let receipt: Value = chartdrop.receipt(UPLOAD);
    assert_eq!(receipt["warnings"].as_array().map(Vec::len), Some(20), "{receipt}");
    assert_eq!(receipt["moreWarnings"], 20, "{receipt}");
    assert!(receipt["unpublished"].is_object(), "{receipt}");
}
