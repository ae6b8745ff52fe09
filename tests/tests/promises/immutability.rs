//! A published version never changes.

use tests::system::next_second;
use tests::{ChartArchive, Chartdrop};

#[tokio::test]
async fn the_same_archive_again_is_unchanged() {
    let chartdrop = Chartdrop::start().await;
    let chart = ChartArchive::new("demo", "1.0.0");
    let first = chartdrop.publish(&chart).await;
    let index = chartdrop.text("charts/index.yaml");
    next_second().await;
    let again = chartdrop.publish(&chart).await;

    assert_eq!(
        (&first["outcome"], &again["outcome"]),
        (&"published".into(), &"unchanged".into())
    );
    assert_eq!((&again["url"], &again["digest"]), (&first["url"], &first["digest"]));
    assert_eq!(chartdrop.text("charts/index.yaml"), index);
    assert!(chartdrop.keys("staging/").is_empty() && chartdrop.keys("rejected/").is_empty());
}

#[tokio::test]
async fn the_same_content_packaged_again_is_unchanged_and_the_first_archive_stays() {
    let chartdrop = Chartdrop::start().await;
    let chart = ChartArchive::new("demo", "1.0.0");
    chartdrop.publish(&chart).await;
    let archive = chartdrop
        .object("charts/demo-1.0.0.tgz")
        .expect("published")
        .bytes
        .clone();
    let repacked = chart.packed_at(1_800_000_000);
    assert_ne!(archive, repacked.bytes(), "this test is about other bytes");
    let receipt = chartdrop.publish(&repacked).await;

    assert_eq!(receipt["outcome"], "unchanged", "{receipt}");
    assert_eq!(
        chartdrop.object("charts/demo-1.0.0.tgz").expect("published").bytes,
        archive
    );
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

#[tokio::test]
async fn other_content_under_a_published_version_is_rejected() {
    let chartdrop = Chartdrop::start().await;
    let chart = ChartArchive::new("demo", "1.0.0");
    chartdrop.publish(&chart).await;
    let (index, archive) = (
        chartdrop.text("charts/index.yaml"),
        chartdrop.object("charts/demo-1.0.0.tgz"),
    );
    let changed = chart.file("templates/extra.yaml", "kind: ConfigMap\n");
    let receipt = chartdrop.publish(&changed).await;

    assert_eq!(receipt["outcome"], "rejected");
    let reason = receipt["reason"].as_str().expect("a reason");
    assert!(reason.contains("demo 1.0.0") && reason.contains("version"), "{reason}");
    assert_eq!(chartdrop.text("charts/index.yaml"), index);
    assert_eq!(
        chartdrop.object("charts/demo-1.0.0.tgz").map(|o| o.bytes.clone()),
        archive.map(|o| o.bytes.clone())
    );
    assert_eq!(
        chartdrop.object("rejected/demo-1.0.0.tgz").expect("kept").bytes,
        changed.bytes()
    );
    assert!(chartdrop.keys("staging/").is_empty());
}

#[tokio::test]
async fn a_file_name_cannot_belong_to_two_charts() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo-1", "2.0.0")).await;
    let other = ChartArchive::new("demo", "1-2.0.0");
    assert_eq!(other.file_name(), "demo-1-2.0.0.tgz");
    let receipt = chartdrop.publish(&other).await;

    assert_eq!(receipt["outcome"], "rejected", "{receipt}");
    assert_eq!(chartdrop.versions("demo-1"), ["2.0.0"]);
    assert!(chartdrop.versions("demo").is_empty());
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

#[tokio::test]
async fn the_same_version_in_another_repository_is_independent() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let key = chartdrop.upload_to(
        "team-a/",
        &ChartArchive::new("demo", "1.0.0").file("other.txt", "other"),
    );
    chartdrop.settled().await;
    assert_eq!(chartdrop.receipt(&key)["outcome"], "published");
}

#[tokio::test]
async fn of_two_simultaneous_contents_for_one_version_exactly_one_is_published() {
    let chartdrop = Chartdrop::start().await;
    let first = ChartArchive::new("demo", "1.0.0");
    let second = first.clone().file("other.txt", "other");
    // The second upload replaces the first one, before or after the first was read.
    chartdrop.upload(&first);
    chartdrop.upload(&second);
    chartdrop.settled().await;

    let archive = chartdrop
        .object("charts/demo-1.0.0.tgz")
        .expect("published")
        .bytes
        .clone();
    assert!(archive == first.bytes() || archive == second.bytes());
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
    let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
    let expected = if archive == second.bytes() {
        "published"
    } else {
        "rejected"
    };
    assert_eq!(
        receipt["outcome"], expected,
        "the receipt tells of the last upload: {receipt}"
    );
}
