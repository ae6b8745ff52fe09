//! The triggers of publish-chart, including duplicated, late and reordered events.

use std::time::Duration;

use serde_json::json;
use tests::faults::{Late, NoEvents, Repeated};
use tests::{ChartArchive, Chartdrop, events};

/// Starts the system without the bucket's notifications, so that a test sends its own events.
async fn without_events() -> Chartdrop {
    Chartdrop::with_faults(NoEvents("publish-chart")).await
}

#[tokio::test]
async fn one_event_may_name_several_uploads() {
    let chartdrop = without_events().await;
    let one = chartdrop.upload(&ChartArchive::new("one", "1.0.0"));
    let two = chartdrop.upload_to("team-a/", &ChartArchive::new("two", "2.0.0+b"));
    let three = chartdrop.upload(&ChartArchive::new("three", "3.0.0"));
    chartdrop
        .run(&chartdrop.notification(&[&one, &two, &three, &one]))
        .await;

    for key in [&one, &two, &three] {
        assert_eq!(chartdrop.receipt(key)["outcome"], "published");
    }
    assert_eq!(
        chartdrop.index()["entries"].as_object().map(serde_json::Map::len),
        Some(2)
    );
}

#[tokio::test]
async fn uploads_of_one_event_share_an_index_write() {
    let chartdrop = without_events().await;
    let keys: Vec<String> = (0..5)
        .map(|number| chartdrop.upload(&ChartArchive::new("demo", &format!("1.0.{number}"))))
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    chartdrop.run(&chartdrop.notification(&keys)).await;

    assert_eq!(chartdrop.versions("demo").len(), 5);
    let writes = chartdrop
        .publish_requests()
        .iter()
        .filter(|request| *request == "PutObject charts/index.yaml")
        .count();
    assert_eq!(writes, 1);
}

#[tokio::test]
async fn an_event_from_eventbridge_publishes_too() {
    let chartdrop = without_events().await;
    let key = chartdrop.upload(&ChartArchive::new("kube9-operator", "1.0.0"));
    chartdrop.run(&events::sample("eventbridge-object-created.json")).await;
    assert_eq!(chartdrop.receipt(&key)["outcome"], "published");
}

#[tokio::test]
async fn the_key_of_an_eventbridge_event_is_not_decoded() {
    let chartdrop = without_events().await;
    let key = chartdrop.upload(&ChartArchive::new("demo", "1.0.0+b"));
    let mut event = events::sample("eventbridge-object-created.json");
    event["detail"]["object"]["key"] = key.as_str().into();
    chartdrop.run(&event).await;
    assert_eq!(chartdrop.receipt(&key)["outcome"], "published");
}

#[tokio::test]
async fn a_sweep_publishes_every_upload() {
    let chartdrop = without_events().await;
    let root = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    let team = chartdrop.upload_to("team-a/", &ChartArchive::new("demo", "1.0.0"));
    chartdrop.run(&events::sample("sweep.json")).await;
    for key in [&root, &team] {
        assert_eq!(chartdrop.receipt(key)["outcome"], "published");
    }
    assert!(chartdrop.keys("staging/").is_empty());
}

#[tokio::test]
async fn a_sweep_without_uploads_does_nothing() {
    let chartdrop = without_events().await;
    chartdrop.sweep().await;
    assert!(chartdrop.keys("").is_empty());
}

#[tokio::test]
async fn the_test_event_of_s3_is_accepted_and_does_nothing() {
    let chartdrop = without_events().await;
    chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    chartdrop.run(&events::sample("s3-test-event.json")).await;
    assert_eq!(chartdrop.keys(""), ["staging/demo-1.0.0.tgz"]);
}

#[tokio::test]
async fn an_unknown_event_is_an_error_that_lists_what_is_accepted() {
    let chartdrop = without_events().await;
    for event in [
        json!({}),
        json!({"command": "publish"}),
        json!({"hello": "world"}),
        json!([1]),
        json!("sweep"),
    ] {
        let error = chartdrop
            .invoke("publish-chart", &event)
            .await
            .expect_err("not accepted");
        for accepted in ["S3", "EventBridge", "sweep"] {
            assert!(error.message.contains(accepted), "{event}: {}", error.message);
        }
    }
}

