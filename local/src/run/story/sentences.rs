//! A step in sentences, each with who does it.

use super::commands;
use crate::aws::lambda::{Finished, Invoked};
use crate::identity::{INVALIDATE_CDN, PUBLISH_CHART};
use crate::run::printer::{milliseconds, told_denied};
use crate::watch::outcomes::{Outcome, OutcomeKind};
use crate::watch::steps::StepKind;

pub(super) struct Sentence<'a> {
    /// Empty if it belongs to the sentence before.
    pub(super) who: &'a str,
    pub(super) text: String,
}

fn one(who: &str, text: String) -> Vec<Sentence<'_>> {
    vec![Sentence { who, text }]
}

/// What is told of a step; nothing of an event that was not a command and did not fail.
pub(super) fn of(step: &StepKind) -> Vec<Sentence<'_>> {
    match step {
        StepKind::Uploaded { key, size, .. } => one("upload", format!("{key} is in the bucket ({})", bytes(*size))),
        StepKind::Invoked(invoked) => one(&invoked.function, begun(invoked)),
        StepKind::Finished(finished) => ended(finished),
        StepKind::Written { key, size, by, .. } => one(by.as_deref().unwrap_or("S3"), written(key, *size)),
        StepKind::Removed { key, by } => one(by.as_deref().unwrap_or("S3"), removed(key, by.as_deref())),
        StepKind::Denied(denied) => one(&denied.function, format!("DENIED: {}", told_denied(denied))),
        StepKind::Outcome(outcome) => concluded(outcome),
        StepKind::Invalidated { paths, .. } => {
            one(INVALIDATE_CDN, format!("made an invalidation of {}", listed(paths)))
        }
        StepKind::InvalidationCompleted { paths, .. } => one(
            "CloudFront",
            format!("the edge asks the bucket again for {}", listed(paths)),
        ),
        StepKind::Visible { chart, version, .. } => one(
            "edge",
            format!("{chart} {version} is visible: a `helm repo update` anywhere finds it now"),
        ),
    }
}

fn begun(invoked: &Invoked) -> String {
    let again = if invoked.attempt > 1 {
        format!(", attempt {}", invoked.attempt)
    } else {
        String::new()
    };
    let what = match &invoked.command {
        Some(command) => commands::asked(&invoked.function, command),
        None => format!("invoked for {}", listed(&invoked.about)),
    };
    format!("{what}{again}")
}

fn ended(finished: &Finished) -> Vec<Sentence<'_>> {
    let who = &finished.function;
    if let Some(error) = &finished.error {
        let then = match finished.retry_in {
            Some(delay) => format!("; Lambda tries again in {} ms", milliseconds(delay)),
            None if finished.dead => "; Lambda gives up: the event goes to the dead-letter queue".to_owned(),
            None => String::new(),
        };
        return one(who, format!("FAILED: {}{then}", error.message));
    }
    let Some((command, answer)) = &finished.answer else {
        return Vec::new();
    };
    let lines = commands::answered(command, answer).into_iter();
    lines.map(|text| Sentence { who, text }).collect()
}

fn written(key: &str, size: usize) -> String {
    match key.split('/').next() {
        Some("receipts") => format!("wrote the receipt {key}"),
        Some("rejected") => format!("kept the rejected archive as {key}"),
        Some("mirror") => format!("noted in {key} that the registry has to get the chart"),
        _ if key.ends_with("/index.yaml") => format!("wrote the index {key} ({})", bytes(size)),
        _ => format!("stored {key} ({})", bytes(size)),
    }
}

fn removed(key: &str, by: Option<&str>) -> String {
    let why = match key.split('/').next() {
        Some("staging") if by == Some(PUBLISH_CHART) => ": its outcome is recorded",
        Some("mirror") if by == Some(PUBLISH_CHART) => ": nothing is owed to the registry any more",
        _ => "",
    };
    format!("removed {key}{why}")
}

fn concluded(outcome: &Outcome) -> Vec<Sentence<'_>> {
    let mut sentences = one("outcome", told(outcome));
    sentences.extend(outcome.receipt.warnings.iter().map(|warning| Sentence {
        who: "",
        text: format!("warning: {warning}"),
    }));
    sentences
}

fn told(outcome: &Outcome) -> String {
    let receipt = &outcome.receipt;
    let chart = match (&receipt.chart, &receipt.version) {
        (Some(chart), Some(version)) => format!("{chart} {version}"),
        _ => outcome.upload.key.clone(),
    };
    let reason = receipt
        .reason
        .as_deref()
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    match outcome.kind {
        OutcomeKind::Published => {
            let url = receipt
                .url
                .as_deref()
                .map(|url| format!(" at {url}"))
                .unwrap_or_default();
            format!("PUBLISHED {chart}{url}")
        }
        OutcomeKind::Unchanged => format!("UNCHANGED {chart}: the same chart was published before{reason}"),
        OutcomeKind::Rejected => format!("REJECTED {chart}{reason}"),
        OutcomeKind::Held => format!("HELD {chart}{reason}"),
        OutcomeKind::Failed => format!("FAILED {chart}{reason}"),
    }
}

/// The first few of many.
fn listed(names: &[String]) -> String {
    match names {
        [] => "an event".to_owned(),
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        names => names.join(", "),
    }
}

fn bytes(count: usize) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..10_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}
