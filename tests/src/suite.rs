//! Tests everything that Chartdrop needs from an S3 server, in the order of a repository's life. It
//! runs on any [`Site`].

use chartdrop::digest::Digest;
use serde_json::{Value, json};

use crate::ChartArchive;
use crate::site::Site;
use crate::system::{entries, versions};

/// Runs all parts, each in its own repository.
pub async fn run(site: &Site) {
    a_repository_grows(site).await;
    what_is_published_never_changes(site).await;
    a_version_with_build_metadata_is_found_under_its_key(site).await;
    uploads_at_once_are_all_published(site).await;
    a_sweep_publishes_what_no_event_told_of(site).await;
    a_damaged_index_is_not_built_on(site).await;
    a_missing_index_is_rebuilt(site).await;
    a_version_is_taken_back(site).await;
    index_writes_and_removals_reach_the_edge(site).await;
}

async fn a_repository_grows(site: &Site) {
    for version in ["1.0.0", "1.1.0", "1.0.1"] {
        let receipt = site.publish("grows/", &ChartArchive::new("demo", version)).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
    let index = site.index("grows/").await;
    assert_eq!(versions(&index, "demo"), ["1.1.0", "1.0.1", "1.0.0"]);
    downloads(site, "grows/", &index).await;
    let head = site
        .client
        .head_object()
        .bucket(&site.bucket)
        .key("charts/grows/index.yaml")
        .send()
        .await
        .expect("the index exists");
    assert!(
        head.cache_control().is_some_and(|value| value.contains("max-age")),
        "{head:?}"
    );
    assert!(
        head.content_type().is_some_and(|value| value.contains("yaml")),
        "{head:?}"
    );
}

async fn what_is_published_never_changes(site: &Site) {
    let chart = ChartArchive::new("demo", "1.0.0");
    site.publish("fixed/", &chart).await;
    let before = site.get("charts/fixed/index.yaml").await;
    let again = site.publish("fixed/", &chart.packed_at(1_767_300_000)).await;
    assert_eq!(again["outcome"], "unchanged", "{again}");
    let other = ChartArchive::new("demo", "1.0.0").file("values.yaml", "other: content\n");
    let rejected = site.publish("fixed/", &other).await;
    assert_eq!(rejected["outcome"], "rejected", "{rejected}");
    assert_eq!(site.get("charts/fixed/index.yaml").await, before);
    let kept = site.get("rejected/fixed/demo-1.0.0.tgz").await;
    assert_eq!(kept.as_deref(), Some(other.bytes().as_slice()));
}

async fn a_version_with_build_metadata_is_found_under_its_key(site: &Site) {
    let chart = ChartArchive::new("demo", "1.0.0+build.7");
    let receipt = site.publish("plus/", &chart).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    let archive = site.get("charts/plus/demo-1.0.0+build.7.tgz").await;
    assert_eq!(archive.as_deref(), Some(chart.bytes().as_slice()));
}

async fn uploads_at_once_are_all_published(site: &Site) {
    let charts: Vec<ChartArchive> = (0..30)
        .map(|number| ChartArchive::new("demo", &format!("1.{number}.0")))
        .collect();
    let mut uploads = Vec::new();
    for chart in &charts {
        uploads.push(site.upload("burst/", chart).await);
    }
    for upload in &uploads {
        assert_eq!(site.receipt(upload).await["outcome"], "published", "{upload:?}");
    }
    let index = site.index("burst/").await;
    assert_eq!(versions(&index, "demo").len(), charts.len());
    downloads(site, "burst/", &index).await;
}

async fn a_sweep_publishes_what_no_event_told_of(site: &Site) {
    let chart = ChartArchive::new("demo", "1.0.0");
    let key = format!("staging/swept/{}", chart.file_name());
    let etag = site.put(&key, chart.bytes()).await;
    site.run(json!({"command": "sweep"})).await.expect("the sweep succeeds");
    let receipt = site.receipt(&(key, etag)).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
}

async fn a_damaged_index_is_not_built_on(site: &Site) {
    site.publish("damaged/", &ChartArchive::new("demo", "1.0.0")).await;
    let index = site.get("charts/damaged/index.yaml").await.expect("an index");
    site.put("charts/damaged/index.yaml", &b"<html>502 Bad Gateway</html>"[..])
        .await;
    let chart = ChartArchive::new("demo", "1.1.0");
    let key = format!("staging/damaged/{}", chart.file_name());
    let etag = site.put(&key, chart.bytes()).await;
    let stopped = site.run(json!({"command": "sweep"})).await;
    let said = format!("{stopped:?}");
    assert!(said.contains("reindex"), "it says what to run: {said}");
    assert_eq!(
        site.get("charts/damaged/index.yaml").await.as_deref(),
        Some(&b"<html>502 Bad Gateway</html>"[..])
    );
    site.put("charts/damaged/index.yaml", index).await;
    site.run(json!({"command": "sweep"})).await.expect("the sweep succeeds");
    let receipt = site.receipt(&(key, etag)).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert_eq!(versions(&site.index("damaged/").await, "demo"), ["1.1.0", "1.0.0"]);
}

async fn a_missing_index_is_rebuilt(site: &Site) {
    for version in ["1.0.0", "1.1.0"] {
        site.publish("rebuilt/", &ChartArchive::new("demo", version)).await;
    }
    site.remove("charts/rebuilt/index.yaml").await;
    let receipt = site.publish("rebuilt/", &ChartArchive::new("demo", "1.2.0")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert_eq!(
        versions(&site.index("rebuilt/").await, "demo"),
        ["1.2.0", "1.1.0", "1.0.0"]
    );
}

async fn a_version_is_taken_back(site: &Site) {
    for version in ["1.0.0", "1.1.0"] {
        site.publish("taken/", &ChartArchive::new("demo", version)).await;
    }
    let command = json!({"command": "unpublish", "repository": "taken", "chart": "demo", "version": "1.0.0"});
    site.run(command).await.expect("the command succeeds");
    assert_eq!(versions(&site.index("taken/").await, "demo"), ["1.1.0"]);
    assert_eq!(site.get("charts/taken/demo-1.0.0.tgz").await, None);
    let other = ChartArchive::new("demo", "1.0.0").file("values.yaml", "other: content\n");
    let rejected = site.publish("taken/", &other).await;
    assert_eq!(rejected["outcome"], "rejected", "{rejected}");
    let report = site
        .run(json!({"command": "verify", "repository": "taken"}))
        .await
        .expect("it verifies");
    assert!(!report.to_string().contains("missing"), "{report}");
}

/// CloudFront's API may be on another server.
async fn index_writes_and_removals_reach_the_edge(site: &Site) {
    site.publish("edge/", &ChartArchive::new("demo", "1.0.0")).await;
    let event = crate::events::s3_put(&site.bucket, &["charts/edge/index.yaml"]);
    // The ETag in the sample is not the ETag of this object.
    let event = without_etags(event);
    let (one, two) = (
        site.system
            .invoke("invalidate-cdn", event.clone())
            .await
            .expect("an invalidation"),
        site.system.invoke("invalidate-cdn", event).await.expect("the same"),
    );
    let id = &one["indexes"][0]["invalidation"];
    assert!(id.is_string(), "{one}");
    assert_eq!(
        two["indexes"][0]["invalidation"], *id,
        "an event that is repeated makes no second invalidation"
    );
    assert_eq!(one["indexes"][0]["paths"], json!(["/edge/index.yaml"]));
    let swept = site
        .system
        .invoke("invalidate-cdn", json!({"command": "sweep"}))
        .await
        .expect("the sweep succeeds");
    let swept = swept["indexes"].as_array().expect("indexes").clone();
    let again = swept.iter().find(|index| index["index"] == "charts/edge/index.yaml");
    assert_eq!(again.expect("the index is swept")["invalidation"], *id);
}

fn without_etags(mut event: Value) -> Value {
    for record in event["Records"].as_array_mut().into_iter().flatten() {
        if let Some(object) = record["s3"]["object"].as_object_mut() {
            object.remove("eTag");
        }
    }
    event
}

/// Asserts that the bucket holds every archive that the index lists, with its digest.
async fn downloads(site: &Site, folder: &str, index: &Value) {
    for entry in entries(index) {
        let url = entry["urls"][0].as_str().expect("a URL");
        let file = url.rsplit('/').next().expect("a file name");
        let archive = site
            .get(&format!("charts/{folder}{file}"))
            .await
            .expect("the archive exists");
        assert_eq!(entry["digest"], Digest::of(&archive).to_string(), "{url}");
    }
}
