//! A damaged repository: publishing stops with a message that names the command to run, no index
//! shrinks, and the commands find and repair the damage.

use std::sync::Arc;
use std::time::Duration;

use local::Options;
use local::faults::{Delivery, Faults, RequestSeen, S3Fault, When};
use serde_json::{Value, json};
use tests::faults::NoEvents;
use tests::system::entries;
use tests::{ChartArchive, Chartdrop};

use crate::command_line::snapshots::comparable;

const INDEX: &str = "charts/index.yaml";

/// A repository with these versions of demo, whose functions run only when a test invokes them.
async fn repository(versions: &[&str]) -> Chartdrop {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    for version in versions {
        chartdrop.upload(&ChartArchive::new("demo", version));
        chartdrop.sweep().await;
    }
    chartdrop
}

async fn verify(chartdrop: &Chartdrop) -> Value {
    chartdrop.run(&json!({"command": "verify", "repository": ""})).await
}

async fn reindex(chartdrop: &Chartdrop) -> Value {
    chartdrop.run(&json!({"command": "reindex", "repository": ""})).await
}

/// Runs a reindex that accepts archives with another digest than their entries have.
async fn reindex_accepting(chartdrop: &Chartdrop) -> Value {
    chartdrop
        .run(&json!({"command": "reindex", "repository": "", "acceptChangedArchives": true}))
        .await
}

/// The differences that `verify` reports, as `KIND KEY`.
async fn differences(chartdrop: &Chartdrop) -> Vec<String> {
    told(&verify(chartdrop).await["differences"])
}

fn told(differences: &Value) -> Vec<String> {
    let told = |difference: &Value| {
        let text = |field: &str| difference[field].as_str().expect("text").to_owned();
        format!("{} {}", text("kind"), text("key"))
    };
    differences.as_array().expect("a list").iter().map(told).collect()
}

/// The messages of differences, for a reviewer.
fn messages(differences: &Value) -> String {
    let message = |difference: &Value| {
        let text = |field: &str| difference[field].as_str().expect("text").to_owned();
        format!("{}\n    {}", text("kind"), text("message"))
    };
    let differences = differences.as_array().expect("a list");
    comparable(&differences.iter().map(message).collect::<Vec<_>>().join("\n"))
}

/// All objects in the bucket, with their bytes.
fn everything(chartdrop: &Chartdrop) -> Vec<(String, Vec<u8>)> {
    let keys = chartdrop.keys("").into_iter();
    keys.map(|key| {
        let bytes = chartdrop.object(&key).expect("listed").bytes.to_vec();
        (key, bytes)
    })
    .collect()
}

/// Asserts that publishing stops, with a message that names the command that repairs the index.
/// Returns the key of the upload.
async fn assert_publishing_stops(chartdrop: &Chartdrop) -> String {
    let upload = chartdrop.upload(&ChartArchive::new("demo", "9.0.0"));
    let event = chartdrop.notification(&[&upload]);
    let error = chartdrop.invoke("publish-chart", &event).await.expect_err("stops");
    let command = r#"{"command":"reindex","repository":""}"#;
    assert!(error.message.contains(command), "{}", error.message);
    assert!(error.message.contains(INDEX), "{}", error.message);
    upload
}

#[tokio::test]
async fn an_index_that_cannot_be_loaded_stops_publishing_and_a_reindex_repairs_it() {
    type Damage = fn(&str) -> String;
    let damages: [(&str, Damage, usize); 5] = [
        (
            "cut short",
            |index| index[..index.rfind("\"created\"").expect("an entry")].to_owned(),
            2,
        ),
        ("of zero bytes", |_| String::new(), 0),
        (
            "a page of a proxy",
            |_| "<html>\n<body>502 Bad Gateway</body>\n</html>\n".to_owned(),
            0,
        ),
        (
            "of another apiVersion",
            |index| index.replacen("\"v1\"", "\"v2\"", 1),
            3,
        ),
        (
            "with an entry that Helm rejects",
            |index| index.replace("\"version\":\"1.1.0\"", "\"version\":1.1"),
            2,
        ),
    ];
    for (name, damage, whole) in damages {
        let chartdrop = repository(&["1.0.0", "1.1.0", "1.2.0"]).await;
        let before = chartdrop.index();
        let damaged = damage(&chartdrop.text(INDEX));
        chartdrop.put(INDEX, damaged.clone());
        // S3 stores whole seconds, so after one, a time that was not kept would differ.
        let upload = assert_publishing_stops(&chartdrop).await;
        assert_eq!(chartdrop.text(INDEX), damaged, "{name}: nothing shrinks");
        assert_eq!(
            differences(&chartdrop).await,
            [format!("index-unreadable {INDEX}")],
            "{name}"
        );

        let report = reindex(&chartdrop).await;
        assert_eq!(report["written"], true, "{name}: {report}");
        assert_eq!(
            chartdrop.text("rejected/index.yaml"),
            damaged,
            "{name}: the damaged one is kept"
        );
        assert_eq!(chartdrop.versions("demo"), ["1.2.0", "1.1.0", "1.0.0"], "{name}");
        let kept = entries(&chartdrop.index())
            .iter()
            .filter(|entry| entries(&before).contains(entry))
            .count();
        assert_eq!(kept, whole, "{name}: entries that can be read keep their time");
        assert_eq!(differences(&chartdrop).await, [""; 0], "{name}");

        chartdrop.sweep().await;
        assert_eq!(chartdrop.receipt(&upload)["outcome"], "published", "{name}");
        chartdrop.assert_all_downloads(&chartdrop.index()).await;
        assert_eq!(differences(&chartdrop).await, [""; 0], "{name}");
    }
}