#[tokio::test]
async fn a_repeated_event_publishes_once() {
    let chartdrop = Chartdrop::with_faults(Repeated(4)).await;
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    assert_eq!(receipt["outcome"], "published");
    assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
    assert_eq!(chartdrop.keys("rejected/"), [""; 0]);
    assert!(chartdrop.keys("staging/").is_empty());
}

#[tokio::test]
async fn an_event_repeated_after_the_upload_was_removed_changes_nothing() {
    let chartdrop = Chartdrop::start().await;
    let key = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    chartdrop.settled().await;
    let (index, receipt) = (chartdrop.text("charts/index.yaml"), chartdrop.receipt(&key));
    chartdrop.run(&chartdrop.notification(&[&key])).await;

    assert_eq!(chartdrop.text("charts/index.yaml"), index);
    assert_eq!(chartdrop.receipt(&key), receipt);
}

#[tokio::test]
async fn an_event_may_arrive_after_those_of_later_versions() {
    let chartdrop = Chartdrop::with_faults(Late("demo-1.0.0.tgz", Duration::from_millis(700))).await;
    let first = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    let second = chartdrop.upload(&ChartArchive::new("demo", "1.1.0"));
    chartdrop.settled().await;
    for key in [&first, &second] {
        assert_eq!(chartdrop.receipt(key)["outcome"], "published");
    }
    assert_eq!(chartdrop.versions("demo"), ["1.1.0", "1.0.0"]);
}

#[tokio::test]
async fn an_upload_whose_event_was_lost_is_published_by_the_next_sweep() {
    let chartdrop = without_events().await;
    let lost = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    chartdrop.settled().await;
    assert_eq!(chartdrop.keys("receipts/"), [""; 0]);
    chartdrop.sweep().await;
    assert_eq!(chartdrop.receipt(&lost)["outcome"], "published");
}

#[tokio::test]
async fn an_event_of_a_withdrawn_upload_does_not_fail() {
    let chartdrop = without_events().await;
    let key = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    chartdrop.system.store().delete(&key).expect("deleted");
    chartdrop.run(&chartdrop.notification(&[&key])).await;
    assert!(chartdrop.keys("").is_empty());
}

#[tokio::test]
async fn an_object_that_is_not_an_archive_stays_in_staging() {
    let chartdrop = without_events().await;
    chartdrop.put("staging/notes.txt", "no chart");
    chartdrop.put("staging/demo-1.0.0.tgz.prov", "a provenance file before its archive");
    chartdrop.run(&chartdrop.notification(&["staging/notes.txt"])).await;
    chartdrop.sweep().await;
    assert_eq!(chartdrop.keys(""), ["staging/demo-1.0.0.tgz.prov", "staging/notes.txt"]);
}

#[tokio::test]
async fn an_event_of_another_bucket_is_rejected() {
    let chartdrop = without_events().await;
    let event = events::s3_put("another-bucket", &["staging/demo-1.0.0.tgz"]);
    let upload = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    let error = chartdrop.invoke("publish-chart", &event).await.expect_err("an error");
    for bucket in ["another-bucket", chartdrop.system.bucket_name()] {
        assert!(error.message.contains(bucket), "{}", error.message);
    }
    assert_eq!(chartdrop.keys(""), [upload]);
}

#[tokio::test]
async fn every_sample_event_is_accepted_by_its_function() {
    let chartdrop = Chartdrop::start().await;
    for file in std::fs::read_dir(events::folder()).expect("tests/events") {
        let name = file.expect("a file").file_name().into_string().expect("a name");
        let function = if name.starts_with("index-") || name.starts_with("archive-") {
            "invalidate-cdn"
        } else {
            "publish-chart"
        };
        let answer = chartdrop.invoke(function, &events::sample(&name)).await;
        answer.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
