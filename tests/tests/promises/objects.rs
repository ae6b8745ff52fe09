//! The headers of stored objects, and which objects the edge serves.

use tests::{ChartArchive, Chartdrop};

#[tokio::test]
async fn an_archive_may_be_cached_forever() {
    let chartdrop = Chartdrop::start().await;
    let chart = ChartArchive::new("demo", "1.0.0");
    chartdrop.publish(&chart).await;

    let response = chartdrop.edge("/demo-1.0.0.tgz").await;
    assert_eq!(response.header("content-type"), "application/gzip");
    assert_eq!(response.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(
        response.header("content-encoding"),
        "",
        "Helm would save the compressed bytes"
    );
    assert_eq!(response.body, chart.bytes());
}

#[tokio::test]
async fn an_index_may_be_cached_for_five_minutes() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;

    let response = chartdrop.edge("/index.yaml").await;
    assert_eq!(response.header("content-type"), "application/yaml");
    assert_eq!(response.header("cache-control"), "public, max-age=300");
    assert_eq!(response.header("content-encoding"), "");
}

#[tokio::test]
async fn the_cache_time_of_an_index_is_a_setting() {
    let chartdrop = Chartdrop::with_settings(&[("INDEX_MAX_AGE", "60")]).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    assert_eq!(
        chartdrop.edge("/index.yaml").await.header("cache-control"),
        "public, max-age=60"
    );
}

#[tokio::test]
async fn a_receipt_is_json() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let receipt = chartdrop.object("receipts/demo-1.0.0.tgz.json").expect("a receipt");
    assert_eq!(receipt.headers.content_type.as_deref(), Some("application/json"));
}

#[tokio::test]
async fn only_published_objects_are_served() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    chartdrop.put("staging/bad-1.0.0.tgz", "not a chart");
    chartdrop.settled().await;
    for hidden in [
        "/receipts/demo-1.0.0.tgz.json",
        "/rejected/bad-1.0.0.tgz",
        "/staging/bad-1.0.0.tgz",
        "/../receipts/demo-1.0.0.tgz.json",
        "/%2e%2e/receipts/demo-1.0.0.tgz.json",
        "/charts/index.yaml",
    ] {
        assert!(chartdrop.edge(hidden).await.status.is_client_error(), "{hidden}");
    }
}
