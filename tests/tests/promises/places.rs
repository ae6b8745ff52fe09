//! Archives that are not where Chartdrop would store them: in other folders, under other names, or
//! on other hosts.

use chartdrop::digest::Digest;
use serde_json::{Value, json};
use tests::system::next_second;
use tests::{ChartArchive, Chartdrop};

const INDEX: &str = "charts/index.yaml";

fn chart() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0")
}

/// A repository of another tool, with demo 1.0.0 under this URL with this digest, and optionally an
/// archive under this key.
async fn repository(url: &str, digest: &str, key: Option<&str>) -> Chartdrop {
    let chartdrop = Chartdrop::start().await;
    if let Some(key) = key {
        chartdrop.put(key, chart().bytes());
    }
    let url = url.replace("ORIGIN", &chartdrop.system.edge_url());
    let entry = json!({"apiVersion": "v2", "name": "demo", "version": "1.0.0", "digest": digest, "urls": [url]});
    let index = json!({"apiVersion": "v1", "entries": {"demo": [entry]}, "generated": "2026-01-01T00:00:00Z"});
    chartdrop.put(INDEX, index.to_string());
    chartdrop.settled().await;
    chartdrop
}

fn right() -> String {
    Digest::of(&chart().bytes()).to_string()
}

async fn verify(chartdrop: &Chartdrop) -> Value {
    chartdrop.run(&json!({"command": "verify", "repository": ""})).await
}

async fn unpublish(chartdrop: &Chartdrop) -> Value {
    let command = json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"});
    let report = chartdrop.run(&command).await;
    chartdrop.settled().await;
    report
}

fn message(report: &Value) -> &str {
    report["message"].as_str().expect("a message")
}

/// URLs in the forms that tools write, and the keys that they point to.
const PLACES: [(&str, &str); 7] = [
    ("packages/demo-1.0.0.tgz", "charts/packages/demo-1.0.0.tgz"),
    ("/assets/demo/demo-1.0.0.tgz", "charts/assets/demo/demo-1.0.0.tgz"),
    ("ORIGIN/assets/demo-1.0.0.tgz", "charts/assets/demo-1.0.0.tgz"),
    (
        "./helm%2Dreleases/demo-1.0.0.tgz",
        "charts/helm-releases/demo-1.0.0.tgz",
    ),
    ("ORIGIN/a/../b/demo-1.0.0.tgz?raw=true", "charts/b/demo-1.0.0.tgz"),
    ("ORIGIN/under+another%20name.tgz", "charts/under+another name.tgz"),
    ("another-name.tgz", "charts/another-name.tgz"),
];

#[tokio::test]
async fn an_archive_in_another_folder_of_the_repository_is_verified() {
    for (url, key) in PLACES {
        let chartdrop = repository(url, &right(), Some(key)).await;
        let report = verify(&chartdrop).await;
        let odd = key.contains("name.tgz");
        let expected: &[&str] = if odd { &["file-name"] } else { &[] };
        let kinds = |report: &Value| -> Vec<String> {
            let differences = report["differences"].as_array().expect("a list").iter();
            differences
                .map(|difference| difference["kind"].as_str().expect("text").to_owned())
                .collect()
        };
        assert_eq!(kinds(&report), expected, "{url}: {report:#}");
        assert_eq!(
            (&report["entries"], &report["compared"], &report["elsewhere"]["count"]),
            (&1.into(), &1.into(), &0.into()),
            "{url}: {report:#}"
        );
        let index = chartdrop.text(INDEX);

        chartdrop.put(key, "other bytes");
        let report = verify(&chartdrop).await;
        assert!(kinds(&report).contains(&"digest".to_owned()), "{url}: {report:#}");

        chartdrop.system.store().delete(key).expect("deleted");
        let report = verify(&chartdrop).await;
        assert_eq!(kinds(&report), ["archive-missing"], "{url}: {report:#}");
        let in_own_folder = !key.strip_prefix("charts/").expect("a chart").contains('/');
        let reindexed = chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
        // Other folders of the host may not belong to the bucket.
        assert_eq!(
            reindexed["changeCount"],
            usize::from(in_own_folder),
            "{url}: {reindexed:#}"
        );
        if !in_own_folder {
            assert_eq!(chartdrop.text(INDEX), index, "{url}");
        }
    }
}

#[tokio::test]
async fn archives_in_every_folder_are_compared_at_the_edge() {
    for (url, key) in PLACES {
        let chartdrop = repository(url, &right(), Some(key)).await;
        let report = chartdrop
            .run(&json!({"command": "verify", "repository": "", "edge": true}))
            .await;
        assert_eq!(report["edge"]["archives"], 1, "{url}: {report:#}");
        assert!(
            !report["differences"].to_string().contains("edge-"),
            "{url}: {report:#}"
        );
    }
}

