//! Unpublishing a version removes it from the index, the bucket and the edge, and the version can
//! never be published again with other content.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::Options;
use local::faults::{Faults, RequestSeen, S3Fault, When};
use serde_json::{Value, json};
use tests::faults::{Both, NoEvents, OnRequest};
use tests::{ChartArchive, Chartdrop, events};

fn command(chart: &str, version: &str) -> Value {
    json!({"command": "unpublish", "repository": "", "chart": chart, "version": version})
}

async fn unpublish(chartdrop: &Chartdrop, version: &str) -> Value {
    let report = chartdrop.run(&command("demo", version)).await;
    chartdrop.settled().await;
    report
}

async fn with_versions(versions: &[&str]) -> Chartdrop {
    let chartdrop = Chartdrop::start().await;
    for version in versions {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    chartdrop
}

/// The same name and version as the other charts of the tests, with other content.
fn other_content(version: &str) -> ChartArchive {
    ChartArchive::new("demo", version).file("other.txt", "other")
}

/// Asserts that a version is gone everywhere, and the rest of the repository is intact.
async fn assert_gone(chartdrop: &Chartdrop, version: &str) {
    assert!(
        !chartdrop.versions("demo").contains(&version.to_owned()),
        "{:?}",
        chartdrop.versions("demo")
    );
    assert!(
        chartdrop.object(&format!("charts/demo-{version}.tgz")).is_none(),
        "{version}"
    );
    let path = format!("/demo-{}.tgz", version.replace('+', "%2B"));
    assert_eq!(
        chartdrop.edge(&path).await.status,
        404,
        "the edge has forgotten {version}"
    );
    let note = &chartdrop.receipt(&format!("staging/demo-{version}.tgz"))["unpublished"];
    assert!(
        note["digest"].is_string() && note["contentDigest"].is_string(),
        "{note}"
    );
    assert_sound(chartdrop).await;
}

async fn assert_sound(chartdrop: &Chartdrop) {
    let report = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
    assert_eq!(report["differences"], json!([]), "{report:#}");
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

#[tokio::test]
async fn an_unpublished_version_is_gone_from_the_index_the_bucket_and_the_edge() {
    let chartdrop = with_versions(&["1.0.0", "1.1.0+b1"]).await;
    chartdrop.put("charts/demo-1.1.0+b1.tgz.prov", "provenance");
    for path in ["/demo-1.1.0%2Bb1.tgz", "/demo-1.1.0%2Bb1.tgz.prov"] {
        assert_eq!(
            chartdrop.edge(path).await.status,
            200,
            "the edge knows {path} for a year"
        );
    }
    let report = unpublish(&chartdrop, "1.1.0+b1").await;
    assert_eq!(report["outcome"], "unpublished", "{report}");
    assert_eq!(
        report["deleted"],
        json!(["charts/demo-1.1.0+b1.tgz", "charts/demo-1.1.0+b1.tgz.prov"])
    );
    assert_gone(&chartdrop, "1.1.0+b1").await;
    assert_eq!(chartdrop.edge("/demo-1.1.0%2Bb1.tgz.prov").await.status, 404);
    // With the plus in both forms: as CloudFront requires it, and as the function returns it.
    let invalidations = chartdrop.system.invalidations();
    for file in ["tgz", "tgz.prov"] {
        let paths = ["%2B", "+"].map(|plus| format!("/demo-1.1.0{plus}b1.{file}"));
        assert!(invalidations.contains(&paths.to_vec()), "{invalidations:?}");
    }
    let index: Value = serde_json::from_slice(&chartdrop.edge("/index.yaml").await.body).expect("an index");
    assert_eq!(tests::system::versions(&index, "demo"), ["1.0.0"]);
    let logs = chartdrop.system.function_logs("publish-chart").join("\n");
    assert!(logs.contains("\"ChartsUnpublished\":1"), "{logs}");
}

#[tokio::test]
async fn an_archive_whose_path_cannot_be_invalidated_is_removed_from_the_edge_by_a_wildcard() {
    let chartdrop = Chartdrop::start().await;
    for name in ["de~mo", "demo"] {
        let receipt = chartdrop.publish(&ChartArchive::new(name, "1.0.0+b")).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
    let path = "/de~mo-1.0.0%2Bb.tgz";
    assert_eq!(chartdrop.edge(path).await.status, 200);
    chartdrop.run(&command("de~mo", "1.0.0+b")).await;
    chartdrop.settled().await;
    assert_eq!(chartdrop.edge(path).await.status, 404);
    assert!(
        chartdrop.system.invalidations().contains(&vec!["/de*".to_owned()]),
        "{:?}",
        chartdrop.system.invalidations()
    );
    assert_sound(&chartdrop).await;
}

#[tokio::test]
async fn unpublishing_the_last_version_leaves_an_empty_index() {
    for format in ["json", "yaml"] {
        let chartdrop = Chartdrop::with_settings(&[("INDEX_FORMAT", format)]).await;
        chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
        unpublish(&chartdrop, "1.0.0").await;
        let text = chartdrop.text("charts/index.yaml");
        assert!(!text.contains("urls"), "{text}");
        let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
        let report = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
        assert_eq!((&report["differences"], &report["entries"]), (&json!([]), &1.into()));
    }
}

#[tokio::test]
async fn an_unpublished_version_is_never_published_again_with_other_content() {
    let chartdrop = with_versions(&["1.0.0", "1.1.0"]).await;
    unpublish(&chartdrop, "1.0.0").await;
    // A rejection writes its own receipt, which must keep the record of the unpublish.
    for _ in 0..2 {
        tests::system::next_second().await;
        let receipt = chartdrop.publish(&other_content("1.0.0")).await;
        assert_eq!(
            (&receipt["outcome"], &receipt["reasonCode"]),
            (&"rejected".into(), &"unpublished".into())
        );
        let reason = receipt["reason"].as_str().expect("a reason");
        assert!(
            reason.contains("demo 1.0.0") && reason.contains("unpublished"),
            "{reason}"
        );
        assert!(receipt["unpublished"]["digest"].is_string(), "{receipt}");
        assert_gone(&chartdrop, "1.0.0").await;
    }
}

#[tokio::test]
async fn unpublished_versions_are_known_even_after_the_index_is_lost_or_damaged() {
    type Damage = fn(&Chartdrop);
    let damages: [Damage; 3] = [
        |chartdrop| assert!(chartdrop.system.store().delete("charts/index.yaml").expect("deleted")),
        |chartdrop| chartdrop.put("charts/index.yaml", ""),
        |chartdrop| chartdrop.put("charts/index.yaml", "<html></html>"),
    ];
    for (number, damage) in damages.iter().enumerate() {
        let chartdrop = with_versions(&["1.0.0", "1.1.0"]).await;
        unpublish(&chartdrop, "1.0.0").await;
        chartdrop.publish(&other_content("1.0.0")).await;
        damage(&chartdrop);
        if number > 0 {
            chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
        }
        tests::system::next_second().await;
        let receipt = chartdrop.publish(&other_content("1.0.0")).await;
        assert_eq!(receipt["reasonCode"], "unpublished", "{number}: {receipt}");
        chartdrop.publish(&ChartArchive::new("demo", "1.2.0")).await;
        assert_eq!(chartdrop.versions("demo"), ["1.2.0", "1.1.0"], "{number}");
        // If the upload has rebuilt the index, `verify` reports that until a reindex.
        chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
        assert_gone(&chartdrop, "1.0.0").await;
    }
}

#[tokio::test]
async fn the_same_content_may_be_published_and_unpublished_again() {
    let chart = ChartArchive::new("demo", "1.0.0");
    let chartdrop = with_versions(&["1.0.0", "1.1.0"]).await;
    for (round, again) in [chart.clone(), chart.clone().packed_at(1_800_000_000), chart]
        .iter()
        .enumerate()
    {
        assert_eq!(chartdrop.edge("/demo-1.0.0.tgz").await.status, 200);
        let report = unpublish(&chartdrop, "1.0.0").await;
        assert_eq!(report["outcome"], "unpublished", "{report}");
        assert!(chartdrop.object("charts/demo-1.0.0.tgz").is_none());
        tests::system::next_second().await;
        let receipt = chartdrop.publish(again).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
        assert_eq!(chartdrop.versions("demo"), ["1.1.0", "1.0.0"]);
        let body = chartdrop.edge("/demo-1.0.0.tgz").await.body;
        assert!(
            body == again.bytes(),
            "another packaging has other bytes, and the edge has forgotten the old ones"
        );
        assert_sound(&chartdrop).await;
        let made = chartdrop.system.invalidations();
        let forgotten = made.iter().filter(|paths| **paths == ["/demo-1.0.0.tgz"]).count();
        assert_eq!(forgotten, round + 1, "each removal is forgotten once");
    }
    tests::system::next_second().await;
    let receipt = chartdrop.publish(&other_content("1.0.0")).await;
    assert_eq!(receipt["reasonCode"], "other-content", "{receipt}");
}

#[tokio::test]
async fn a_repeated_removal_event_makes_no_second_invalidation() {
    let chartdrop = with_versions(&["1.0.0"]).await;
    let event = events::sample("archive-removed.json");
    let mut later = event.clone();
    later["Records"][0]["s3"]["object"]["sequencer"] = "0055AED6DCD90281E9".into();
    let before = chartdrop.system.invalidations().len();
    for (event, made) in [(&event, 1), (&event, 1), (&later, 2), (&later, 2)] {
        chartdrop.invoke("invalidate-cdn", event).await.expect("answered");
        let invalidations = chartdrop.system.invalidations();
        assert_eq!(invalidations.len() - before, made);
        assert_eq!(invalidations.last().expect("one"), &["/kube9-operator-1.0.0.tgz"]);
    }
}

#[tokio::test]
async fn unpublishing_an_unknown_version_is_a_clear_error_and_changes_nothing() {
    let chartdrop = with_versions(&["1.0.0", "1.1.0"]).await;
    let before = chartdrop.text("charts/index.yaml");
    for (chart, version, said) in [
        ("demo", "7.0.0", "It lists 1.1.0, 1.0.0"),
        ("dmeo", "1.0.0", "does not list a chart dmeo"),
        ("team-a/demo", "1.0.0", "cannot be a chart and a version"),
    ] {
        let report = chartdrop.run(&command(chart, version)).await;
        assert_eq!(report["outcome"], "not-found", "{report}");
        assert!(report["message"].as_str().expect("text").contains(said), "{report}");
    }
    assert_eq!(chartdrop.text("charts/index.yaml"), before);
    unpublish(&chartdrop, "1.0.0").await;
    let before = chartdrop.text("charts/index.yaml");
    assert_eq!(unpublish(&chartdrop, "1.0.0").await["outcome"], "already-unpublished");
    assert_eq!(chartdrop.text("charts/index.yaml"), before);
}

#[tokio::test]
async fn an_archive_that_no_index_lists_is_not_touched() {
    let chartdrop = with_versions(&["1.0.0"]).await;
    chartdrop.put("charts/demo-2.0.0.tgz", ChartArchive::new("demo", "2.0.0").bytes());
    let report = unpublish(&chartdrop, "2.0.0").await;
    assert_eq!(report["outcome"], "not-found");
    assert!(
        report["message"].as_str().expect("text").contains("reindex"),
        "{report}"
    );
    assert!(chartdrop.object("charts/demo-2.0.0.tgz").is_some());
}

#[tokio::test]
async fn an_archive_that_only_has_the_same_name_stays() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo-1", "2.0.0")).await;
    let index = chartdrop.text("charts/index.yaml").replace(
        "\"entries\":{\n",
        "\"entries\":{\n\"demo\":[\n{\"name\":\"demo\",\"version\":\"1-2.0.0\",\"urls\":[\"https://elsewhere.example.com/x.tgz\"]}\n],\n",
    );
    chartdrop.put("charts/index.yaml", index);
    let report = unpublish(&chartdrop, "1-2.0.0").await;
    assert_eq!(report["outcome"], "unpublished", "{report}");
    assert!(
        report["warnings"][0]
            .as_str()
            .expect("a warning")
            .contains("elsewhere.example.com"),
        "{report}"
    );
    assert_eq!(chartdrop.versions("demo-1"), ["2.0.0"]);
    assert_sound(&chartdrop).await;
}

#[tokio::test]
async fn publishing_after_an_unpublish_still_needs_six_requests() {
    let chartdrop = with_versions(&["1.0.0", "1.1.0"]).await;
    unpublish(&chartdrop, "1.0.0").await;
    let before = chartdrop.publish_requests().len();
    chartdrop.publish(&ChartArchive::new("demo", "1.2.0")).await;
    assert_eq!(chartdrop.publish_requests().len() - before, 6);
}

/// Kills publish-chart at its n-th request after the unpublish has started.
struct Killed {
    number: usize,
    when: When,
    seen: Mutex<Option<usize>>,
}

impl Killed {
    fn begin(&self) {
        *self.seen.lock().expect("no panic") = Some(0);
    }

    fn end(&self) {
        *self.seen.lock().expect("no panic") = None;
    }
}

struct Shared(Arc<Killed>);

impl Faults for Shared {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let mut seen = self.0.seen.lock().expect("no panic");
        let (Some(count), Some("publish-chart")) = (seen.as_mut(), request.function.as_deref()) else {
            return S3Fault::None;
        };
        *count += 1;
        if *count == self.0.number {
            S3Fault::Kill(self.0.when)
        } else {
            S3Fault::None
        }
    }
}

#[tokio::test]
async fn an_unpublish_killed_at_any_request_is_finished_by_the_next_one() {
    let mut number = 1;
    loop {
        let mut was_killed = false;
        for when in [When::Before, When::After] {
            let killed = Arc::new(Killed {
                number,
                when,
                seen: Mutex::new(None),
            });
            let chartdrop = Chartdrop::with_faults(Shared(Arc::clone(&killed))).await;
            for version in ["1.0.0", "1.1.0"] {
                chartdrop.publish(&ChartArchive::new("demo", version)).await;
            }
            assert_eq!(chartdrop.edge("/demo-1.0.0.tgz").await.status, 200);
            killed.begin();
            was_killed |= chartdrop
                .invoke("publish-chart", &command("demo", "1.0.0"))
                .await
                .is_err();
            killed.end();
            // Everything that is listed can always be downloaded.
            chartdrop.assert_all_downloads(&chartdrop.index()).await;
            unpublish(&chartdrop, "1.0.0").await;
            assert_gone(&chartdrop, "1.0.0").await;
            assert_eq!(chartdrop.versions("demo"), ["1.1.0"], "request {number}");
        }
        if !was_killed {
            break;
        }
        number += 1;
    }
    assert!(
        number > 7,
        "it takes {number} requests: index twice, archive twice, receipt twice, removal"
    );
}

/// Delays the requests of publish-chart with this operation and key, after a test enables it.
struct Slow(&'static str, &'static str, Duration);

impl Faults for Slow {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        if request.operation == self.0 && request.key == self.1 {
            S3Fault::Delay(When::Before, self.2)
        } else {
            S3Fault::None
        }
    }
}

