//! Terminal escapes, line breaks, HTML and bidirectional overrides in an upload never reach a log,
//! a receipt or a terminal unescaped.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tests::program::{ANY_PORTS, local};
use tests::{ChartArchive, Chartdrop};

/// Text that controls a terminal, forges a log line, reorders text, or runs in a page.
const HOSTILE: &str = "\u{1b}[31m\u{9b}2J\u{7f}\n::error::forged\r\u{202e}\u{2066}\u{200f}\u{2028}<script>";

/// Asserts that shown text contains none of it.
#[track_caller]
fn assert_plain(shown: &str) {
    let raw = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!shown.contains(raw), "{:?}", shown.find(raw).map(|at| &shown[at..]));
    assert!(
        !shown.lines().any(|line| line.trim_start().starts_with("::")),
        "{shown}"
    );
}

/// Asserts the same of JSON, which may contain no HTML either, and whose texts for people (`said`)
/// may contain no character that a reader has to escape.
#[track_caller]
fn assert_plain_json(text: &str, said: &[&str]) {
    assert_plain(text);
    assert!(!text.contains(['<', '>']), "{text}");
    let value: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"));
    for field in said {
        if let Some(words) = value[field].as_str() {
            assert_plain(words);
            assert!(!words.contains('\n'), "{words}");
        }
    }
}

/// Charts with the hostile text in every place that messages quote.
fn charts() -> Vec<ChartArchive> {
    let quoted = Value::from(HOSTILE)
        .to_string()
        .replace('\u{7f}', "\\u007F")
        .replace('\u{9b}', "\\u009B");
    let yaml = quoted.replace('\u{2028}', "\\u2028");
    let chart = || ChartArchive::new("bad", "1.0.0");
    let with_fields = |lines: &str| {
        let lines = lines.replace("HOSTILE", &yaml);
        chart().chart_yaml(format!("apiVersion: v2\nname: bad\nversion: 1.0.0\n{lines}"))
    };
    vec![
        // Accepted, perhaps with a warning.
        with_fields(
            "description: HOSTILE\nkeywords: [HOSTILE]\nannotations: {HOSTILE: HOSTILE}\nHOSTILE: 1\nHOSTILE: 2\n\
             maintainers: [{name: HOSTILE, HOSTILE: 1}]\n",
        ),
        chart()
            .file("bidi\u{202e}<script>", "x")
            .symlink("l\u{202e}\u{2028}nk", "values.yaml"),
        // Rejected.
        with_fields("type: HOSTILE\n"),
        with_fields("dependencies: [{name: HOSTILE, alias: HOSTILE, repository: HOSTILE}]\n"),
        with_fields("deprecated: HOSTILE\n"),
        with_fields("keywords: {HOSTILE: 1}\n"),
        with_fields("description: !!int HOSTILE\n"),
        chart().chart_yaml(format!("apiVersion: v2\nname: {yaml}\nversion: 1.0.0\n")),
        chart().chart_yaml(format!("apiVersion: v2\nname: bad\nversion: {yaml}\n")),
        chart().chart_yaml(format!(
            "apiVersion: v2\nname: bad\nversion: 1.0.0\ndescription: {HOSTILE}\n"
        )),
        chart().file_at(HOSTILE, "x"),
        chart().symlink("l\u{202e}nk", "../\u{1b}[31m\n::error::"),
        chart().file_at("other\u{202e}<b>/Chart.yaml", "x"),
    ]
}

#[tokio::test]
async fn hostile_text_in_a_chart_is_escaped_in_logs_and_receipts() {
    let mut outcomes = Vec::new();
    let chartdrop = Chartdrop::start().await;
    for (number, chart) in charts().iter().enumerate() {
        chartdrop.upload_to(&format!("c{number}/"), chart);
        chartdrop.settled().await;
        let receipt = chartdrop.text(&format!("receipts/c{number}/bad-1.0.0.tgz.json"));
        assert_plain_json(&receipt, &["reason"]);
        let receipt: Value = serde_json::from_str(&receipt).expect("a receipt is JSON");
        outcomes.push(receipt["outcome"].as_str().expect("an outcome").to_owned());
        for warning in receipt["warnings"].as_array().expect("warnings") {
            assert_plain(warning.as_str().expect("words"));
        }
    }
    for function in ["publish-chart", "invalidate-cdn"] {
        for line in chartdrop.system.function_logs(function) {
            assert_plain_json(&line, &["message", "reason", "warning", "error", "problem"]);
        }
    }
    let rejected = outcomes.iter().filter(|outcome| *outcome == "rejected").count();
    assert!(rejected >= 9 && rejected < outcomes.len(), "{outcomes:?}");
}

#[tokio::test]
async fn hostile_keys_are_escaped_in_logs_and_receipts_and_exact_in_the_receipt() {
    let chartdrop = Chartdrop::start().await;
    let archive = ChartArchive::new("bad", "1.0.0").bytes();
    for key in [
        "staging/a\u{202e}b\u{2066}<script>-1.0.0.tgz",
        "staging/\u{200f}folder\u{9b}/bad-1.0.0.tgz",
    ] {
        chartdrop.put(key, archive.clone());
        chartdrop.settled().await;
        let receipt = chartdrop.receipt(key);
        assert_eq!(
            (&receipt["outcome"], &receipt["upload"]),
            (&"rejected".into(), &key.into())
        );
        let raw = chartdrop.text(&format!("{}.json", key.replacen("staging/", "receipts/", 1)));
        assert_plain_json(&raw, &["reason"]);
    }
    for line in chartdrop.system.function_logs("publish-chart") {
        assert_plain_json(&line, &["message", "reason", "warning", "error", "problem"]);
    }
}

#[tokio::test]
async fn an_unknown_event_is_quoted_with_its_hostile_text_escaped() {
    let chartdrop = Chartdrop::start().await;
    for function in ["publish-chart", "invalidate-cdn"] {
        let error = chartdrop
            .invoke(function, &serde_json::json!({ "command": HOSTILE, HOSTILE: 1 }))
            .await
            .expect_err("no function knows it");
        assert_plain(&error.message);
        assert!(!error.message.contains('\n'), "{}", error.message);
        for line in chartdrop.system.function_logs(function) {
            assert_plain_json(&line, &["message", "problem"]);
        }
    }
}

#[tokio::test]
async fn hostile_text_in_a_chart_is_escaped_on_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, chart) in charts().into_iter().enumerate() {
        let file = folder.path().join(number.to_string());
        std::fs::create_dir(&file).expect("a folder");
        std::fs::write(file.join("bad-1.0.0.tgz"), chart.bytes()).expect("a file");
        for form in [&[][..], &["--json"]] {
            let (out, err) = once(&file.join("bad-1.0.0.tgz"), form).await;
            assert_plain(&out);
            assert_plain(&err);
            assert!(out.contains("bad-1.0.0.tgz"), "{out}{err}");
        }
    }
}

/// Runs `local --once`. Returns its output.
async fn once(chart: &Path, form: &[&str]) -> (String, String) {
    let output = tokio::process::Command::new(local())
        .arg("--once")
        .args(ANY_PORTS)
        .args(form)
        .arg(chart)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(output.stdout), text(output.stderr))
}