#[tokio::test]
async fn the_same_archive_again_is_unchanged_and_makes_no_second_copy() {
    for (url, key) in PLACES {
        for archive in [chart(), chart().packed_at(7)] {
            let chartdrop = repository(url, &right(), Some(key)).await;
            let before = chartdrop.keys("charts/");
            let receipt = chartdrop.publish(&archive).await;
            assert_eq!(receipt["outcome"], "unchanged", "{url}: {receipt}");
            assert_eq!(
                receipt["url"],
                url.replace("ORIGIN", &chartdrop.system.edge_url()),
                "the URL that the index has"
            );
            assert_eq!(chartdrop.keys("charts/"), before, "{url}");
        }
        let chartdrop = repository(url, &right(), Some(key)).await;
        let receipt = chartdrop.publish(&chart().file("other.txt", "other")).await;
        assert_eq!(receipt["reasonCode"], "other-content", "{url}: {receipt}");
    }
}

#[tokio::test]
async fn a_missing_or_damaged_archive_in_another_folder_is_repaired_there() {
    for overwritten in [None, Some("other bytes")] {
        for (url, key) in PLACES {
            let chartdrop = repository(url, &right(), Some(key)).await;
            let before = chartdrop.keys("charts/");
            match overwritten {
                None => assert!(chartdrop.system.store().delete(key).expect("deleted")),
                Some(bytes) => chartdrop.put(key, bytes),
            }
            let receipt = chartdrop.publish(&chart()).await;
            let outcome = if overwritten.is_some() {
                "unchanged"
            } else {
                "published"
            };
            assert_eq!(receipt["outcome"], outcome, "{url}: {receipt}");
            assert_eq!(chartdrop.object(key).expect("there").bytes, chart().bytes(), "{url}");
            assert_eq!(chartdrop.keys("charts/"), before, "{url}");
        }
    }
}

