//! A published archive that was overwritten: its new content never counts as published, and
//! uploading the right archive restores it.

use serde_json::{Value, json};
use tests::faults::NoEvents;
use tests::system::next_second;
use tests::{ChartArchive, Chartdrop};

const INDEX: &str = "charts/index.yaml";
const ARCHIVE: &str = "charts/demo-1.0.0.tgz";

fn chart() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0")
}

/// The same version as [`chart`], with content that was never published.
fn tampered() -> ChartArchive {
    chart().file("templates/backdoor.yaml", "kind: ClusterRoleBinding\n")
}

fn digest(bytes: &[u8]) -> String {
    chartdrop::digest::Digest::of(bytes).to_string()
}

/// A digest as messages have it.
fn short(bytes: &[u8]) -> String {
    chartdrop::digest::Digest::of(bytes).short()
}

async fn command(chartdrop: &Chartdrop, command: Value) -> Value {
    chartdrop.run(&command).await
}

async fn verify(chartdrop: &Chartdrop) -> Value {
    command(chartdrop, json!({"command": "verify", "repository": ""})).await
}

async fn reindex(chartdrop: &Chartdrop) -> Value {
    command(chartdrop, json!({"command": "reindex", "repository": ""})).await
}

fn accept() -> Value {
    json!({"command": "reindex", "repository": "", "acceptChangedArchives": true})
}

fn kinds(report: &Value, field: &str) -> Vec<String> {
    let differences = report[field].as_array().expect("a list").iter();
    let kinds = differences.map(|difference| difference["kind"].as_str().expect("text").to_owned());
    kinds.collect()
}

fn warnings(receipt: &Value) -> String {
    receipt["warnings"].to_string()
}

#[tokio::test]
async fn an_overwritten_archive_is_reported_and_no_reindex_accepts_it() {
    for (name, overwritten, kind) in [
        ("with another chart's content", tampered().bytes(), vec!["digest"]),
        (
            "with the same content packed again",
            chart().packed_at(7).bytes(),
            vec!["digest"],
        ),
        (
            "with no archive",
            b"garbage".to_vec(),
            vec!["unreadable-archive", "digest"],
        ),
    ] {
        let chartdrop = Chartdrop::start().await;
        chartdrop.publish(&chart()).await;
        let index = chartdrop.text(INDEX);
        chartdrop.put(ARCHIVE, overwritten.clone());
        let report = verify(&chartdrop).await;
        assert_eq!(kinds(&report, "differences"), kind, "{name}: {report:#}");
        let message = report["differences"]
            .as_array()
            .and_then(|all| all.last())
            .and_then(|last| last["message"].as_str())
            .expect("a message");
        for part in [
            "damaged or tampered with",
            "aws s3api list-object-versions --bucket",
            "--version-id",
            r#"{"command":"reindex","repository":"","acceptChangedArchives":true}"#,
            &short(&chart().bytes()),
            &short(&overwritten),
        ] {
            assert!(message.contains(part), "{name}: {part} is not in {message}");
        }

        let reindexed = reindex(&chartdrop).await;
        assert_eq!(
            (&reindexed["changeCount"], &reindexed["written"]),
            (&0.into(), &false.into()),
            "{name}: {reindexed}"
        );
        assert_eq!(kinds(&reindexed, "left"), kind, "{name}");
        assert_eq!(chartdrop.text(INDEX), index, "{name}");
        assert_eq!(kinds(&verify(&chartdrop).await, "differences"), kind, "{name}: still");
    }
}

#[tokio::test]
async fn a_reindex_accepts_a_changed_archive_on_request() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&chart()).await;
    chartdrop.put(ARCHIVE, tampered().bytes());
    let report = command(&chartdrop, accept()).await;
    assert_eq!(report["changes"][0]["action"], "replace", "{report}");
    assert_eq!(kinds(&verify(&chartdrop).await, "differences"), [""; 0]);
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

