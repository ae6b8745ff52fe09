//! Rejected uploads: the receipt and the log have a reason, the archive is kept under `rejected/`,
//! and the index does not change. Each test names an input that is rejected.

use serde_json::Value;
use tests::chart_archive::gzip;
use tests::{ChartArchive, Chartdrop};

/// A valid chart, which the tests then break.
fn chart() -> ChartArchive {
    ChartArchive::new("bad", "1.0.0")
}

/// Uploads this as `staging/bad-1.0.0.tgz`, asserts that it is rejected properly, and returns the
/// reason.
async fn rejected(bytes: impl Into<Vec<u8>>) -> String {
    rejected_as("bad-1.0.0.tgz", bytes).await
}

/// Does the same under another file name.
async fn rejected_as(file: &str, bytes: impl Into<Vec<u8>>) -> String {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("good", "1.0.0")).await;
    rejected_by(&chartdrop, file, bytes).await
}

async fn rejected_by(chartdrop: &Chartdrop, file: &str, bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    let index = chartdrop.text("charts/index.yaml");
    let charts = chartdrop.keys("charts/");
    let upload = format!("staging/{file}");
    chartdrop.put(&upload, bytes.clone());
    chartdrop.settled().await;

    let receipt = chartdrop.receipt(&upload);
    assert_eq!(receipt["outcome"], "rejected", "{receipt}");
    assert_eq!(receipt["url"], Value::Null, "{receipt}");
    assert!(
        receipt["reasonCode"].as_str().is_some_and(|code| !code.is_empty()),
        "{receipt}"
    );
    assert_eq!(chartdrop.text("charts/index.yaml"), index, "the index is untouched");
    assert_eq!(chartdrop.keys("charts/"), charts, "nothing is stored to be served");
    assert!(chartdrop.keys("staging/").is_empty(), "nothing waits any more");
    assert_eq!(
        chartdrop.object(&format!("rejected/{file}")).expect("kept").bytes,
        bytes
    );

    let reason = receipt["reason"].as_str().expect("a reason").to_owned();
    let logged = chartdrop.system.function_logs("publish-chart").iter().any(|line| {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        line.to_string()
            .contains(&Value::from(reason.as_str()).to_string().trim_matches('"').to_owned())
    });
    assert!(logged, "the log says why: {reason}");
    reason
}

/// Asserts that the reason contains all of these.
#[track_caller]
fn says(reason: &str, all: &[&str]) {
    for part in all {
        assert!(
            reason.to_lowercase().contains(&part.to_lowercase()),
            "{reason:?} does not say {part:?}"
        );
    }
}

#[tokio::test]
async fn data_that_is_not_gzip() {
    says(&rejected("hello").await, &["gzip", "helm package"]);
    says(&rejected(chart().tar()).await, &["gzip"]);
}

#[tokio::test]
async fn an_empty_upload() {
    says(&rejected("").await, &["helm package"]);
}

#[tokio::test]
async fn gzip_without_a_tar_inside() {
    says(
        &rejected(gzip(b"just text, and not even long enough for one block of tar")).await,
        &["tar"],
    );
    says(&rejected(gzip(&[b'x'; 2_000])).await, &["tar"]);
}

#[tokio::test]
async fn a_truncated_archive() {
    let whole = chart().file("filler.txt", "0123456789".repeat(1_000)).bytes();
    for length in [whole.len() / 4, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        says(&rejected(&whole[..length]).await, &["cut short"]);
    }
}

#[tokio::test]
async fn a_tar_cut_off_before_it_was_compressed() {
    let tar = chart().file("last.txt", "x".repeat(5_000)).tar();
    says(&rejected(gzip(&tar[..tar.len() - 5_000])).await, &["cut short"]);
}

#[tokio::test]
async fn no_chart_yaml() {
    says(
        &rejected(chart().without_chart_yaml().bytes()).await,
        &["Chart.yaml", "helm package"],
    );
}

#[tokio::test]
async fn a_chart_yaml_in_a_subfolder_only() {
    let text = "apiVersion: v2\nname: bad\nversion: 1.0.0\n";
    let deep = chart().without_chart_yaml().file("inner/Chart.yaml", text);
    says(&rejected(deep.bytes()).await, &["Chart.yaml"]);
    let shallow = chart().without_chart_yaml().file_at("Chart.yaml", text);
    says(&rejected(shallow.bytes()).await, &["Chart.yaml"]);
}

#[tokio::test]
async fn two_charts_in_one_archive() {
    let two = chart().file_at("other/Chart.yaml", "apiVersion: v2\nname: other\nversion: 1.0.0\n");
    says(&rejected(two.bytes()).await, &["bad", "other", "one"]);
}

#[tokio::test]
async fn paths_outside_of_the_chart() {
    for path in [
        "/etc/passwd",
        "../evil",
        "bad/../../evil",
        "bad/templates/../../../evil",
        "C:\\evil",
        "bad\\..\\..\\evil",
    ] {
        let reason = rejected(chart().file_at(path, "evil").bytes()).await;
        says(&reason, &["path"]);
    }
}

