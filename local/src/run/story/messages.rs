//! Every sentence of the story in one snapshot, so that a reviewer reads them in one place.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ending, sentences};
use crate::aws::iam::Denied;
use crate::aws::lambda::{Finished, FunctionError, Invoked};
use crate::identity::{INVALIDATE_CDN, PUBLISH_CHART};
use crate::run::summary::{ChaosReport, Summary};
use crate::watch::outcomes::{Outcome, OutcomeKind, Receipt, Upload};
use crate::watch::steps::StepKind;

const KEY: &str = "staging/demo-1.0.0.tgz";

fn text(text: &str) -> String {
    text.to_owned()
}

fn invoked(function: &str, about: &[&str], command: Option<Value>, attempt: u32) -> StepKind {
    StepKind::Invoked(Invoked {
        function: text(function),
        request_id: text("1"),
        attempt,
        about: about.iter().copied().map(text).collect(),
        command,
    })
}

fn finished(error: Option<&str>, retry_in: Option<u64>, answer: Option<(Value, Value)>) -> StepKind {
    StepKind::Finished(Finished {
        function: text(PUBLISH_CHART),
        request_id: text("1"),
        attempt: 1,
        error: error.map(|message| FunctionError::new(PUBLISH_CHART, "Busy", message)),
        retry_in: retry_in.map(Duration::from_millis),
        dead: error.is_some() && retry_in.is_none(),
        took: Duration::from_millis(40),
        answer,
    })
}

fn outcome(kind: OutcomeKind, reason: Option<&str>, warnings: &[&str]) -> StepKind {
    StepKind::Outcome(Box::new(Outcome {
        upload: Upload {
            key: text(KEY),
            etag: text("1"),
        },
        kind,
        receipt: Receipt {
            chart: Some(text("demo")),
            version: Some(text("1.0.0")),
            url: Some(text("http://127.0.0.1:8080/demo-1.0.0.tgz")),
            reason: reason.map(text),
            warnings: warnings.iter().copied().map(text).collect(),
            ..Receipt::default()
        },
        after: Duration::from_millis(40),
    }))
}

fn written(key: &str, by: Option<&str>) -> StepKind {
    StepKind::Written {
        key: text(key),
        etag: text("1"),
        size: 4_096,
        by: by.map(text),
    }
}

fn removed(key: &str, by: Option<&str>) -> StepKind {
    StepKind::Removed {
        key: text(key),
        by: by.map(text),
    }
}

fn steps_of_objects() -> Vec<StepKind> {
    let by = Some(PUBLISH_CHART);
    vec![
        StepKind::Uploaded {
            key: text(KEY),
            etag: text("1"),
            size: 1_509_949,
        },
        written("charts/demo-1.0.0.tgz", by),
        written("charts/index.yaml", by),
        written("receipts/demo-1.0.0.tgz.json", by),
        written("rejected/demo-1.0.0.tgz", by),
        written("mirror/demo-1.0.0.tgz", by),
        written("charts/index.yaml", None),
        removed(KEY, by),
        removed("mirror/demo-1.0.0.tgz", by),
        removed(KEY, None),
        StepKind::Denied(Denied {
            function: text(PUBLISH_CHART),
            action: text("s3:GetObject"),
            resource: text("arn:aws:s3:::chartdrop-local/charts/demo-1.0.0.tgz"),
            because: text("because no identity-based policy allows the s3:GetObject action"),
        }),
    ]
}

