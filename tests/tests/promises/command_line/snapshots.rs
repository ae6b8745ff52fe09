//! The texts that people read, word for word. To accept an intended change, run `cargo insta
//! review`, or rename the `.snap.new` file that a failed test writes next to its snapshot.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Value, json};
use tests::Chartdrop;
use tests::program::ANY_PORTS;

use super::{read_until, run, serving};

/// With one of these variables set, insta accepts a changed snapshot, or lets its test pass.
/// `cargo insta` sets them as well, and asks afterwards.
#[test]
fn a_changed_snapshot_fails() {
    if std::env::var_os("INSTA_CARGO_INSTA").is_some() {
        return;
    }
    let set = |name: &str| std::env::var(name).unwrap_or_default();
    let update = set("INSTA_UPDATE");
    assert!(
        ["", "auto", "no", "new"].contains(&update.as_str()),
        "INSTA_UPDATE={update} accepts changed snapshots"
    );
    for variable in ["INSTA_FORCE_PASS", "INSTA_FORCE_UPDATE", "INSTA_FORCE_UPDATE_SNAPSHOTS"] {
        assert!(["", "0"].contains(&set(variable).as_str()), "{variable} is set");
    }
}

#[tokio::test]
async fn the_help_of_local() {
    let help = run(&["--help"]).await;
    assert_eq!(help.status.code(), Some(0));
    insta::assert_snapshot!("local-help", String::from_utf8(help.stdout).expect("text"));
}

#[tokio::test]
async fn the_story_of_a_first_run() {
    let output = run(&[&["--once"], &ANY_PORTS[..]].concat()).await;
    assert_eq!(output.status.code(), Some(0));
    let story = String::from_utf8(output.stdout).expect("text");
    insta::assert_snapshot!("first-run", by_actor(&comparable(&story)));
}

#[tokio::test]
async fn the_answers_to_commands() {
    let mut child = serving(&[]);
    let told = read_until(&mut child, "cargo lambda invoke").await;
    let (_, port) = told.rsplit_once(" -P ").expect("the command");
    let port = port.split_whitespace().next().expect("a port");
    let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/publish-chart/invocations");
    let unpublish = json!({
        "command": "unpublish", "repository": "", "chart": "kube9-operator", "version": "1.0.0",
    });
    let mut answers = String::new();
    for command in [
        json!({"command": "verify", "repository": ""}),
        json!({"command": "reindex", "repository": "", "dryRun": true}),
        unpublish,
    ] {
        let answer = tests::http::post(&url, command.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer: Value = serde_json::from_slice(&answer.body).expect("JSON");
        answers.push_str(&format!("{command}\n{answer:#}\n"));
    }
    insta::assert_snapshot!("answers-to-commands", comparable(&answers));
}

/// publish-chart has no `--help`; its error for an unknown event lists what it accepts.
#[tokio::test]
async fn what_publish_chart_accepts() {
    let chartdrop = Chartdrop::start().await;
    let mut said = String::new();
    for event in [
        json!({"hello": "world"}),
        json!({"command": "publish"}),
        json!({"command": "verify"}),
        json!({"command": "reindex", "repository": "", "dryrun": true}),
        json!({"command": "unpublish", "repository": "", "chart": "demo"}),
    ] {
        let error = chartdrop
            .invoke("publish-chart", &event)
            .await
            .expect_err("no such event");
        said.push_str(&format!("{event}\n{error}\n\n"));
    }
    insta::assert_snapshot!("not-accepted", said);
}

/// The text without the parts that differ between runs: times, ports, digests, the sizes of
/// archives (which contain the time of packaging) and the numbers of requests, which `costs`
/// checks.
pub(crate) fn comparable(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, replacement) in [
        (r" *\+\d+ ms", " +TIME"),
        // Depends on CHARTDROP_FUNCTIONS.
        (r"The two functions (are|come) .*", "The two functions …"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"\b[0-9a-f]{64}\b", "DIGEST"),
        (r"\b[0-9a-f]{12}\b", "SHORT-DIGEST"),
        (r"\([0-9.]+ [KM]?i?B\)", "(SIZE)"),
        (
            r"\d+ S3 requests by the functions \([^)]*\)",
            "N S3 requests by the functions (…)",
        ),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIMESTAMP"),
    ] {
        let pattern = Regex::new(pattern).expect("a pattern");
        text = pattern.replace_all(&text, replacement).into_owned();
    }
    text
}

/// Groups the lines by actor. The two functions run at the same time, so that only the order of
/// each actor's lines is the same in every run.
fn by_actor(story: &str) -> String {
    let mut actors = BTreeMap::<&str, Vec<&str>>::new();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for line in story.lines() {
        match line.strip_prefix(" +TIME  ") {
            Some(step) => {
                let actor = step.split_whitespace().next().unwrap_or_default();
                actors.entry(actor).or_default().push(line);
            }
            None if actors.is_empty() => before.push(line),
            None => after.push(line),
        }
    }
    let lines = before.into_iter().chain(actors.into_values().flatten()).chain(after);
    lines.collect::<Vec<_>>().join("\n")
}
