//! `cargo run -p local`, as a newcomer types it.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::ChartArchive;
use tests::program::{local, workspace};
use tests::registry::Registry;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Listens wherever there is room, so that tests don't meet.
const ANY_PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--s3", "127.0.0.1:0"];

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(local());
    command
        .args(arguments)
        .current_dir(workspace())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn run(arguments: &[&str]) -> Output {
    let output = command(arguments).output();
    let time = std::time::Duration::from_secs(60);
    tokio::time::timeout(time, output)
        .await
        .expect("it ends by itself")
        .expect("it runs")
}

/// `--once --json` with any ports: the exit code and the lines.
async fn once(charts: &[&str]) -> (Option<i32>, Vec<Value>) {
    let output = run(&[&["--once", "--json"], &ANY_PORTS[..], charts].concat()).await;
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")));
    (output.status.code(), lines.collect())
}

/// What a wrong call gets: exit code 2 and one clear line, which holds all of these.
async fn one_clear_line(arguments: &[&str], parts: &[&str]) {
    let output = run(arguments).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{arguments:?}: {said}");
    }
}

fn write(folder: &TempDir, chart: &ChartArchive) -> String {
    let path = folder.path().join(chart.file_name());
    std::fs::write(&path, chart.bytes()).expect("written");
    path.to_str().expect("text").to_owned()
}

#[tokio::test]
async fn the_example_chart_is_published_and_visible() {
    let (code, lines) = once(&[]).await;
    assert_eq!(code, Some(0), "{lines:?}");
    let [outcome, summary] = lines.as_slice() else {
        panic!("one outcome and a summary: {lines:?}")
    };

    assert_eq!(outcome["upload"], "staging/kube9-operator-1.0.0.tgz");
    assert_eq!(outcome["outcome"], "published");
    assert_eq!(
        (&outcome["chart"], &outcome["version"]),
        (&json!("kube9-operator"), &json!("1.0.0"))
    );
    assert_eq!(outcome["digest"].as_str().map(str::len), Some(64));
    assert!(
        outcome["url"]
            .as_str()
            .is_some_and(|url| url.ends_with("/kube9-operator-1.0.0.tgz")),
        "{outcome}"
    );
    assert_eq!(outcome["reason"], Value::Null);
    let (published, visible) = (outcome["publishedMs"].as_f64(), outcome["visibleMs"].as_f64());
    assert!(published.is_some() && published <= visible, "{outcome}");

    let summary = &summary["summary"];
    for (count, expected) in [
        ("published", 1),
        ("unchanged", 0),
        ("rejected", 0),
        ("held", 0),
        ("failed", 0),
    ] {
        assert_eq!(summary[count], expected, "{count}: {summary}");
    }
    let repository = summary["repositoryUrl"].as_str().expect("a URL");
    assert!(
        outcome["url"].as_str().is_some_and(|url| url.starts_with(repository)),
        "{summary}"
    );
    assert!(
        summary["s3Endpoint"]
            .as_str()
            .is_some_and(|url| url.starts_with("http://127.0.0.1:")),
        "{summary}"
    );
    assert_eq!(summary["indexWrites"], 1);
    assert_eq!(summary["invalidations"], json!([["/index.yaml"]]));
    assert!(summary["s3Requests"]["PutObject"].as_u64() >= Some(3), "{summary}");
}

#[tokio::test]
async fn several_charts_in_one_run() {
    let folder = TempDir::new().expect("a folder");
    let (one, two) = (ChartArchive::new("one", "1.0.0"), ChartArchive::new("two", "2.0.0"));
    let (one, two) = (write(&folder, &one), write(&folder, &two));
    let (code, lines) = once(&[&one, &two, "examples/kube9-operator"]).await;
    assert_eq!(code, Some(0), "{lines:?}");
    assert_eq!(lines.last().expect("a summary")["summary"]["published"], 3);
}