#[tokio::test]
async fn an_upload_of_the_same_version_in_the_middle_of_an_unpublish_waits_for_its_end() {
    // After the index write and before the removal; after reading the archive and before its
    // removal; before the index write.
    for (operation, key) in [
        ("PutObject", "receipts/demo-1.0.0.tgz.json"),
        ("DeleteObject", "charts/demo-1.0.0.tgz"),
        ("HeadObject", "charts/demo-1.0.0.tgz.prov"),
    ] {
        let chartdrop = Chartdrop::with(Options {
            faults: Arc::new(Slow(operation, key, Duration::from_millis(600))),
            retry_delays: vec![Duration::from_millis(700); 2],
            ..Options::default()
        })
        .await;
        let chart = ChartArchive::new("demo", "1.0.0");
        chartdrop.publish(&chart).await;
        chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
        tests::system::next_second().await;
        let target = command("demo", "1.0.0");
        let (report, ()) = tokio::join!(chartdrop.run(&target), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            chartdrop.upload(&chart);
        });
        assert_eq!(report["outcome"], "unpublished", "{report}");
        chartdrop.settled().await;
        let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
        assert_eq!(receipt["outcome"], "published", "{operation} {key}: {receipt}");
        assert_eq!(chartdrop.versions("demo"), ["1.1.0", "1.0.0"], "{operation} {key}");
        assert_sound(&chartdrop).await;
    }
}

