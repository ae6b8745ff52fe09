//! The newest index always reaches the edge, with one invalidation per index version.

use serde_json::{Value, json};
use tests::faults::{NoEvents, Repeated};
use tests::{ChartArchive, Chartdrop, events};

/// The versions that a client of the edge sees in the index.
async fn seen(chartdrop: &Chartdrop) -> Vec<String> {
    let index: Value = serde_json::from_slice(&chartdrop.edge("/index.yaml").await.body).expect("an index");
    tests::system::versions(&index, "demo")
}

/// The event of the last index write.
fn index_written(chartdrop: &Chartdrop) -> Value {
    let mut event = events::s3_put(chartdrop.system.bucket_name(), &["charts/index.yaml"]);
    let etag = chartdrop.object("charts/index.yaml").expect("an index").etag.clone();
    event["Records"][0]["s3"]["object"]["eTag"] = etag.into();
    event
}

#[tokio::test]
async fn a_client_sees_the_new_index_once_it_is_invalidated() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    assert_eq!(seen(&chartdrop).await, ["1.0.0"]);
    assert_eq!(seen(&chartdrop).await, ["1.0.0"]);
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    assert_eq!(seen(&chartdrop).await, ["1.1.0", "1.0.0"]);
}

#[tokio::test]
async fn a_sweep_makes_the_missing_invalidation_once() {
    let chartdrop = Chartdrop::with_faults(NoEvents("invalidate-cdn")).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    assert_eq!(seen(&chartdrop).await, ["1.0.0"]);
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    let sweep = json!({"command": "sweep"});
    for _ in 0..2 {
        let answer = chartdrop.invoke("invalidate-cdn", &sweep).await.expect("it sweeps");
        assert_eq!(answer["indexes"][0]["index"], "charts/index.yaml", "{answer}");
        chartdrop.settled().await;
        assert_eq!(seen(&chartdrop).await, ["1.1.0", "1.0.0"]);
    }
    assert_eq!(chartdrop.system.invalidations(), [["/index.yaml"]]);
}

#[tokio::test]
async fn without_invalidate_cdn_a_client_sees_the_old_index() {
    let chartdrop = Chartdrop::with_faults(NoEvents("invalidate-cdn")).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    assert_eq!(seen(&chartdrop).await, ["1.0.0"]);
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    assert_eq!(
        seen(&chartdrop).await,
        ["1.0.0"],
        "the edge has the index for five minutes"
    );

    chartdrop
        .invoke("invalidate-cdn", &index_written(&chartdrop))
        .await
        .expect("invalidated");
    chartdrop.settled().await;
    assert_eq!(seen(&chartdrop).await, ["1.1.0", "1.0.0"]);
}

#[tokio::test]
async fn only_the_index_that_was_written_is_invalidated() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    chartdrop.upload_to("team-a/", &ChartArchive::new("demo", "1.0.0"));
    chartdrop.settled().await;
    let paths: Vec<Vec<String>> = chartdrop.system.invalidations();
    assert_eq!(paths, [["/index.yaml"], ["/team-a/index.yaml"]]);
}

#[tokio::test]
async fn a_repeated_event_makes_no_second_invalidation() {
    let chartdrop = Chartdrop::with_faults(Repeated(3)).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let event = index_written(&chartdrop);
    for _ in 0..2 {
        chartdrop.invoke("invalidate-cdn", &event).await.expect("answered");
    }
    chartdrop.settled().await;
    assert_eq!(chartdrop.system.invalidations().len(), 1);
}

#[tokio::test]
async fn each_index_version_gets_its_own_invalidation() {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    assert_eq!(chartdrop.system.invalidations().len(), 3);
}

#[tokio::test]
async fn the_event_of_an_index_that_was_written_again_is_left_to_the_later_event() {
    let chartdrop = Chartdrop::with_faults(NoEvents("invalidate-cdn")).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let old = index_written(&chartdrop);
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    let new = index_written(&chartdrop);

    chartdrop.invoke("invalidate-cdn", &old).await.expect("answered");
    assert_eq!(chartdrop.system.invalidations().len(), 0);
    chartdrop.invoke("invalidate-cdn", &new).await.expect("answered");
    assert_eq!(chartdrop.system.invalidations().len(), 1);
}