/// An index that lost its entries, or is rebuilt, must not list an archive that was overwritten.
#[tokio::test]
async fn a_receipt_reveals_that_an_unlisted_archive_was_overwritten() {
    for rebuilt_by in ["reindex", "an upload"] {
        let chartdrop = Chartdrop::start().await;
        chartdrop.publish(&chart()).await;
        chartdrop.put(ARCHIVE, tampered().bytes());
        chartdrop.system.store().delete(INDEX).expect("deleted");
        if rebuilt_by == "reindex" {
            chartdrop.put("charts/other-1.0.0.tgz", ChartArchive::new("other", "1.0.0").bytes());
            let report = reindex(&chartdrop).await;
            assert_eq!(kinds(&report, "left"), ["digest"], "{report:#}");
        } else {
            let receipt = chartdrop.publish(&ChartArchive::new("other", "1.0.0")).await;
            assert!(warnings(&receipt).contains("demo 1.0.0"), "{receipt:#}");
        }
        assert_eq!(chartdrop.versions("demo"), [""; 0], "{rebuilt_by}");
        let report = verify(&chartdrop).await;
        assert!(
            kinds(&report, "differences").contains(&"digest".to_owned()),
            "{rebuilt_by}: {report:#}"
        );
        command(&chartdrop, accept()).await;
        assert_eq!(chartdrop.versions("demo"), ["1.0.0"], "{rebuilt_by}");
        assert_eq!(kinds(&verify(&chartdrop).await, "differences"), [""; 0], "{rebuilt_by}");
    }
}

#[tokio::test]
async fn uploading_the_listed_archive_repairs_an_overwritten_one() {
    for (name, overwritten) in [
        ("other content", tampered().bytes()),
        ("the same content packed again", chart().packed_at(7).bytes()),
        ("no archive", b"garbage".to_vec()),
    ] {
        let chartdrop = Chartdrop::start().await;
        let first = chartdrop.publish(&chart()).await;
        let index = chartdrop.text(INDEX);
        chartdrop.put(ARCHIVE, overwritten.clone());
        let path = "/demo-1.0.0.tgz";
        assert_eq!(
            chartdrop.edge(path).await.body,
            overwritten,
            "{name}: the edge has it for a year"
        );
        next_second().await;
        let receipt = chartdrop.publish(&chart()).await;
        assert_eq!(receipt["outcome"], "unchanged", "{name}: {receipt}");
        assert_eq!(receipt["url"], first["url"], "{name}");
        assert!(
            warnings(&receipt).contains("has repaired it") && warnings(&receipt).contains(&short(&overwritten)),
            "{name}: {receipt}"
        );
        let stored = chartdrop.object(ARCHIVE).expect("there");
        assert_eq!(stored.bytes, chart().bytes(), "{name}");
        assert_eq!(stored.headers.content_type.as_deref(), Some("application/gzip"));
        assert!(
            stored
                .headers
                .cache_control
                .as_deref()
                .is_some_and(|header| header.contains("immutable"))
        );
        assert_eq!(chartdrop.edge(path).await.body, chart().bytes(), "{name}");
        assert_eq!(chartdrop.text(INDEX), index, "{name}: the index is as it was");
        let report = verify(&chartdrop).await;
        assert_eq!(report["differences"], json!([]), "{name}");
        assert_eq!(report["downloaded"], 0, "{name}: S3 knows its digest");
    }
}

#[tokio::test]
async fn a_second_repair_makes_a_second_invalidation_and_a_sweep_makes_none() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&chart()).await;
    for repair in 1..=2 {
        chartdrop.put(ARCHIVE, tampered().bytes());
        next_second().await;
        chartdrop.publish(&chart()).await;
        let sweep = json!({"command": "sweep"});
        chartdrop.invoke("invalidate-cdn", &sweep).await.expect("swept");
        let made = chartdrop.system.invalidations();
        let of_archive = made
            .iter()
            .filter(|paths| paths.contains(&"/demo-1.0.0.tgz".to_owned()));
        assert_eq!(of_archive.count(), repair, "{made:?}");
    }
}

#[tokio::test]
async fn an_upload_that_differs_from_the_listed_and_the_stored_archive_is_rejected_naming_all_three() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&chart()).await;
    chartdrop.put(ARCHIVE, tampered().bytes());
    let other = chart().file("other.txt", "other");
    let receipt = chartdrop.publish(&other).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["reasonCode"]),
        (&"rejected".into(), &"stored-archive-changed".into()),
        "{receipt}"
    );
    let reason = receipt["reason"].as_str().expect("a reason");
    for bytes in [chart().bytes(), tampered().bytes(), other.bytes()] {
        assert!(reason.contains(&short(&bytes)), "{reason}");
    }
    assert!(reason.contains("damaged or replaced"), "{reason}");
    assert_eq!(chartdrop.object(ARCHIVE).expect("there").bytes, tampered().bytes());
}