#[tokio::test]
async fn an_upload_after_an_unfinished_unpublish_reports_how_to_finish_it() {
    let chartdrop = Chartdrop::with_faults(Both(
        NoEvents("publish-chart"),
        OnRequest::new("DeleteObject", "charts/demo-1.0.0.tgz", [S3Fault::Kill(When::Before)]),
    ))
    .await;
    chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    chartdrop.sweep().await;
    chartdrop
        .invoke("publish-chart", &command("demo", "1.0.0"))
        .await
        .expect_err("killed");
    tests::system::next_second().await;
    let upload = chartdrop.upload(&ChartArchive::new("demo", "1.0.0").packed_at(1_800_000_000));
    let event = chartdrop.notification(&[&upload]);
    let error = chartdrop.invoke("publish-chart", &event).await.expect_err("waits");
    let finish = r#"{"command":"unpublish","repository":"","chart":"demo","version":"1.0.0"}"#;
    assert!(error.message.contains(finish), "{}", error.message);
    let report = chartdrop.run(&json!({"command": "verify", "repository": ""})).await;
    assert_eq!(report["differences"][0]["kind"], "unpublish-unfinished", "{report}");
    let reindexed = chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
    assert_eq!(
        reindexed["changeCount"], 0,
        "what is unpublished stays out: {reindexed}"
    );

    let report = chartdrop.run(&serde_json::from_str(finish).expect("JSON")).await;
    assert_eq!(report["outcome"], "unpublished", "{report}");
    assert!(
        report["warnings"][0].as_str().expect("a warning").contains(&upload),
        "{report}"
    );
    chartdrop.sweep().await;
    assert_eq!(chartdrop.receipt(&upload)["outcome"], "published");
    assert_sound(&chartdrop).await;
}