#[tokio::test]
async fn an_index_that_returns_to_earlier_bytes_is_invalidated_again() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let earlier = chartdrop.text("charts/index.yaml");
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    assert_eq!(seen(&chartdrop).await.len(), 2);
    tests::system::next_second().await;
    chartdrop.put("charts/index.yaml", earlier);
    chartdrop.settled().await;
    assert_eq!(seen(&chartdrop).await, ["1.0.0"]);
}

#[tokio::test]
async fn a_burst_needs_few_invalidations() {
    let chartdrop = Chartdrop::start().await;
    for number in 0..60 {
        chartdrop.upload(&ChartArchive::new("demo", &format!("0.{number}.0")));
    }
    chartdrop.settled().await;
    assert_eq!(seen(&chartdrop).await.len(), 60);
    let made = chartdrop.system.invalidations().len();
    assert!(made <= 30, "{made} invalidations for 60 uploads");
}

#[tokio::test]
async fn archives_are_not_invalidated() {
    let chartdrop = Chartdrop::start().await;
    let event = events::s3_put(chartdrop.system.bucket_name(), &["charts/demo-1.0.0.tgz"]);
    let answer = chartdrop.invoke("invalidate-cdn", &event).await.expect("answered");
    assert_eq!(chartdrop.system.invalidations().len(), 0, "{answer}");
}

#[tokio::test]
async fn an_event_unknown_to_invalidate_cdn_is_an_error_that_lists_what_it_accepts() {
    let chartdrop = Chartdrop::start().await;
    let error = chartdrop
        .invoke("invalidate-cdn", &json!({"command": "dance"}))
        .await
        .expect_err("unknown");
    assert!(
        error.message.contains("S3") && error.message.contains("written indexes"),
        "{}",
        error.message
    );
}

/// The differences that `{"command":"verify","edge":true}` finds, as `KIND KEY`, and the number of
/// archives that it downloaded.
async fn verified_at_the_edge(chartdrop: &Chartdrop) -> (Vec<String>, Value) {
    let command = json!({"command": "verify", "repository": "", "edge": true});
    let report = chartdrop.run(&command).await;
    let told = |difference: &Value| {
        let text = |field: &str| difference[field].as_str().expect("text").to_owned();
        format!("{} {}", text("kind"), text("key"))
    };
    let differences = report["differences"].as_array().expect("a list").iter().map(told);
    assert_eq!(report["complete"], true, "{report}");
    (differences.collect(), report["edge"]["archives"].clone())
}

#[tokio::test]
async fn verify_downloads_from_the_edge_only_on_request() {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.0.0", "1.1.0+b1"] {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    assert_eq!(verified_at_the_edge(&chartdrop).await, (vec![], json!(2)));
    let plain = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
    assert_eq!(plain.get("edge"), None, "{plain}");
}

#[tokio::test]
async fn verify_finds_archives_that_only_the_edge_serves_wrong() {
    let chartdrop = Chartdrop::with_faults(NoEvents("invalidate-cdn")).await;
    let first = ChartArchive::new("demo", "1.0.0");
    // The edge may cache other bytes for a year after the bucket has been repaired.
    let store = chartdrop.system.store();
    store
        .put("charts/demo-1.0.0.tgz", "other bytes", Default::default())
        .expect("the bucket accepts every write");
    assert_eq!(chartdrop.edge("/demo-1.0.0.tgz").await.body, b"other bytes");
    store.delete("charts/demo-1.0.0.tgz").expect("it is gone");
    chartdrop.publish(&first).await;
    assert_eq!(seen(&chartdrop).await, ["1.0.0"]);
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;

    let plain = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
    assert_eq!(plain["differences"], json!([]), "the bucket is as it should be");
    let (differences, archives) = verified_at_the_edge(&chartdrop).await;
    assert_eq!(
        differences,
        ["edge-digest charts/index.yaml", "edge-digest charts/demo-1.0.0.tgz"]
    );
    assert_eq!(archives, 2);
}
