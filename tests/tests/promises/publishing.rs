//! An uploaded chart becomes visible.

use serde_json::{Value, json};
use tests::system::versions;
use tests::{ChartArchive, Chartdrop};

#[tokio::test]
async fn the_first_chart_creates_the_index() {
    let chartdrop = Chartdrop::start().await;
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;

    assert_eq!(receipt["outcome"], "published");
    assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
    assert_eq!(chartdrop.index()["apiVersion"], "v1");
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
    assert!(
        chartdrop.keys("staging/").is_empty(),
        "the upload goes once its outcome is recorded"
    );
}

#[tokio::test]
async fn a_receipt_describes_its_upload() {
    let chartdrop = Chartdrop::start().await;
    let chart = ChartArchive::new("demo", "1.0.0");
    let receipt = chartdrop.publish(&chart).await;

    let entry = chartdrop.index()["entries"]["demo"][0].clone();
    assert_eq!(receipt["upload"], "staging/demo-1.0.0.tgz");
    assert_eq!(receipt["repository"], "");
    assert_eq!(
        (&receipt["chart"], &receipt["version"]),
        (&json!("demo"), &json!("1.0.0"))
    );
    assert_eq!(receipt["digest"], entry["digest"]);
    assert_eq!(receipt["url"], entry["urls"][0]);
    assert_eq!(
        (&receipt["reason"], &receipt["reasonCode"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(receipt["warnings"], json!([]));
    for time in ["uploadedAt", "recordedAt"] {
        assert!(
            receipt[time]
                .as_str()
                .is_some_and(|time| time.starts_with("20") && time.ends_with('Z')),
            "{receipt}"
        );
    }
    for digest in ["digest", "contentDigest"] {
        let hex = receipt[digest].as_str().expect("a digest");
        assert!(
            hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{receipt}"
        );
    }
}

#[tokio::test]
async fn publishing_into_an_existing_repository_needs_six_requests() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let before = chartdrop.publish_requests().len();
    chartdrop.publish(&ChartArchive::new("demo", "1.0.1")).await;

    let mut requests = chartdrop.publish_requests().split_off(before);
    // The first two requests run at the same time.
    requests[..2].sort();
    assert_eq!(
        requests,
        [
            "GetObject charts/index.yaml",
            "GetObject staging/demo-1.0.1.tgz",
            "PutObject charts/demo-1.0.1.tgz",
            "PutObject charts/index.yaml",
            "PutObject receipts/demo-1.0.1.tgz.json",
            "DeleteObject staging/demo-1.0.1.tgz",
        ]
    );
}

#[tokio::test]
async fn versions_are_listed_newest_first() {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.9.0", "1.10.0", "2.0.0-rc.1", "v1.14.0", "1.2"] {
        let receipt = chartdrop.publish(&ChartArchive::new("demo", version)).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
    assert_eq!(
        chartdrop.versions("demo"),
        ["2.0.0-rc.1", "v1.14.0", "1.10.0", "1.9.0", "1.2"]
    );
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

#[tokio::test]
async fn a_folder_below_staging_is_a_separate_repository() {
    let chartdrop = Chartdrop::start().await;
    let chart = ChartArchive::new("demo", "1.0.0");
    let key = chartdrop.upload_to("team-a/", &chart);
    chartdrop.settled().await;

    let receipt = chartdrop.receipt(&key);
    assert_eq!(
        (&receipt["outcome"], &receipt["repository"]),
        (&json!("published"), &json!("team-a"))
    );
    let index = chartdrop.index_of("team-a/");
    assert_eq!(versions(&index, "demo"), ["1.0.0"]);
    chartdrop.assert_all_downloads(&index).await;
    assert_eq!(chartdrop.edge("/team-a/index.yaml").await.status, 200);
    assert!(
        chartdrop.object("charts/index.yaml").is_none(),
        "the root repository is another one"
    );
}

#[tokio::test]
async fn a_version_with_build_metadata_can_be_downloaded_by_its_url() {
    let chartdrop = Chartdrop::start().await;
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0+build.7")).await;

    assert!(
        receipt["url"]
            .as_str()
            .is_some_and(|url| url.ends_with("/demo-1.0.0%2Bbuild.7.tgz")),
        "{receipt}"
    );
    assert_eq!(chartdrop.versions("demo"), ["1.0.0+build.7"]);
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

#[tokio::test]
async fn versions_that_differ_only_in_build_metadata_are_two_versions() {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.0.0+a", "1.0.0+b"] {
        let receipt = chartdrop.publish(&ChartArchive::new("demo", version)).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
    assert_eq!(chartdrop.versions("demo").len(), 2);
}

#[tokio::test]
async fn an_unquoted_number_is_read_as_helm_reads_it_with_a_warning() {
    let chartdrop = Chartdrop::start().await;
    let chart =
        ChartArchive::new("demo", "1.0.0").chart_yaml("apiVersion: v2\nname: demo\nversion: 1.0.0\nappVersion: 1.10\n");
    let receipt = chartdrop.publish(&chart).await;

    assert_eq!(receipt["outcome"], "published");
    assert_eq!(chartdrop.index()["entries"]["demo"][0]["appVersion"], "1.1");
    let warnings = receipt["warnings"].to_string();
    assert!(
        warnings.contains("appVersion") && warnings.contains("quot"),
        "{warnings}"
    );
}