#[tokio::test]
async fn links_to_files_outside_of_the_chart() {
    for target in ["/etc/passwd", "../../etc/passwd", "..", "templates/../../x"] {
        says(&rejected(chart().symlink("link", target).bytes()).await, &["link"]);
        says(&rejected(chart().hard_link("link", target).bytes()).await, &["link"]);
    }
}

#[tokio::test]
async fn devices() {
    says(&rejected(chart().device("null").bytes()).await, &["null", "device"]);
}

#[tokio::test]
async fn an_archive_that_is_too_large() {
    let chartdrop = Chartdrop::with_settings(&[("MAX_CHART_BYTES", "2000")]).await;
    let small = ChartArchive::new("good", "1.0.0");
    assert!(small.bytes().len() < 2_000);
    chartdrop.publish(&small).await;
    let large = chart().file("random.bin", noise(4_000)).bytes();
    says(
        &rejected_by(&chartdrop, "bad-1.0.0.tgz", large.clone()).await,
        &["4.33 KiB", "the limit is 1.95 KiB (MAX_CHART_BYTES)"],
    );
}

#[tokio::test]
async fn an_archive_that_is_too_large_when_unpacked() {
    let bomb = (0..30).fold(chart(), |chart, number| {
        chart.file(&format!("zeros-{number}"), vec![0; 5_000_000])
    });
    says(&rejected(bomb.bytes()).await, &["unpacks"]);
}

#[tokio::test]
async fn a_file_larger_than_helm_loads() {
    says(
        &rejected(chart().file("large.txt", vec![b'x'; 6 << 20]).bytes()).await,
        &["large.txt", "the limit is 5 MiB"],
    );
}

#[tokio::test]
async fn too_many_entries() {
    let many = (0..21_000).fold(chart(), |chart, number| chart.file(&format!("f{number}"), ""));
    says(&rejected(many.bytes()).await, &["20000 files"]);
}

#[tokio::test]
async fn a_file_name_of_another_chart_or_version() {
    for file in [
        "bad-1.0.1.tgz",
        "other-1.0.0.tgz",
        "bad.tgz",
        "Bad-1.0.0.tgz",
        "bad-v1.0.0.tgz",
        "bad-1.0.0+b.tgz",
    ] {
        says(&rejected_as(file, chart().bytes()).await, &["bad-1.0.0.tgz"]);
    }
}

#[tokio::test]
async fn names_that_helm_rejects() {
    for name in ["''", "../bad", "a/b", "'a\\b'", ".", "~"] {
        let text = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n");
        says(&rejected(chart().chart_yaml(text).bytes()).await, &["name"]);
    }
}

#[tokio::test]
async fn versions_that_helm_rejects() {
    for version in ["''", "one", "1.2.3.4", "1.0.0-", "1.0.0_1", "1.0.0-ä", "~", "1..2"] {
        let text = format!("apiVersion: v2\nname: bad\nversion: {version}\n");
        says(&rejected(chart().chart_yaml(text).bytes()).await, &["version"]);
    }
}

#[tokio::test]
async fn other_fields_that_helm_rejects() {
    for (lines, field) in [
        ("apiVersion: v3\n", "apiVersion"),
        ("type: plugin\n", "type"),
        ("deprecated: perhaps\n", "deprecated"),
        ("keywords: one\n", "keywords"),
        ("maintainers:\n  - ~\n", "maintainers"),
        ("dependencies:\n  - ~\n", "dependencies"),
        (
            "dependencies:\n  - name: a\n    version: 1\n    alias: 'a b'\n",
            "alias",
        ),
        ("annotations:\n  - a\n", "annotations"),
        ("annotations:\n  a: {b: c}\n", "annotations"),
    ] {
        let required = if field == "apiVersion" {
            "name: bad\nversion: 1.0.0\n"
        } else {
            "apiVersion: v2\nname: bad\nversion: 1.0.0\n"
        };
        says(
            &rejected(chart().chart_yaml(format!("{required}{lines}")).bytes()).await,
            &[field],
        );
    }
}

#[tokio::test]
async fn a_missing_name_or_version() {
    says(
        &rejected(chart().chart_yaml("apiVersion: v2\nversion: 1.0.0\n").bytes()).await,
        &["name"],
    );
    says(
        &rejected(chart().chart_yaml("apiVersion: v2\nname: bad\n").bytes()).await,
        &["version"],
    );
}

#[tokio::test]
async fn invalid_utf8() {
    let text = b"apiVersion: v2\nname: bad\nversion: 1.0.0\ndescription: \xff\xfe\xc3\x28\n";
    says(
        &rejected(chart().chart_yaml(text.as_slice()).bytes()).await,
        &["Chart.yaml", "UTF-8"],
    );
}

#[tokio::test]
async fn a_chart_yaml_that_is_not_yaml_or_not_a_mapping() {
    for text in [
        "- a\n- b\n",
        "just text\n",
        "",
        "42\n",
        "# only a comment\n",
        "name: [unclosed\n",
        "\tname: bad\n",
        "a: b: c\n",
    ] {
        says(&rejected(chart().chart_yaml(text).bytes()).await, &["Chart.yaml"]);
    }
}

