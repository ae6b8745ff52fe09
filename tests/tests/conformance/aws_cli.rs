//! Uses the bucket with the AWS CLI, as release workflows and people do: upload, list, remove.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tests::{ChartArchive, Chartdrop};
use tokio::process::Command;

use crate::tools;

/// Runs `aws ARGUMENTS` against the local S3, which must succeed, and returns the output.
async fn aws(chartdrop: &Chartdrop, arguments: &[&str]) -> String {
    aws_at(&chartdrop.system.s3_endpoint(), "local", arguments).await
}

/// Does the same against any server, with `key` as both access key and secret key.
pub async fn aws_at(endpoint: &str, key: &str, arguments: &[&str]) -> String {
    let output = Command::new(tools::path("CHARTDROP_AWS"))
        .args(arguments)
        .args(["--endpoint-url", endpoint])
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", key)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        // Ignores the configuration of the user.
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("AWS_PROFILE")
        .stdin(Stdio::null())
        .output()
        .await
        .expect("aws runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "aws {arguments:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

fn bucket(chartdrop: &Chartdrop, key: &str) -> String {
    format!("s3://{}/{key}", chartdrop.system.bucket_name())
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    path.to_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_copied_into_staging_is_published() {
    let (chartdrop, folder) = (Chartdrop::start().await, TempDir::new().expect("a folder"));
    let chart = ChartArchive::new("demo", "1.0.0+build.7");
    let file = write(&folder, &chart.file_name(), &chart.bytes());
    aws(&chartdrop, &["s3", "cp", &file, &bucket(&chartdrop, "staging/")]).await;
    chartdrop.settled().await;
    assert_eq!(
        chartdrop.receipt("staging/demo-1.0.0+build.7.tgz")["outcome"],
        "published"
    );
    chartdrop.assert_all_downloads(&chartdrop.index()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_large_enough_for_a_multipart_upload_is_published() {
    let (chartdrop, folder) = (Chartdrop::start().await, TempDir::new().expect("a folder"));
    let noise = |seed: u64| -> Vec<u8> {
        let mut state = seed;
        let bytes = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        });
        bytes.take(4_000_000).collect()
    };
    let chart = (1..=3).fold(ChartArchive::new("large", "1.0.0"), |chart, part| {
        chart.file(&format!("files/part-{part}"), noise(part))
    });
    let bytes = chart.bytes();
    assert!(bytes.len() > 8 << 20, "the CLI uploads smaller files in one piece");
    let file = write(&folder, &chart.file_name(), &bytes);
    aws(
        &chartdrop,
        &[
            "s3",
            "cp",
            &file,
            &bucket(&chartdrop, "staging/"),
            "--metadata",
            "commit=0abc,run=7",
        ],
    )
    .await;
    chartdrop.settled().await;
    let receipt = chartdrop.receipt("staging/large-1.0.0.tgz");
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert!(
        receipt["uploadEtag"].as_str().is_some_and(|etag| etag.ends_with("-2")),
        "in parts: {receipt}"
    );
    assert_eq!(chartdrop.edge("/large-1.0.0.tgz").await.body, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn published_objects_can_be_listed_read_and_removed() {
    let (chartdrop, folder) = (Chartdrop::start().await, TempDir::new().expect("a folder"));
    let chart = ChartArchive::new("demo", "1.0.0");
    chartdrop.publish(&chart).await;

    let listed = aws(&chartdrop, &["s3", "ls", "--recursive", &bucket(&chartdrop, "")]).await;
    for key in [
        "charts/demo-1.0.0.tgz",
        "charts/index.yaml",
        "receipts/demo-1.0.0.tgz.json",
    ] {
        assert!(listed.contains(key), "{listed}");
    }
    let copy = folder.path().join("copy.tgz");
    let target = copy.to_str().expect("text");
    aws(
        &chartdrop,
        &["s3", "cp", &bucket(&chartdrop, "charts/demo-1.0.0.tgz"), target],
    )
    .await;
    assert_eq!(std::fs::read(Path::new(target)).expect("a copy"), chart.bytes());

    let receipt = aws(
        &chartdrop,
        &["s3", "cp", &bucket(&chartdrop, "receipts/demo-1.0.0.tgz.json"), "-"],
    )
    .await;
    let receipt: Value = serde_json::from_str(&receipt).expect("a receipt");
    assert_eq!(receipt["outcome"], "published");

    aws(
        &chartdrop,
        &["s3", "rm", &bucket(&chartdrop, "receipts/"), "--recursive"],
    )
    .await;
    assert!(chartdrop.keys("receipts/").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn user_metadata_of_an_upload_is_kept() {
    let (chartdrop, folder) = (Chartdrop::start().await, TempDir::new().expect("a folder"));
    let file = write(&folder, "notes.txt", b"no chart");
    let url = bucket(&chartdrop, "staging/notes.txt");
    aws(&chartdrop, &["s3", "cp", &file, &url, "--metadata", "commit=0abc"]).await;
    let head = aws(
        &chartdrop,
        &[
            "s3api",
            "head-object",
            "--bucket",
            chartdrop.system.bucket_name(),
            "--key",
            "staging/notes.txt",
        ],
    )
    .await;
    let head: Value = serde_json::from_str(&head).expect("JSON");
    assert_eq!(head["Metadata"]["commit"], "0abc");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_charts_can_be_synchronized_into_staging() {
    let (chartdrop, folder) = (Chartdrop::start().await, TempDir::new().expect("a folder"));
    for number in 0..12 {
        let chart = ChartArchive::new("demo", &format!("1.{number}.0"));
        write(&folder, &chart.file_name(), &chart.bytes());
    }
    let source = folder.path().to_str().expect("text");
    aws(&chartdrop, &["s3", "sync", source, &bucket(&chartdrop, "staging/")]).await;
    chartdrop.settled().await;
    assert_eq!(chartdrop.versions("demo").len(), 12);
}

/// Runs a script of the docs in bash. Its `aws` uses this endpoint.
async fn script(endpoint: &str, script: &str) -> std::process::Output {
    let aws = format!(
        "aws() {{ '{}' \"$@\" --endpoint-url '{endpoint}'; }}\n",
        tools::path("CHARTDROP_AWS").display()
    );
    Command::new("bash")
        .args(["-c", &format!("{aws}{script}")])
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("AWS_PROFILE")
        .stdin(Stdio::null())
        .output()
        .await
        .expect("bash runs")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(tests::program::workspace().join("docs").join(name)).expect("a page")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_function_publish_of_the_docs_prints_only_the_answer() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let page = page("runbook.md");
    let start = page.find("publish() {").expect("the function");
    let end = start + page[start..].find("\n}\n").expect("its end") + 2;
    // Version 1 of the AWS CLI, which PyPI has, neither has nor needs this option.
    let publish = page[start..end].replace("--cli-binary-format raw-in-base64-out", "");
    let run = async |command: &str| {
        let script_text = format!("out() {{ echo publish-chart; }}\n{publish}\npublish '{command}'");
        script(&chartdrop.system.aws_endpoint(), &script_text).await
    };
    let output = run("{\"command\":\"verify\",\"repository\":\"\"}").await;
    let said = String::from_utf8_lossy(&output.stderr);
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{said}", String::from_utf8_lossy(&output.stdout)));
    assert_eq!(
        (&answer["command"], &answer["archives"]),
        (&"verify".into(), &1.into()),
        "{said}"
    );
    assert!(output.status.success(), "{said}");
    let output = run("{\"command\":\"verify\",\"repository\":\"unknown\"}").await;
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(answer.contains("the repository unknown does not exist"), "{answer}");
    assert!(!output.status.success(), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_archive_gets_the_headers_that_the_docs_set() {
    let chartdrop = Chartdrop::start().await;
    let chart = ChartArchive::new("demo", "1.0.0");
    chartdrop.put("old/demo-1.0.0.tgz", chart.bytes());
    let page = page("adopt.md");
    let start = page.find("aws s3 sync OLD").expect("a command");
    let command = page[start..].split("\naws ").next().expect("a command");
    let command = command
        .replace("OLD", &bucket(&chartdrop, "old"))
        .replace("s3://$(out BucketName)/charts/", &bucket(&chartdrop, "charts/"));
    let output = script(&chartdrop.system.s3_endpoint(), &command).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}");
    let archive = chartdrop.edge("/demo-1.0.0.tgz").await;
    assert_eq!((archive.status.as_u16(), &archive.body), (200, &chart.bytes()));
    assert_eq!(archive.header("content-type"), "application/gzip");
    assert_eq!(archive.header("cache-control"), "public, max-age=31536000, immutable");
}
