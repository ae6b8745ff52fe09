//! The versions of a chart must match its release (`VERSION_CHECK`).

use std::collections::BTreeMap;

use serde_json::Value;
use tests::{ChartArchive, Chartdrop};

/// Uploads a chart with its release tag as metadata, as `aws s3 cp --metadata release=TAG` does,
/// and returns the receipt.
async fn release(chartdrop: &Chartdrop, tag: &str, chart: &ChartArchive) -> Value {
    let key = format!("staging/{}", chart.file_name());
    let metadata = BTreeMap::from([("release".to_owned(), tag.to_owned())]);
    let store = chartdrop.system.store();
    store
        .put(&key, chart.bytes(), metadata)
        .expect("the bucket accepts every write");
    chartdrop.settled().await;
    chartdrop.receipt(&key)
}

fn chart(version: &str, app_version: &str) -> ChartArchive {
    let yaml = format!("apiVersion: v2\nname: demo\nversion: {version}\nappVersion: \"{app_version}\"\n");
    ChartArchive::new("demo", version).chart_yaml(yaml)
}

#[tokio::test]
async fn a_chart_whose_version_differs_from_its_release_is_rejected_with_what_to_change() {
    let chartdrop = Chartdrop::start().await;
    let receipt = release(&chartdrop, "v1.0.4", &chart("1.0.0", "1.0.0")).await;

    assert_eq!(receipt["outcome"], "rejected");
    assert_eq!(receipt["reasonCode"], "release-version");
    let reason = receipt["reason"].as_str().expect("a reason");
    for part in [
        "v1.0.4",
        "`version` is \"1.0.0\"",
        "`appVersion` is \"1.0.0\"",
        "should be \"1.0.4\"",
    ] {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(chartdrop.keys("charts/"), [""; 0]);
    assert_eq!(chartdrop.keys("rejected/"), ["rejected/demo-1.0.0.tgz"]);

    let receipt = release(&chartdrop, "v1.0.4", &chart("1.0.4", "1.0.4")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
}

#[tokio::test]
async fn a_chart_without_a_release_may_have_a_different_app_version() {
    let chartdrop = Chartdrop::start().await;
    let receipt = chartdrop.publish(&chart("1.0.0", "25.3.1")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
}

#[tokio::test]
async fn strict_rejects_differing_versions_even_without_a_release() {
    let chartdrop = Chartdrop::with_settings(&[("VERSION_CHECK", "strict")]).await;
    let receipt = chartdrop.publish(&chart("1.0.0", "25.3.1")).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["reasonCode"]),
        (&"rejected".into(), &"versions-differ".into())
    );

    let tagged = |tag: &str| {
        let values = format!("image:\n  repository: ghcr.io/alto9/demo\n  tag: \"{tag}\"\n");
        chart("1.0.5", "1.0.5").values(values)
    };
    let receipt = release(&chartdrop, "v1.0.5", &tagged("1.0.0")).await;
    assert_eq!(receipt["outcome"], "rejected", "{receipt}");
    let reason = receipt["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("`image.tag` is \"1.0.0\" and should be \"1.0.5\""),
        "{reason}"
    );
}

#[tokio::test]
async fn off_compares_nothing() {
    let chartdrop = Chartdrop::with_settings(&[("VERSION_CHECK", "off")]).await;
    let receipt = release(&chartdrop, "v9.9.9", &chart("1.0.0", "2.0.0")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
}