#[tokio::test]
async fn an_alias_bomb() {
    let mut text = String::from("apiVersion: v2\nname: bad\nversion: 1.0.0\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    says(
        &rejected(chart().chart_yaml(text).bytes()).await,
        &["Chart.yaml", "alias"],
    );
}

#[tokio::test]
async fn deep_nesting() {
    for text in [
        format!("a: {}\n", "[".repeat(100_000)),
        format!("a: {}{}\n", "[".repeat(20_000), "]".repeat(20_000)),
        format!("a: {}\n", "{a: ".repeat(40_000)),
        (0..2_000)
            .map(|level| format!("{}a:\n", " ".repeat(level)))
            .take(700)
            .collect(),
        format!("{}a\n", "- ".repeat(100_000)),
    ] {
        let text = format!("apiVersion: v2\nname: bad\nversion: 1.0.0\n{text}");
        says(&rejected(chart().chart_yaml(text).bytes()).await, &["Chart.yaml"]);
    }
}

#[tokio::test]
async fn a_chart_yaml_that_is_too_large_for_an_index() {
    let text = format!(
        "apiVersion: v2\nname: bad\nversion: 1.0.0\ndescription: {}\n",
        "x".repeat(300_000)
    );
    says(
        &rejected(chart().chart_yaml(text).bytes()).await,
        &["Chart.yaml", "the limit is 256 KiB"],
    );
}

#[tokio::test]
async fn a_folder_with_an_invalid_repository_name() {
    let chartdrop = Chartdrop::start().await;
    for upload in [
        "staging/team a/demo-1.0.0.tgz",
        "staging/../demo-1.0.0.tgz",
        "staging/a//demo-1.0.0.tgz",
    ] {
        chartdrop.put(upload, ChartArchive::new("demo", "1.0.0").bytes());
        chartdrop.settled().await;
        let receipt = chartdrop.receipt(upload);
        assert_eq!(receipt["outcome"], "rejected", "{receipt}");
        says(receipt["reason"].as_str().expect("a reason"), &["repository"]);
        assert!(chartdrop.keys("staging/").is_empty());
    }
    assert!(chartdrop.keys("charts/").is_empty());
}

#[tokio::test]
async fn a_rejected_upload_may_be_fixed_and_uploaded_again() {
    let chartdrop = Chartdrop::start().await;
    let rejected = chartdrop.publish(&chart().chart_yaml("no chart")).await;
    assert_eq!(rejected["outcome"], "rejected");
    let published = chartdrop.publish(&chart()).await;
    assert_eq!(published["outcome"], "published", "{published}");
}

#[tokio::test]
async fn a_bad_upload_does_not_delay_the_others_of_its_event() {
    let chartdrop = Chartdrop::with_faults(tests::faults::NoEvents("publish-chart")).await;
    let good = chartdrop.upload(&ChartArchive::new("good", "1.0.0"));
    chartdrop.put("staging/bad-1.0.0.tgz", "hello");
    chartdrop
        .run(&chartdrop.notification(&["staging/bad-1.0.0.tgz", &good]))
        .await;
    assert_eq!(chartdrop.receipt("staging/bad-1.0.0.tgz")["outcome"], "rejected");
    assert_eq!(chartdrop.receipt(&good)["outcome"], "published");
}

/// Random bytes, which do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    })
    .take(length)
    .collect()
}

#[tokio::test]
async fn a_dependency_that_is_not_included() {
    let missing = "dependencies: [{name: redis, version: 17.x, repository: https://example.com}]\n";
    let reason = rejected(chart().with_chart_yaml(missing).bytes()).await;
    says(&reason, &["redis", "charts/", "helm package --dependency-update"]);
}

#[tokio::test]
async fn two_versions_of_a_dependency() {
    let common = |chart: ChartArchive, version: &str| {
        let text = format!("apiVersion: v2\nname: common\nversion: {version}\n");
        chart.file("charts/common/Chart.yaml", text)
    };
    let twice = common(common(chart(), "1.0.0"), "2.0.0");
    says(
        &rejected(twice.bytes()).await,
        &[
            "common",
            "1.0.0 and 2.0.0",
            "charts/common-1.0.0.tgz or charts/common-2.0.0.tgz",
        ],
    );
}

#[tokio::test]
async fn files_that_helm_cannot_parse() {
    says(
        &rejected(chart().values("- a\n").bytes()).await,
        &["values.yaml", "a list", "helm lint"],
    );
    let conflict = "<<<<<<< HEAD\ndigest: a\n=======\n";
    says(
        &rejected(chart().file("Chart.lock", conflict).bytes()).await,
        &["Chart.lock", "helm dependency update"],
    );
}

#[tokio::test]
async fn a_file_name_that_begins_with_two_dots() {
    says(
        &rejected(chart().file("..notes", "x").bytes()).await,
        &["bad/..notes", ".helmignore"],
    );
}