#[tokio::test]
async fn an_upload_with_an_outcome_is_not_published_again_after_an_unpublish() {
    let chartdrop = Chartdrop::with_faults(Both(
        NoEvents("publish-chart"),
        OnRequest::new("DeleteObject", "staging/demo-1.0.0.tgz", [S3Fault::Kill(When::Before)]),
    ))
    .await;
    chartdrop.upload(&ChartArchive::new("demo", "0.9.0"));
    chartdrop.sweep().await;
    let upload = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    let event = chartdrop.notification(&[&upload]);
    chartdrop
        .invoke("publish-chart", &event)
        .await
        .expect_err("killed behind the receipt");
    assert_eq!(chartdrop.receipt(&upload)["outcome"], "published");
    unpublish(&chartdrop, "1.0.0").await;
    chartdrop.sweep().await;
    assert_eq!(chartdrop.keys("staging/"), [""; 0]);
    assert_gone(&chartdrop, "1.0.0").await;
}

#[tokio::test]
async fn an_unpublish_among_many_publishers_removes_only_its_version() {
    let chartdrop = with_versions(&["0.0.1", "0.0.2", "0.0.3"]).await;
    for number in 0..30 {
        chartdrop.upload(&ChartArchive::new("demo", &format!("1.{number}.0")));
    }
    let targets = ["0.0.1", "0.0.2", "0.0.3"].map(|version| command("demo", version));
    let (one, two, three) = tokio::join!(
        chartdrop.run(&targets[0]),
        chartdrop.run(&targets[1]),
        chartdrop.run(&targets[2])
    );
    chartdrop.settled().await;
    for report in [one, two, three] {
        assert_eq!(report["outcome"], "unpublished", "{report}");
    }
    assert_eq!(chartdrop.versions("demo").len(), 30);
    for number in 0..30 {
        let receipt = chartdrop.receipt(&format!("staging/demo-1.{number}.0.tgz"));
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
    for version in ["0.0.1", "0.0.2", "0.0.3"] {
        assert_gone(&chartdrop, version).await;
    }
}
