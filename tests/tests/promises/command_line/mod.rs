//! `cargo run -p local`, as a newcomer runs it.

pub(crate) mod snapshots;

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::ChartArchive;
use tests::program::{ANY_PORTS, local, workspace};
use tests::registry::Registry;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

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

/// Runs `--once --json` on free ports. Returns the exit code and the lines.
async fn once(charts: &[&str]) -> (Option<i32>, Vec<Value>) {
    let output = run(&[&["--once", "--json"], &ANY_PORTS[..], charts].concat()).await;
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")));
    (output.status.code(), lines.collect())
}

/// Asserts that a wrong call ends with exit code 2 and prints one line that contains all of these.
async fn prints_one_line(arguments: &[&str], parts: &[&str]) {
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
    assert_eq!(outcome["reasonCode"], Value::Null);
    assert_eq!((&outcome["repository"], &outcome["warnings"]), (&json!(""), &json!([])));
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
async fn several_charts_are_published_in_one_run() {
    let folder = TempDir::new().expect("a folder");
    let (one, two) = (ChartArchive::new("one", "1.0.0"), ChartArchive::new("two", "2.0.0"));
    let (one, two) = (write(&folder, &one), write(&folder, &two));
    let (code, lines) = once(&[&one, &two, "examples/kube9-operator"]).await;
    assert_eq!(code, Some(0), "{lines:?}");
    assert_eq!(lines.last().expect("a summary")["summary"]["published"], 3);
}

#[tokio::test]
async fn a_rejected_chart_ends_the_run_with_exit_code_1_and_a_reason() {
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
    assert!(
        rejected["reasonCode"].as_str().is_some_and(|code| !code.is_empty()),
        "{rejected}"
    );
    let summary = &lines.last().expect("a summary")["summary"];
    assert_eq!((&summary["published"], &summary["rejected"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn the_mirror_gets_the_chart_before_the_run_ends() {
    let registry = Registry::start().await;
    let mut command = command(&[&["--once"], &ANY_PORTS[..]].concat());
    let output = command
        .env("OCI_MIRROR", format!("oci://{}/charts", registry.host()))
        .output();
    let story = String::from_utf8(output.await.expect("it runs").stdout).expect("text");
    for part in [
        "wrote mirror/kube9-operator-1.0.0.tgz",
        "nothing is left to push to the registry",
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
        let (code, lines) = once(&[&data[..], &["examples/kube9-operator"]].concat()).await;
        assert_eq!(code, Some(0));
        assert_eq!(lines[0]["outcome"], outcome, "{lines:?}");
        // The same bytes within a second would be the same upload.
        tests::system::next_second().await;
    }
}

/// A folder that holds a repository belongs to a user, who does not want the example in it.
#[tokio::test]
async fn the_example_is_not_added_to_a_folder_that_has_a_repository() {
    let (data, charts) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let data = ["--data", data.path().to_str().expect("text")];
    let own = write(&charts, &ChartArchive::new("own", "1.0.0"));
    let (_, lines) = once(&[&data[..], &[&own]].concat()).await;
    assert_eq!(lines[0]["outcome"], "published", "{lines:?}");
    let (code, lines) = once(&data).await;
    assert_eq!((code, lines.len()), (Some(0), 1), "only the summary: {lines:?}");
    assert_eq!(lines[0]["summary"]["published"], 0, "{lines:?}");
}

#[tokio::test]
async fn the_story_shows_what_happened_and_with_once_no_addresses() {
    let output = run(&[&["--once"], &ANY_PORTS[..]].concat()).await;
    assert_eq!(output.status.code(), Some(0));
    let story = String::from_utf8(output.stdout).expect("text");
    for part in ["kube9-operator", "published", "/index.yaml", "Without --once"] {
        assert!(story.contains(part), "the story does not contain {part:?}:\n{story}");
    }
    for part in ["helm repo add", "aws s3 cp", "cargo lambda invoke"] {
        assert!(!story.contains(part), "the addresses in {part:?} are gone:\n{story}");
    }
}

#[tokio::test]
async fn a_run_that_serves_prints_what_to_try_next() {
    let mut child = serving(&[]);
    let told = read_until(&mut child, "cargo lambda invoke").await;
    for part in [
        "helm repo add chartdrop http://127.0.0.1:",
        " --force-update",
        "aws s3 cp",
    ] {
        assert!(told.contains(part), "{part:?} is missing:\n{told}");
    }
}

#[tokio::test]
async fn with_json_a_run_that_serves_begins_with_its_addresses() {
    let mut child = serving(&["--json"]);
    let told = read_until(&mut child, "listening").await;
    let first: Value = serde_json::from_str(told.lines().next().expect("a line")).expect("JSON");
    for address in ["repositoryUrl", "s3Endpoint", "awsEndpoint"] {
        let url = first["listening"][address].as_str();
        assert!(
            url.is_some_and(|url| url.starts_with("http://127.0.0.1:")),
            "{address}: {first}"
        );
    }
}

#[tokio::test]
async fn a_held_chart_ends_the_run_with_exit_code_3() {
    let (registry, folder) = (Registry::start().await, TempDir::new().expect("a folder"));
    let values = format!("image:\n  repository: {}/app\n", registry.host());
    let chart = write(&folder, &ChartArchive::new("demo", "1.0.0").values(values));
    let mut command = command(&[&["--once", "--json"], &ANY_PORTS[..], &[&chart]].concat());
    let output = command
        .env("IMAGE_CHECK", "require")
        .env("IMAGE_REGISTRIES", registry.host())
        .output();
    let output = output.await.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let outcome: Value = serde_json::from_str(said.lines().next().expect("a line")).expect("an outcome");
    assert_eq!(
        (&outcome["outcome"], &outcome["reasonCode"]),
        (&json!("held"), &json!("awaits-image")),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(3), "{said}");
}

#[tokio::test]
async fn functions_in_a_named_folder_are_not_built() {
    let folder = local::system::binaries::build().expect("the functions").publish_chart;
    let folder = folder.parent().expect("a folder");
    let mut command = command(&[&["--once"], &ANY_PORTS[..]].concat());
    let output = command
        .env("CHARTDROP_FUNCTIONS", folder)
        // With this, a build would fail.
        .env("CARGO", "/nonexistent/cargo")
        .output();
    let output = output.await.expect("it runs");
    let story = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{story}");
    assert!(
        story.contains(&format!("The two functions come from {}", folder.display())),
        "{story}"
    );
    assert!(!story.contains("built"), "{story}");
}

#[tokio::test]
async fn a_run_with_chaos_reports_when_there_was_no_fault() {
    let output = run(&[&["--once", "--chaos", "7", "--chaos-rate", "0"], &ANY_PORTS[..]].concat()).await;
    let story = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(story.contains("chaos 7: no request or event met a fault"), "{story}");
    assert!(!story.contains("()"), "{story}");
}

/// `verify` and `reindex`, as an operator invokes them.
#[tokio::test]
async fn commands_and_their_answers_are_printed_as_sentences() {
    let mut child = serving(&[]);
    let told = read_until(&mut child, "cargo lambda invoke").await;
    let port = told
        .rsplit_once(" -P ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .expect("a port");
    let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/publish-chart/invocations");
    for (command, told) in [
        (
            json!({"command": "verify", "repository": ""}),
            "VERIFIED the root repository: 1 version in the index, 1 archive, no differences",
        ),
        (
            json!({"command": "reindex", "repository": "", "dryRun": true}),
            "REINDEXED the root repository: there is nothing to repair",
        ),
    ] {
        let answer = tests::http::post(&url, command.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        read_until(&mut child, told).await;
    }
}

#[tokio::test]
async fn wrong_usage_ends_with_exit_code_2_and_one_line() {
    prints_one_line(
        &["publish"],
        &["no such file or folder: publish", "chart folder", "--help"],
    )
    .await;
    prints_one_line(&["shared"], &["shared", "Chart.yaml"]).await;
    prints_one_line(&["README.md"], &["README.md"]).await;
    prints_one_line(&["--listen", "nowhere"], &["nowhere"]).await;
}

#[tokio::test]
async fn a_port_in_use_is_reported_in_one_line() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for option in ["--listen", "--s3", "--aws"] {
        let mut arguments = ANY_PORTS;
        let at = arguments
            .iter()
            .position(|argument| *argument == option)
            .expect("an option");
        arguments[at + 1] = &address;
        prints_one_line(&arguments, &[&address, option]).await;
    }
}

#[tokio::test]
async fn a_run_serves_until_it_is_interrupted() {
    let mut child = serving(&[]);
    let told = read_until(&mut child, "helm repo add").await;
    let added = told
        .split_once("helm repo add ")
        .and_then(|(_, rest)| rest.split_whitespace().nth(1));
    let repository = added.expect("a URL");
    let response = tests::http::get(&format!("{repository}/index.yaml")).await;
    assert_eq!(response.status, 200);
    assert!(response.text().contains("kube9-operator"));
    let root = tests::http::get(&format!("{repository}/")).await;
    assert_eq!(root.text(), response.text(), "the root is the index, as on AWS");

    interrupt(&child.process).await;
    let time = std::time::Duration::from_secs(10);
    tokio::time::timeout(time, child.process.wait())
        .await
        .expect("Ctrl-C ends it")
        .expect("it ended");
}

/// A run that serves, with its output.
struct Serving {
    process: Child,
    /// Kept until the end: once the pipe is closed, `local` cannot print the next line.
    lines: Lines<BufReader<ChildStdout>>,
}

fn serving(arguments: &[&str]) -> Serving {
    let mut process = command(&[&ANY_PORTS[..], arguments].concat())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
    Serving { process, lines }
}

/// Reads until a line contains this text. Returns everything that was read.
async fn read_until(serving: &mut Serving, part: &str) -> String {
    let mut told = String::new();
    let reading = async {
        while let Some(line) = serving.lines.next_line().await.expect("text") {
            told.push_str(&line);
            told.push('\n');
            if line.contains(part) {
                return;
            }
        }
        panic!("the output ended without {part:?}");
    };
    let time = std::time::Duration::from_secs(60);
    let in_time = tokio::time::timeout(time, reading).await;
    assert!(in_time.is_ok(), "the output never contained {part:?}:\n{told}");
    told
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