#[tokio::test]
async fn an_unpublish_deletes_the_archive_that_the_url_points_to() {
    for (url, key) in PLACES {
        let chartdrop = repository(url, &right(), Some(key)).await;
        chartdrop.put(&format!("{key}.prov"), "provenance");
        // A copy that an earlier publish left under the usual key.
        chartdrop.put("charts/demo-1.0.0.tgz", chart().bytes());
        let path = chartdrop::keys::url_path(key.strip_prefix("charts").expect("a chart")).to_string();
        assert_eq!(
            chartdrop.edge(&path).await.status,
            200,
            "{url}: the edge has it for a while"
        );
        let report = unpublish(&chartdrop).await;
        assert_eq!(report["outcome"], "unpublished", "{report}");
        assert!(
            message(&report).contains("and its archive is deleted"),
            "{url}: {report}"
        );
        let deleted: Vec<&str> = report["deleted"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        for deleted_key in [key, &format!("{key}.prov"), "charts/demo-1.0.0.tgz"] {
            assert!(deleted.contains(&deleted_key), "{url}: {report}");
            assert!(chartdrop.object(deleted_key).is_none(), "{url}");
        }
        assert_eq!(chartdrop.edge(&path).await.status, 404, "{url}: it is still served");
        assert_eq!(verify(&chartdrop).await["differences"], json!([]), "{url}");
        assert_eq!(unpublish(&chartdrop).await["outcome"], "already-unpublished", "{url}");
        // The same content may be published again, under the usual key.
        next_second().await;
        assert_eq!(chartdrop.publish(&chart()).await["outcome"], "published", "{url}");
        assert_eq!(verify(&chartdrop).await["differences"], json!([]), "{url}");
        let other = chartdrop.publish(&chart().file("other.txt", "other")).await;
        assert_eq!(other["outcome"], "rejected", "{other}");
    }
}

#[tokio::test]
async fn an_interrupted_unpublish_still_finds_the_archive() {
    use local::faults::{S3Fault, When};
    use tests::faults::OnRequest;

    let key = "charts/packages/demo-1.0.0.tgz";
    let chartdrop = Chartdrop::with_faults(OnRequest::new("DeleteObject", key, [S3Fault::Kill(When::Before)])).await;
    chartdrop.put(key, chart().bytes());
    let entry = json!({"apiVersion": "v2", "name": "demo", "version": "1.0.0", "urls": ["packages/demo-1.0.0.tgz"]});
    let index = json!({"apiVersion": "v1", "entries": {"demo": [entry]}, "generated": "2026-01-01T00:00:00Z"});
    chartdrop.put(INDEX, index.to_string());
    let command = json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"});
    chartdrop.invoke("publish-chart", &command).await.expect_err("killed");
    let report = verify(&chartdrop).await;
    assert_eq!(report["differences"][0]["kind"], "unpublish-unfinished", "{report:#}");
    assert_eq!(report["differences"][0]["key"], key, "{report:#}");
    let report = unpublish(&chartdrop).await;
    assert_eq!(report["deleted"], json!([key]), "{report}");
    assert!(chartdrop.object(key).is_none());
    assert_eq!(verify(&chartdrop).await["differences"], json!([]));
}

#[tokio::test]
async fn an_unpublish_reports_what_it_does_not_delete() {
    // The archive is on another host.
    let chartdrop = repository("https://elsewhere.example.com/demo-1.0.0.tgz", &right(), None).await;
    let report = unpublish(&chartdrop).await;
    assert!(
        message(&report).contains("not everything is deleted") && message(&report).contains("elsewhere.example.com"),
        "{report}"
    );
    // Another repository lists the archive.
    let chartdrop = repository("team-a/demo-1.0.0.tgz", &right(), None).await;
    chartdrop.upload_to("team-a/", &chart());
    chartdrop.settled().await;
    let report = unpublish(&chartdrop).await;
    assert!(message(&report).contains("charts/team-a/index.yaml"), "{report}");
    assert_eq!(report["deleted"], json!([]));
    assert_eq!(
        chartdrop.object("charts/team-a/demo-1.0.0.tgz").expect("there").bytes,
        chart().bytes()
    );
    // The root repository lists an archive of another repository.
    let chartdrop = repository("team-a/demo-1.0.0.tgz", &right(), None).await;
    chartdrop.upload_to("team-a/", &chart());
    chartdrop.settled().await;
    let command = json!({"command": "unpublish", "repository": "team-a", "chart": "demo", "version": "1.0.0"});
    let report = chartdrop.run(&command).await;
    assert!(message(&report).contains("charts/index.yaml"), "{report}");
    assert!(chartdrop.object("charts/team-a/demo-1.0.0.tgz").is_some());
    // The file name is not that of an archive.
    let chartdrop = repository("demo.zip", &right(), Some("charts/demo.zip")).await;
    let report = unpublish(&chartdrop).await;
    assert!(message(&report).contains("charts/demo.zip stays"), "{report}");
    assert!(chartdrop.object("charts/demo.zip").is_some());
    // The file name belongs to another version.
    let chartdrop = repository("demo-2.0.0.tgz", &right(), None).await;
    chartdrop.put("charts/demo-2.0.0.tgz", ChartArchive::new("demo", "2.0.0").bytes());
    let report = unpublish(&chartdrop).await;
    assert!(message(&report).contains("charts/demo-2.0.0.tgz stays"), "{report}");
    assert!(chartdrop.object("charts/demo-2.0.0.tgz").is_some());
}

#[tokio::test]
async fn the_same_archive_as_an_entry_on_another_host_is_unchanged_and_keeps_its_url() {
    let url = "https://elsewhere.example.com/releases/demo-1.0.0.tgz";
    for digest in [right(), right().to_uppercase(), format!("sha256:{}", right())] {
        let chartdrop = repository(url, &digest, None).await;
        let index = chartdrop.text(INDEX);
        let receipt = chartdrop.publish(&chart()).await;
        assert_eq!(
            (&receipt["outcome"], &receipt["url"]),
            (&"unchanged".into(), &url.into()),
            "{receipt}"
        );
        assert_eq!(chartdrop.text(INDEX), index);
        assert_eq!(chartdrop.keys("charts/"), [INDEX], "no second copy");
        let logs = chartdrop.system.function_logs("publish-chart").join("\n");
        assert!(
            logs.contains(url) && !logs.contains("/demo-1.0.0.tgz\",\"message\":\"published"),
            "{logs}"
        );
        assert_eq!(verify(&chartdrop).await["elsewhere"]["count"], 1);
    }
    // Another archive cannot be compared with content on another host.
    let chartdrop = repository(url, &right(), None).await;
    let receipt = chartdrop.publish(&chart().packed_at(7)).await;
    assert_eq!(receipt["reasonCode"], "listed-elsewhere", "{receipt}");
    assert!(receipt["reason"].as_str().expect("a reason").contains(url), "{receipt}");
    assert_eq!(receipt["url"], Value::Null, "{receipt}");
}

/// The repository had another URL earlier, such as CloudFront's own name before it got a domain.
#[tokio::test]
async fn an_archive_listed_under_an_earlier_address_is_recognized_by_its_digest() {
    let url = "https://d111111abcdef8.cloudfront.net/demo-1.0.0.tgz";
    let chartdrop = repository(url, &right(), Some("charts/demo-1.0.0.tgz")).await;
    for upload in [chart().packed_at(7), chart()] {
        let receipt = chartdrop.publish(&upload).await;
        assert_eq!(
            (&receipt["outcome"], &receipt["url"]),
            (&"unchanged".into(), &url.into()),
            "{receipt}"
        );
    }
    let report = verify(&chartdrop).await;
    assert_eq!(
        (&report["elsewhere"]["count"], &report["differences"]),
        (&1.into(), &json!([])),
        "{report}"
    );
    // An archive with this name but another digest proves nothing.
    let chartdrop = repository(url, &right(), Some("charts/demo-1.0.0.tgz")).await;
    chartdrop.put("charts/demo-1.0.0.tgz", chart().packed_at(9).bytes());
    let receipt = chartdrop.publish(&chart().packed_at(7)).await;
    assert_eq!(receipt["reasonCode"], "listed-elsewhere", "{receipt}");
    let report = verify(&chartdrop).await;
    assert_eq!(report["differences"][0]["kind"], "listed-elsewhere", "{report}");
}