fn steps_of_functions() -> Vec<StepKind> {
    let command = |command: Value| invoked(PUBLISH_CHART, &[], Some(command), 1);
    let verify = json!({"command": "verify", "repository": "team-a"});
    let verified = json!({
        "repository": "team-a", "index": {"versions": 2}, "archives": 1, "complete": false,
        "differences": [{"message": "(a difference)"}],
    });
    let reindex = |dry_run: bool| json!({"command": "reindex", "repository": "", "dryRun": dry_run});
    let reindexed = |dry_run: bool, written: bool| {
        json!({
            "repository": "", "dryRun": dry_run, "written": written, "changeCount": 1,
            "changes": [{"action": "add", "message": "(a change)"}], "left": [{"message": "(a difference)"}],
        })
    };
    vec![
        invoked(PUBLISH_CHART, &[KEY], None, 1),
        invoked(PUBLISH_CHART, &["staging/a-1.0.0.tgz", "b", "c", "d", "e"], None, 2),
        invoked(PUBLISH_CHART, &[], None, 1),
        command(json!({"command": "sweep"})),
        invoked(INVALIDATE_CDN, &[], Some(json!({"command": "sweep"})), 1),
        command(verify.clone()),
        command(reindex(true)),
        command(reindex(false)),
        command(json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"})),
        command(json!({"command": "verify-all"})),
        command(json!({"command": "other"})),
        finished(None, None, None),
        finished(None, None, Some((verify, verified))),
        finished(None, None, Some((reindex(true), reindexed(true, false)))),
        finished(None, None, Some((reindex(false), reindexed(false, true)))),
        finished(None, None, Some((reindex(false), reindexed(false, false)))),
        finished(Some("(an error)"), Some(1_000), None),
        finished(Some("(an error)"), None, None),
    ]
}

fn steps_of_the_edge() -> Vec<StepKind> {
    let paths = || vec![text("/index.yaml"), text("/team-a/index.yaml")];
    vec![
        StepKind::Invalidated {
            id: text("I1"),
            paths: paths(),
            by: Some(text(INVALIDATE_CDN)),
        },
        StepKind::InvalidationCompleted {
            id: text("I1"),
            paths: paths(),
        },
        StepKind::Visible {
            key: text(KEY),
            etag: text("1"),
            chart: text("demo"),
            version: text("1.0.0"),
            after: Duration::from_millis(200),
        },
    ]
}

fn steps_of_outcomes() -> Vec<StepKind> {
    let reason = Some("(the reason)");
    vec![
        outcome(OutcomeKind::Published, None, &["(a warning)"]),
        outcome(OutcomeKind::Unchanged, None, &[]),
        outcome(OutcomeKind::Rejected, reason, &[]),
        outcome(OutcomeKind::Held, reason, &[]),
        outcome(OutcomeKind::Failed, reason, &[]),
    ]
}

/// The kinds of steps; a new kind does not compile until it has a name here, and then needs a
/// sample.
const KINDS: [&str; 10] = [
    "uploaded",
    "invoked",
    "finished",
    "written",
    "removed",
    "denied",
    "outcome",
    "invalidated",
    "invalidation completed",
    "visible",
];

fn kind(step: &StepKind) -> &'static str {
    let [
        uploaded,
        invoked,
        finished,
        written,
        removed,
        denied,
        outcome,
        invalidated,
        completed,
        visible,
    ] = KINDS;
    match step {
        StepKind::Uploaded { .. } => uploaded,
        StepKind::Invoked(_) => invoked,
        StepKind::Finished(_) => finished,
        StepKind::Written { .. } => written,
        StepKind::Removed { .. } => removed,
        StepKind::Denied(_) => denied,
        StepKind::Outcome(_) => outcome,
        StepKind::Invalidated { .. } => invalidated,
        StepKind::InvalidationCompleted { .. } => completed,
        StepKind::Visible { .. } => visible,
    }
}

#[test]
fn every_sentence_of_the_story_is_in_the_snapshot() {
    let mut steps = steps_of_objects();
    steps.extend(steps_of_functions());
    steps.extend(steps_of_the_edge());
    steps.extend(steps_of_outcomes());
    for name in KINDS {
        assert!(steps.iter().any(|step| kind(step) == name), "no sample of {name}");
    }
    let sentences = steps.iter().flat_map(sentences::of);
    let story: String = sentences
        .map(|sentence| format!("{:<14}  {}\n", sentence.actor, sentence.text))
        .collect();
    insta::assert_snapshot!("sentences", story);
}

#[test]
fn every_ending_of_the_story_is_in_the_snapshot() {
    let without_faults = ChaosReport {
        seed: 7,
        ..ChaosReport::default()
    };
    let broken = ChaosReport {
        faults: [("answer lost", 2), ("event late", 1)].into(),
        broken_promises: vec![text("(a broken promise)")],
        ..without_faults
    };
    let endings = [None, Some(without_faults), Some(broken)].map(|chaos| {
        let summary = Summary {
            published: 1,
            s3_requests: [(text("PutObject"), 1)].into(),
            index_writes: 2,
            chaos,
            ..Summary::default()
        };
        ending::of(&summary).join("\n")
    });
    let endings = endings.join("\n---\n");
    insta::assert_snapshot!("endings", endings);
}