/// The file names in the URLs of a YAML index.
fn archives_in(index: &str) -> Vec<&str> {
    let urls = index.lines().filter(|line| line.ends_with(".tgz"));
    urls.filter_map(|line| line.rsplit('/').next()).collect()
}

/// The entries that a repair drops, as `CHART VERSION`.
fn dropped(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let changes = report["changes"].as_array().expect("a list").iter();
    changes
        .filter(|change| change["action"] == "drop")
        .map(|change| {
            assert_eq!(
                (&change["kind"], &change["key"]),
                (&"entry-unreadable".into(), &INDEX.into())
            );
            format!("{} {}", text(&change["chart"]), text(&change["version"]))
        })
        .collect()
}

#[tokio::test]
async fn a_dry_run_lists_the_entries_that_a_reindex_drops_from_a_damaged_index() {
    let entry = |name: &str, version: &str, more: &str| {
        format!(
            "  - name: {name}\n    version: {version}\n    urls:\n    - https://elsewhere.example.com/{name}.tgz\n{more}"
        )
    };
    let chartdrop = repository(&["1.0.0"]).await;
    let elsewhere = format!(
        "apiVersion: v1\nentries:\n  redis:\n{}{}{}  web:\n{}surprise: 1\n",
        entry("redis", "3.0.0", ""),
        entry("redis", "2.0.0", "    deprecated: perhaps\n"),
        entry("redis", "1.10", ""),
        entry("web", "0.1.0", "    surprise: 1\n"),
    );
    chartdrop.put(INDEX, elsewhere);
    let dry = chartdrop
        .run(&json!({"command": "reindex", "repository": "", "dryRun": true}))
        .await;
    let report = reindex(&chartdrop).await;
    let expected = ["redis 2.0.0", "redis 1.1", "web 0.1.0", "? ?"];
    for report in [&dry, &report] {
        assert_eq!(dropped(report), expected, "{report}");
        // Includes the archive in this repository.
        assert_eq!(report["changeCount"], 5, "{report}");
        let message = report["changes"][0]["message"].as_str().expect("text");
        assert!(
            message.contains("the entry of redis 2.0.0 is dropped: deprecated: "),
            "{message}"
        );
    }
    assert_eq!((&dry["written"], &report["written"]), (&false.into(), &true.into()));
    assert_eq!(archives_in(&chartdrop.text(INDEX)), ["demo-1.0.0.tgz", "redis.tgz"]);
    assert_eq!(reindex(&chartdrop).await["changeCount"], 0);
}

#[tokio::test]
async fn an_index_with_field_names_in_another_case_is_extended_without_dropping_anything() {
    let chartdrop = repository(&["1.0.0"]).await;
    let others = "apiVersion: v1\nentries:\n  redis:\n  - Digest: c0de\n    apiversion: v2\n    name: redis\n    \
                  Urls:\n    - https://elsewhere.example.com/redis-1.0.0.tgz\n    Version: 1.0.0\ngenerated: \"2024-03-15T10:11:10Z\"\n";
    chartdrop.put(INDEX, others);
    let waiting = chartdrop.upload(&ChartArchive::new("demo", "1.2.0"));
    chartdrop.sweep().await;
    assert_eq!(chartdrop.receipt(&waiting)["outcome"], "published");
    let before_redis = others
        .split("generated")
        .next()
        .expect("text")
        .split_once("entries:\n")
        .expect("entries")
        .1;
    assert!(
        chartdrop.text(INDEX).contains(before_redis),
        "others' entries keep every byte"
    );
    let report = reindex(&chartdrop).await;
    assert_eq!(dropped(&report), [""; 0], "{report}");
    let archives = ["demo-1.2.0.tgz", "demo-1.0.0.tgz", "redis-1.0.0.tgz"];
    assert_eq!(archives_in(&chartdrop.text(INDEX)), archives);
    assert!(chartdrop.text(INDEX).contains(before_redis));
}

