//! The sentences that describe a step, each with its actor.

use chartdrop::size::Size;

use super::commands;
use crate::aws::lambda::{Finished, Invoked};
use crate::identity::{INVALIDATE_CDN, PUBLISH_CHART};
use crate::run::printer::{denied_message, milliseconds};
use crate::watch::outcomes::{Outcome, OutcomeKind};
use crate::watch::steps::StepKind;

pub(super) struct Sentence<'a> {
    /// Who acts; empty if the sentence continues the previous one.
    pub(super) actor: &'a str,
    pub(super) text: String,
}

fn one(actor: &str, text: String) -> Vec<Sentence<'_>> {
    vec![Sentence { actor, text }]
}

/// The sentences for a step. There are none for the end of an invocation that succeeded, unless it
/// ran a command.
pub(super) fn of(step: &StepKind) -> Vec<Sentence<'_>> {
    match step {
        StepKind::Uploaded { key, size: bytes, .. } => {
            one("upload", format!("{key} is in the bucket ({})", size(*bytes)))
        }
        StepKind::Invoked(invoked) => one(&invoked.function, begun(invoked)),
        StepKind::Finished(finished) => ended(finished),
        StepKind::Written {
            key, size: bytes, by, ..
        } => one(by.as_deref().unwrap_or("S3"), written(key, *bytes)),
        StepKind::Removed { key, by } => one(by.as_deref().unwrap_or("S3"), removed(key, by.as_deref())),
        StepKind::Denied(denied) => one(&denied.function, format!("DENIED: {}", denied_message(denied))),
        StepKind::Outcome(outcome) => concluded(outcome),
        StepKind::Invalidated { paths, .. } => one(
            INVALIDATE_CDN,
            format!("requested an invalidation of {}", listed(paths)),
        ),
        StepKind::InvalidationCompleted { paths, .. } => one(
            "CloudFront",
            format!(
                "completed the invalidation of {}: the edge reads the bucket again",
                listed(paths)
            ),
        ),
        StepKind::Visible { chart, version, .. } => one(
            "edge",
            format!("{chart} {version} is visible: every `helm repo update` finds it now"),
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
    let actor = &finished.function;
    if let Some(error) = &finished.error {
        let then = match finished.retry_in {
            Some(delay) => format!("; Lambda retries in {} ms", milliseconds(delay)),
            None if finished.dead => "; Lambda gives up and moves the event to the dead-letter queue".to_owned(),
            None => String::new(),
        };
        return one(actor, format!("FAILED: {}{then}", error.message));
    }
    let Some((command, answer)) = &finished.answer else {
        return Vec::new();
    };
    let lines = commands::answered(command, answer).into_iter();
    lines.map(|text| Sentence { actor, text }).collect()
}

fn written(key: &str, bytes: usize) -> String {
    match key.split('/').next() {
        Some("receipts") => format!("wrote the receipt {key}"),
        Some("rejected") => format!("kept the rejected archive as {key}"),
        Some("mirror") => format!("wrote {key}: the chart still has to be pushed to the registry"),
        _ if key.ends_with("/index.yaml") => format!("wrote the index {key} ({})", size(bytes)),
        _ => format!("stored {key} ({})", size(bytes)),
    }
}

fn removed(key: &str, by: Option<&str>) -> String {
    let why = match key.split('/').next() {
        Some("staging") if by == Some(PUBLISH_CHART) => ": its outcome is recorded",
        Some("mirror") if by == Some(PUBLISH_CHART) => ": nothing is left to push to the registry",
        _ => "",
    };
    format!("removed {key}{why}")
}

fn concluded(outcome: &Outcome) -> Vec<Sentence<'_>> {
    let mut sentences = one("outcome", outcome_line(outcome));
    sentences.extend(outcome.receipt.warnings.iter().map(|warning| Sentence {
        actor: "",
        text: format!("warning: {warning}"),
    }));
    sentences
}

fn outcome_line(outcome: &Outcome) -> String {
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

/// At most three names, and how many more there are.
fn listed(names: &[String]) -> String {
    match names {
        [] => "an event".to_owned(),
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        names => names.join(", "),
    }
}

fn size(bytes: usize) -> Size {
    Size(u64::try_from(bytes).unwrap_or(u64::MAX))
}