/// Uploading the content of an overwritten archive changes nothing, and is reported.
#[tokio::test]
async fn uploading_the_changed_archive_changes_nothing() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&chart()).await;
    let index = chartdrop.text(INDEX);
    chartdrop.put(ARCHIVE, tampered().bytes());
    let receipt = chartdrop.publish(&tampered()).await;
    assert_eq!(receipt["outcome"], "unchanged", "{receipt}");
    assert!(warnings(&receipt).contains(&short(&chart().bytes())), "{receipt}");
    assert_eq!(chartdrop.text(INDEX), index);
    assert_eq!(kinds(&verify(&chartdrop).await, "differences"), ["digest"]);
}

/// As in giantswarm's catalog: a user who requests 0.5.0 gets another version, and it works.
#[tokio::test]
async fn an_entry_that_points_to_an_archive_of_another_version_stays_installable() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&chart()).await;
    let index = chartdrop.text(INDEX);
    let line = index.lines().find(|line| line.contains("demo-1.0.0")).expect("listed");
    let line = line.trim_end_matches(',');
    let other = line.replace("\"version\":\"1.0.0\"", "\"version\":\"0.5.0\"");
    for (name, entries) in [
        ("alone", other.clone()),
        ("beside the right one", format!("{line},\n{other}")),
    ] {
        chartdrop.put(INDEX, index.replace(line, &entries));
        let before = chartdrop.text(INDEX);
        let report = verify(&chartdrop).await;
        assert_eq!(kinds(&report, "differences"), ["other-chart"], "{name}: {report:#}");
        let reindexed = reindex(&chartdrop).await;
        assert_eq!(
            (kinds(&reindexed, "left"), &reindexed["changeCount"]),
            (vec!["other-chart".to_owned()], &0.into()),
            "{name}"
        );
        assert_eq!(chartdrop.text(INDEX), before, "{name}");
        command(&chartdrop, accept()).await;
        assert_eq!(chartdrop.versions("demo"), ["1.0.0"], "{name}");
    }
}

#[tokio::test]
async fn a_digest_is_compared_in_every_form_that_tools_write() {
    let right = digest(&chart().bytes());
    for written in [
        right.to_uppercase(),
        format!("sha256:{right}"),
        format!("SHA256:{}", right.to_uppercase()),
    ] {
        let chartdrop = Chartdrop::start().await;
        let first = chartdrop.publish(&chart()).await;
        chartdrop.put(INDEX, chartdrop.text(INDEX).replace(&right, &written));
        next_second().await;
        let receipt = chartdrop.publish(&chart()).await;
        assert_eq!(
            (&receipt["outcome"], &receipt["url"], &receipt["warnings"]),
            (&"unchanged".into(), &first["url"], &json!([])),
            "{written}: {receipt}"
        );
        // The same content packaged again is also unchanged; other content is not.
        let receipt = chartdrop.publish(&chart().packed_at(7)).await;
        assert_eq!(receipt["outcome"], "unchanged", "{written}: {receipt}");
        assert_eq!(chartdrop.publish(&tampered()).await["reasonCode"], "other-content");
        assert_eq!(verify(&chartdrop).await["differences"], json!([]), "{written}");
        assert!(chartdrop.text(INDEX).contains(&written), "what others wrote stays");
    }
}

/// Without a usable digest in the entry, only the stored archive counts.
#[tokio::test]
async fn the_same_archive_is_unchanged_even_if_the_index_has_no_digest() {
    let right = digest(&chart().bytes());
    for (name, wrong) in [
        ("no digest", ""),
        ("too short", "abc"),
        ("another algorithm", "md5:0123"),
    ] {
        let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
        chartdrop.upload(&chart());
        chartdrop.sweep().await;
        let entry = format!("\"digest\":\"{right}\"");
        let replaced = format!("\"digest\":\"{wrong}\"");
        assert!(chartdrop.text(INDEX).contains(&entry), "this test is about that field");
        chartdrop.put(INDEX, chartdrop.text(INDEX).replace(&entry, &replaced));
        next_second().await;
        let key = chartdrop.upload(&chart());
        chartdrop.sweep().await;
        let receipt = chartdrop.receipt(&key);
        assert_eq!(receipt["outcome"], "unchanged", "{name}: {receipt}");
        assert!(
            warnings(&receipt).contains("without a SHA-256 digest"),
            "{name}: {receipt}"
        );
        assert_eq!(kinds(&verify(&chartdrop).await, "differences"), ["no-digest"], "{name}");
        reindex(&chartdrop).await;
        assert_eq!(verify(&chartdrop).await["differences"], json!([]), "{name}");
        assert!(chartdrop.text(INDEX).contains(&entry), "{name}");
    }
}