#[tokio::test]
async fn entries_that_an_index_lost_are_restored_from_the_archives() {
    let chartdrop = repository(&["1.0.0", "1.1.0"]).await;
    chartdrop.put(INDEX, "apiVersion: v1\nentries: {}\n");
    let expected = ["1.0.0", "1.1.0"].map(|version| format!("not-listed charts/demo-{version}.tgz"));
    assert_eq!(differences(&chartdrop).await, expected);
    reindex(&chartdrop).await;
    assert!(
        chartdrop.text(INDEX).starts_with("apiVersion: v1\nentries:\n  demo:\n"),
        "it keeps its form"
    );
    assert_eq!(differences(&chartdrop).await, [""; 0]);
}

#[tokio::test]
async fn a_missing_index_is_reported_until_a_reindex_or_the_next_upload_rebuilds_it() {
    let chartdrop = repository(&["1.0.0", "1.1.0"]).await;
    for by_upload in [false, true] {
        chartdrop.system.store().delete(INDEX).expect("deleted");
        assert_eq!(differences(&chartdrop).await, [format!("index-missing {INDEX}")]);
        if by_upload {
            chartdrop.upload(&ChartArchive::new("demo", "1.2.0"));
            chartdrop.sweep().await;
        } else {
            reindex(&chartdrop).await;
        }
        let versions = chartdrop.versions("demo");
        assert!(
            versions.ends_with(&["1.1.0".to_owned(), "1.0.0".to_owned()]),
            "{versions:?}"
        );
        // A reindex reports to its caller; an upload rebuilds the index without anyone noticing, so
        // that must be reported.
        let expected = by_upload.then(|| format!("index-rebuilt {INDEX}"));
        assert_eq!(differences(&chartdrop).await, Vec::from_iter(expected));
        reindex(&chartdrop).await;
        assert_eq!(differences(&chartdrop).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_missing_archive_is_found_and_its_entry_removed() {
    let chartdrop = repository(&["1.0.0", "1.1.0"]).await;
    chartdrop
        .system
        .store()
        .delete("charts/demo-1.0.0.tgz")
        .expect("deleted");
    let report = verify(&chartdrop).await;
    assert_eq!(told(&report["differences"]), ["archive-missing charts/demo-1.0.0.tgz"]);
    let message = report["differences"][0]["message"].as_str().expect("a message");
    assert!(
        message.contains(r#"{"command":"reindex","repository":""}"#),
        "{message}"
    );
    reindex(&chartdrop).await;
    assert_eq!(chartdrop.versions("demo"), ["1.1.0"]);
    // Its receipt still records it, until it is unpublished.
    assert_eq!(differences(&chartdrop).await, ["entry-lost charts/demo-1.0.0.tgz"]);
    let unpublish = json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"});
    assert_eq!(chartdrop.run(&unpublish).await["outcome"], "unpublished");
    assert_eq!(differences(&chartdrop).await, [""; 0]);
}

#[tokio::test]
async fn an_upload_of_the_same_archive_also_repairs_a_missing_one() {
    let chartdrop = repository(&["1.0.0"]).await;
    chartdrop
        .system
        .store()
        .delete("charts/demo-1.0.0.tgz")
        .expect("deleted");
    chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    chartdrop.sweep().await;
    assert_eq!(differences(&chartdrop).await, [""; 0]);
}

/// A repository with one difference of every kind.
async fn with_every_difference() -> Chartdrop {
    let chartdrop = repository(&["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"]).await;
    let line = |version: &str| {
        let index = chartdrop.text(INDEX);
        let mut lines = index
            .lines()
            .filter(|line| line.contains(&format!("demo-{version}.tgz")));
        lines.next().expect("listed").trim_end_matches(',').to_owned()
    };
    let mut index = chartdrop.text(INDEX);
    // A wrong digest, another chart, a duplicate, no URL, another host, an unusual file name.
    let digest = line("1.1.0");
    let at = digest.find("\"digest\":\"").expect("a digest") + 10;
    index = index.replace(&digest, &digest.replace(&digest[at..at + 64], &"0".repeat(64)));
    index = index.replace(
        &line("1.2.0"),
        &line("1.2.0").replace("\"version\":\"1.2.0\"", "\"version\":\"7.7.7\""),
    );
    index = index.replace(&line("1.3.0"), &format!("{},\n{}", line("1.3.0"), line("1.3.0")));
    let url = line("1.4.0");
    let start = url.find("\"urls\"").expect("a URL");
    let end = url[start..].find("],").expect("a URL") + start + 2;
    index = index.replace(&url, &[&url[..start], &url[end..]].concat());
    index = index.replace(
        "\"entries\":{\n",
        "\"entries\":{\n\"apart\":[\n{\"name\":\"apart\",\"version\":\"1.0.0\",\"urls\":[\"https://elsewhere.example.com/apart-1.0.0.tgz\"]}\n],\n",
    );
    index = index.replace("demo-1.5.0.tgz", "renamed.tgz");
    let archive = |key: &str| chartdrop.object(key).expect("published").bytes.to_vec();
    chartdrop.put("charts/renamed.tgz", archive("charts/demo-1.5.0.tgz"));
    chartdrop
        .system
        .store()
        .delete("charts/demo-1.5.0.tgz")
        .expect("deleted");
    chartdrop
        .system
        .store()
        .delete("charts/demo-1.0.0.tgz")
        .expect("deleted");
    chartdrop.put("charts/other-1.0.0.tgz", ChartArchive::new("other", "1.0.0").bytes());
    chartdrop.put("charts/apart-1.0.0.tgz", ChartArchive::new("apart", "1.0.0").bytes());
    chartdrop.put("charts/broken-1.0.0.tgz", "no archive");
    chartdrop.put("charts/team-a/other-2.0.0.tgz", "of another repository");
    chartdrop.put(INDEX, index);
    chartdrop
}

#[tokio::test]
async fn verify_reports_every_difference_and_changes_nothing() {
    let chartdrop = with_every_difference().await;
    let before = everything(&chartdrop);
    let report = verify(&chartdrop).await;
    let expected = [
        "listed-elsewhere charts/apart-1.0.0.tgz",
        "unreadable-archive charts/broken-1.0.0.tgz",
        "archive-missing charts/demo-1.0.0.tgz",
        "digest charts/demo-1.1.0.tgz",
        "other-chart charts/demo-1.2.0.tgz",
        "listed-twice charts/demo-1.3.0.tgz",
        "no-url charts/demo-1.4.0.tgz",
        "not-listed charts/other-1.0.0.tgz",
        "file-name charts/renamed.tgz",
    ];
    assert_eq!(told(&report["differences"]), expected, "{report:#}");
    insta::assert_snapshot!("differences", messages(&report["differences"]));
    assert_eq!(
        report["elsewhere"]["first"][0]["url"],
        "https://elsewhere.example.com/apart-1.0.0.tgz"
    );
    assert_eq!(
        (&report["complete"], &report["elsewhere"]["count"]),
        (&true.into(), &1.into())
    );
    assert_eq!(everything(&chartdrop), before);
}

#[tokio::test]
async fn a_dry_run_reports_what_a_reindex_then_does() {
    let chartdrop = with_every_difference().await;
    let before = everything(&chartdrop);
    let dry = chartdrop
        .run(&json!({"command": "reindex", "repository": "", "dryRun": true}))
        .await;
    assert_eq!(everything(&chartdrop), before);
    let actions = |report: &Value| -> Vec<String> {
        let changes = report["changes"].as_array().expect("a list");
        changes
            .iter()
            .map(|change| {
                format!(
                    "{} {}",
                    change["action"].as_str().expect("text"),
                    change["key"].as_str().expect("text")
                )
            })
            .collect()
    };
    let expected = [
        "remove charts/demo-1.0.0.tgz",
        "remove charts/demo-1.3.0.tgz",
        "replace charts/demo-1.4.0.tgz",
        "add charts/other-1.0.0.tgz",
    ];
    assert_eq!(actions(&dry), expected);
    assert_eq!((&dry["written"], &dry["dryRun"]), (&false.into(), &true.into()));

    let done = reindex(&chartdrop).await;
    assert_eq!(actions(&done), expected);
    assert_eq!(dry["index"], done["index"]);
    // Differences that a person has to decide about are left.
    let left = [
        "listed-elsewhere charts/apart-1.0.0.tgz",
        "unreadable-archive charts/broken-1.0.0.tgz",
        "digest charts/demo-1.1.0.tgz",
        "other-chart charts/demo-1.2.0.tgz",
        "file-name charts/renamed.tgz",
    ];
    assert_eq!(told(&done["left"]), left);
    let lost = ["entry-lost charts/demo-1.0.0.tgz"];
    assert_eq!(differences(&chartdrop).await, [&left[..], &lost[..]].concat());
    assert_eq!(
        chartdrop.versions("demo"),
        ["1.5.0", "1.4.0", "1.3.0", "7.7.7", "1.1.0"]
    );
    let again = reindex(&chartdrop).await;
    assert_eq!((&again["written"], &again["changeCount"]), (&false.into(), &0.into()));

    let accepted = reindex_accepting(&chartdrop).await;
    let expected = ["replace charts/demo-1.1.0.tgz", "replace charts/demo-1.2.0.tgz"];
    assert_eq!(actions(&accepted), expected);
    let rest = [&left[..2], &left[4..], &lost[..]].concat();
    assert_eq!(differences(&chartdrop).await, rest);
    assert_eq!(
        chartdrop.versions("demo"),
        ["1.5.0", "1.4.0", "1.3.0", "1.2.0", "1.1.0"]
    );
}

#[tokio::test]
async fn a_reindex_changes_only_what_is_wrong() {
    let chartdrop = with_every_difference().await;
    let created = |index: &Value, version: &str| {
        let entries = entries(index);
        let entry = entries
            .iter()
            .find(|entry| entry["version"] == version && entry["name"] == "demo");
        entry.expect("listed")["created"].clone()
    };
    let (text, before) = (chartdrop.text(INDEX), chartdrop.index());
    reindex_accepting(&chartdrop).await;
    let (repaired, after) = (chartdrop.text(INDEX), chartdrop.index());
    for kept in ["\"demo-1.3.0.tgz\"", "elsewhere.example.com", "renamed.tgz"].map(|kept| kept.trim_matches('"')) {
        let line = text
            .lines()
            .find(|line| line.contains(kept))
            .expect("listed")
            .trim_end_matches(',');
        assert!(repaired.contains(line), "{line}\n{repaired}");
    }
    for version in ["1.1.0", "1.4.0"] {
        assert_eq!(created(&after, version), created(&before, version), "{version}");
    }
    assert_eq!(
        created(&after, "1.2.0"),
        created(&before, "7.7.7"),
        "the entry of that archive"
    );
}

#[tokio::test]
async fn a_sound_repository_is_verified_without_a_download() {
    let chartdrop = repository(&["1.0.0", "1.1.0"]).await;
    // As if another tool had uploaded it: S3 has no SHA-256 of it.
    let archive = ChartArchive::new("old", "1.0.0").bytes();
    chartdrop.put("charts/old-1.0.0.tgz", archive);
    reindex(&chartdrop).await;
    let report = verify(&chartdrop).await;
    assert_eq!(told(&report["differences"]), [""; 0]);
    assert_eq!((&report["compared"], &report["downloaded"]), (&3.into(), &1.into()));
    assert_eq!((&report["archives"], &report["entries"]), (&3.into(), &3.into()));
}

#[tokio::test]
async fn an_archive_whose_bytes_changed_is_found() {
    let chartdrop = repository(&["1.0.0"]).await;
    let changed = ChartArchive::new("demo", "1.0.0").packed_at(7).bytes();
    chartdrop.put("charts/demo-1.0.0.tgz", changed);
    assert_eq!(differences(&chartdrop).await, ["digest charts/demo-1.0.0.tgz"]);
    reindex_accepting(&chartdrop).await;
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

#[tokio::test]
async fn a_command_for_an_unknown_repository_lists_the_existing_ones_and_creates_none() {
    let chartdrop = repository(&["1.0.0"]).await;
    chartdrop.upload_to("team-a/", &ChartArchive::new("demo", "1.0.0"));
    chartdrop.sweep().await;
    let before = everything(&chartdrop);
    for command in [
        json!({"command": "verify", "repository": "taem-a"}),
        json!({"command": "verify", "repository": "taem-a", "edge": true}),
        json!({"command": "reindex", "repository": "taem-a"}),
        json!({"command": "reindex", "repository": "taem-a", "dryRun": true}),
        json!({"command": "unpublish", "repository": "taem-a", "chart": "demo", "version": "1.0.0"}),
    ] {
        let error = chartdrop.invoke("publish-chart", &command).await.expect_err("an error");
        for part in ["the repository taem-a does not exist", "\"\"", "\"team-a\""] {
            assert!(error.message.contains(part), "{command}: {}", error.message);
        }
    }
    assert_eq!(everything(&chartdrop), before);
}

/// The schedule may run `verify` before the first chart is published.
#[tokio::test]
async fn a_repository_without_published_charts_is_not_an_error() {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    for command in ["verify", "reindex"] {
        let report = chartdrop.run(&json!({"command": command, "repository": ""})).await;
        assert_eq!(report["index"], Value::Null, "{report}");
    }
    chartdrop.upload_to("team-a/", &ChartArchive::new("demo", "1.0.0"));
    let report = chartdrop
        .run(&json!({"command": "verify", "repository": "team-a"}))
        .await;
    assert_eq!(
        (&report["complete"], &report["differences"]),
        (&true.into(), &json!([]))
    );
}

/// Delays every request for the state of an object.
struct SlowHeads(Duration);

impl Faults for SlowHeads {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        match (request.function.as_deref(), request.operation.as_str()) {
            (Some("publish-chart"), "HeadObject") => S3Fault::Delay(When::Before, self.0),
            _ => S3Fault::None,
        }
    }

    fn delivery(&self, function: &str, payload: &[u8]) -> Delivery {
        NoEvents("publish-chart").delivery(function, payload)
    }
}

#[tokio::test]
async fn a_large_repository_is_verified_in_several_runs() {
    let chartdrop = Chartdrop::with(Options {
        // That leaves three seconds for requests in progress when the time is over, enough even on
        // a busy machine.
        faults: Arc::new(SlowHeads(Duration::from_secs(1))),
        publish_timeout: Duration::from_secs(12),
        ..Options::default()
    })
    .await;
    for number in 0..300 {
        let archive = ChartArchive::new("demo", &format!("1.{number}.0")).bytes();
        chartdrop.put(&format!("charts/demo-1.{number}.0.tgz"), archive);
    }
    chartdrop.put(INDEX, "{\"apiVersion\":\"v1\",\"entries\":{}}");
    let (mut found, mut runs, mut after) = (Vec::new(), 0, Value::Null);
    loop {
        let report = chartdrop
            .run(&json!({"command": "verify", "repository": "", "after": after}))
            .await;
        runs += 1;
        found.extend(told(&report["differences"]));
        after = report["after"].clone();
        assert_eq!(report["complete"], after.is_null());
        if after.is_null() {
            break;
        }
    }
    let all = found.len();
    found.dedup();
    assert_eq!(found.len(), all);
    assert_eq!(found.len(), 300, "each is told once");
    assert!(runs > 1, "this test is about more than one run");
}

#[tokio::test]
async fn a_reindex_is_safe_while_charts_are_published() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "0.0.0")).await;
    let damaged = chartdrop.text(INDEX).replace("\"digest\":\"", "\"digest\":\"0");
    chartdrop.put(INDEX, damaged);
    chartdrop.put("charts/lost-1.0.0.tgz", ChartArchive::new("lost", "1.0.0").bytes());
    for number in 1..=30 {
        chartdrop.upload(&ChartArchive::new("demo", &format!("0.{number}.0")));
    }
    for _ in 0..5 {
        let (one, two) = tokio::join!(reindex(&chartdrop), reindex(&chartdrop));
        assert_eq!((&one["complete"], &two["complete"]), (&true.into(), &true.into()));
    }
    chartdrop.settled().await;
    for number in 1..=30 {
        let receipt = chartdrop.receipt(&format!("staging/demo-0.{number}.0.tgz"));
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
    assert_eq!(chartdrop.versions("demo").len(), 31);
    assert_eq!(chartdrop.versions("lost"), ["1.0.0"]);
    assert_eq!(differences(&chartdrop).await, [""; 0]);
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

#[tokio::test]
async fn a_misspelled_command_is_an_error() {
    let chartdrop = with_every_difference().await;
    let before = everything(&chartdrop);
    let misspelled = json!({"command": "reindex", "repository": "", "dryrun": true});
    let error = chartdrop
        .invoke("publish-chart", &misspelled)
        .await
        .expect_err("an error");
    for part in ["dryrun", "dryRun", "unpublish"] {
        assert!(error.message.contains(part), "{}", error.message);
    }
    assert_eq!(everything(&chartdrop), before);
}