#[tokio::test]
async fn a_rejected_chart_ends_the_run_with_1_and_its_reason() {
    let folder = TempDir::new().expect("a folder");
    let chart = ChartArchive::new("demo", "1.0.0").chart_yaml("apiVersion: v2\nname: demo\nversion: one\n");
    let bad = write(&folder, &chart);
    let (code, lines) = once(&[&bad, "examples/kube9-operator"]).await;
    assert_eq!(code, Some(1), "{lines:?}");
    let rejected = lines
        .iter()
        .find(|line| line["outcome"] == "rejected")
        .expect("an outcome");
    assert!(
        rejected["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("version")),
        "{rejected}"
    );
    assert_eq!(rejected["url"], Value::Null);
    let summary = &lines.last().expect("a summary")["summary"];
    assert_eq!((&summary["published"], &summary["rejected"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_registry_to_point_at_gets_the_chart_before_the_run_ends() {
    let registry = Registry::start().await;
    let mut command = command(&[&["--once"], &ANY_PORTS[..]].concat());
    let output = command
        .env("OCI_MIRROR", format!("oci://{}/charts", registry.host()))
        .output();
    let story = String::from_utf8(output.await.expect("it runs").stdout).expect("text");
    for part in [
        "noted in mirror/kube9-operator-1.0.0.tgz",
        "nothing is owed to the registry",
    ] {
        assert!(story.contains(part), "{story}");
    }
    assert!(registry.manifest("charts/kube9-operator", "1.0.0").is_some());
}

#[tokio::test]
async fn the_bucket_can_be_kept_between_runs() {
    let data = TempDir::new().expect("a folder");
    let data = ["--data", data.path().to_str().expect("text")];
    for outcome in ["published", "unchanged"] {
        let output = run(&[&["--once", "--json"], &ANY_PORTS[..], &data].concat()).await;
        assert_eq!(output.status.code(), Some(0));
        let first: Value = serde_json::from_slice(output.stdout.split(|byte| *byte == b'\n').next().expect("a line"))
            .expect("an outcome");
        assert_eq!(first["outcome"], outcome, "{first}");
    }
}

#[tokio::test]
async fn the_story_says_what_to_try_next() {
    let output = run(&[&["--once"], &ANY_PORTS[..]].concat()).await;
    assert_eq!(output.status.code(), Some(0));
    let story = String::from_utf8(output.stdout).expect("text");
    for part in [
        "kube9-operator",
        "published",
        "helm repo add",
        "aws s3 cp",
        "cargo lambda invoke",
        "/index.yaml",
    ] {
        assert!(story.contains(part), "the story does not tell of {part:?}:\n{story}");
    }
}

#[tokio::test]
async fn wrong_usage_is_one_clear_line_and_2() {
    one_clear_line(&["no/such/chart"], &["no/such/chart"]).await;
    one_clear_line(&["shared"], &["shared", "Chart.yaml"]).await;
    one_clear_line(&["README.md"], &["README.md"]).await;
    one_clear_line(&["--listen", "nowhere"], &["nowhere"]).await;
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_line() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    one_clear_line(&["--listen", &address, "--s3", "127.0.0.1:0"], &[&address, "--listen"]).await;
    one_clear_line(&["--listen", "127.0.0.1:0", "--s3", &address], &[&address, "--s3"]).await;
}

#[tokio::test]
async fn it_serves_until_it_is_interrupted() {
    let mut child = command(&ANY_PORTS).stdout(Stdio::piped()).spawn().expect("it starts");
    let repository = told_repository(&mut child).await;
    let response = tests::http::get(&format!("{repository}/index.yaml")).await;
    assert_eq!(response.status, 200);
    assert!(response.text().contains("kube9-operator"));

    interrupt(&child).await;
    let time = std::time::Duration::from_secs(10);
    tokio::time::timeout(time, child.wait())
        .await
        .expect("Ctrl-C ends it")
        .expect("it ended");
}

/// Reads the story until the line with `helm repo add`. The URL in it.
async fn told_repository(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let told = async {
        while let Some(line) = lines.next_line().await.expect("text") {
            if let Some((_, rest)) = line.split_once("helm repo add ") {
                return rest.split_whitespace().nth(1).expect("a URL").to_owned();
            }
        }
        panic!("the story ended without `helm repo add`");
    };
    let url = tokio::time::timeout(std::time::Duration::from_secs(60), told)
        .await
        .expect("it tells in time");
    // Whoever closes the pipe makes the next line of the story fail.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    url
}

async fn interrupt(child: &Child) {
    let id = child.id().expect("it runs").to_string();
    let kill = if Path::new("/bin/kill").exists() {
        "/bin/kill"
    } else {
        "kill"
    };
    let sent = Command::new(kill)
        .args(["-INT", &id])
        .status()
        .await
        .expect("kill runs");
    assert!(sent.success());
}
