//! The story of a run, for a reader who sees Chartdrop for the first time.

mod commands;

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use chartdrop::printable::printable;

use crate::aws::lambda::{Finished, Invoked};
use crate::identity::{BUCKET, INVALIDATE_CDN, PUBLISH_CHART, REGION, SECRET_ACCESS_KEY};
use crate::run::printer::{INVISIBLE, Printer, milliseconds, told_denied};
use crate::run::summary::{Concluded, Summary, WorstDay};
use crate::system::System;
use crate::watch::outcomes::{Outcome, OutcomeKind};
use crate::watch::steps::{Step, StepKind};

/// After that long without a step, the next one begins a new chapter.
const PAUSE: Duration = Duration::from_secs(3);

/// Tells steps as they happen; the clock starts with the first upload while nothing else is under way.
#[derive(Debug, Default)]
pub(crate) struct Story {
    clock: Option<Duration>,
    last: Duration,
    /// Uploads without an outcome.
    open: BTreeSet<String>,
}

impl Story {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn line(&mut self, step: &Step, who: &str, text: &str) {
        if self.open.is_empty() && step.at.saturating_sub(self.last) > PAUSE {
            self.clock = None;
        }
        self.last = step.at;
        let since = step.at.saturating_sub(*self.clock.get_or_insert(step.at));
        say(&format!(
            "  {:>9}  {who:<14}  {}",
            format!("+{} ms", milliseconds(since)),
            // Keys, reasons and errors quote what was uploaded.
            printable(text)
        ));
    }
}

impl Printer for Story {
    fn building(&mut self) {
        let functions = match crate::system::binaries::named_folder() {
            Some(folder) => format!("The two functions are those in {}.", folder.display()),
            None => "The two functions are built first, if they have changed.".to_owned(),
        };
        say(&format!("Chartdrop, the whole of it on this machine. {functions}\n"));
    }

    fn started(&mut self, system: &System) {
        say(&format!(
            "  edge        {}   what Helm sees: CloudFront in front of charts/",
            system.edge_url()
        ));
        say(&format!("  S3          {}   the bucket {BUCKET}", system.s3_endpoint()));
        say(&format!(
            "  AWS         {}   CloudFront's API, Secrets Manager, Lambda's Invoke API",
            system.aws_endpoint()
        ));
        say("  functions   publish-chart and invalidate-cdn, as processes under the Lambda Runtime API\n");
        if system.has_repository() {
            say("  The folder has a repository already. What is named is added to it, and nothing else.\n");
        }
    }

    fn step(&mut self, step: &Step) {
        if let StepKind::Removed { key, .. } = &step.kind {
            // Perhaps taken back before it had an outcome.
            self.open.remove(key);
        }
        match &step.kind {
            StepKind::Uploaded { key, size, .. } => {
                if self.open.is_empty() {
                    self.clock = Some(step.at);
                }
                if key.ends_with(".tgz") {
                    self.open.insert(key.clone());
                }
                self.line(step, "upload", &format!("{key} is in the bucket ({})", bytes(*size)));
            }
            StepKind::Invoked(Invoked {
                function,
                attempt,
                about,
                command,
                ..
            }) => {
                let again = if *attempt > 1 {
                    format!(", attempt {attempt}")
                } else {
                    String::new()
                };
                let invoked = match command {
                    Some(command) => commands::asked(function, command),
                    None => format!("invoked for {}", listed(about)),
                };
                self.line(step, function, &format!("{invoked}{again}"));
            }
            StepKind::Finished(Finished {
                function,
                error: Some(error),
                retry_in,
                dead,
                ..
            }) => {
                let then = match retry_in {
                    Some(delay) => format!("; Lambda tries again in {} ms", milliseconds(*delay)),
                    None if *dead => "; Lambda gives up: the event goes to the dead-letter queue".to_owned(),
                    None => String::new(),
                };
                self.line(step, function, &format!("FAILED: {}{then}", error.message));
            }
            StepKind::Written { key, size, by, .. } => {
                let who = by.as_deref().unwrap_or("S3");
                let text = match key.split('/').next() {
                    Some("receipts") => format!("wrote the receipt {key}"),
                    Some("rejected") => format!("kept the rejected archive as {key}"),
                    Some("mirror") => format!("noted in {key} that the registry has to get the chart"),
                    _ if key.ends_with("/index.yaml") => format!("wrote the index {key} ({})", bytes(*size)),
                    _ => format!("stored {key} ({})", bytes(*size)),
                };
                self.line(step, who, &text);
            }
            StepKind::Removed { key, by } if key.starts_with("staging/") && by.as_deref() == Some(PUBLISH_CHART) => {
                self.line(step, PUBLISH_CHART, &format!("removed {key}: its outcome is recorded"));
            }
            StepKind::Removed { key, by } if key.starts_with("mirror/") && by.as_deref() == Some(PUBLISH_CHART) => {
                self.line(
                    step,
                    PUBLISH_CHART,
                    &format!("removed {key}: nothing is owed to the registry any more"),
                );
            }
            StepKind::Removed { key, by } => {
                self.line(step, by.as_deref().unwrap_or("S3"), &format!("removed {key}"));
            }
            StepKind::Outcome(outcome) => {
                self.open.remove(&outcome.upload.key);
                self.line(step, "outcome", &told(outcome));
                for warning in &outcome.receipt.warnings {
                    self.line(step, "", &format!("warning: {warning}"));
                }
            }
            StepKind::Invalidated { paths, .. } => {
                self.line(
                    step,
                    INVALIDATE_CDN,
                    &format!("made an invalidation of {}", listed(paths)),
                );
            }
            StepKind::InvalidationCompleted { paths, .. } => {
                self.line(
                    step,
                    "CloudFront",
                    &format!("the edge asks the bucket again for {}", listed(paths)),
                );
            }
            StepKind::Visible { chart, version, .. } => {
                let text = format!("{chart} {version} is visible: a `helm repo update` anywhere finds it now");
                self.line(step, "edge", &text);
            }
            StepKind::Denied(denied) => self.line(step, &denied.function, &format!("DENIED: {}", told_denied(denied))),
            StepKind::Finished(Finished {
                function,
                error: None,
                answer: Some((command, answer)),
                ..
            }) => {
                for line in commands::answered(command, answer) {
                    self.line(step, function, &line);
                }
            }
            StepKind::Finished(Finished { error: None, .. }) => {}
        }
    }

    fn concluded(&mut self, concluded: &Concluded) {
        if concluded.is_invisible() {
            say(&format!(
                "\n  {}: {INVISIBLE}",
                printable(&concluded.outcome.upload.key)
            ));
        }
    }

    fn serving(&mut self, system: &System) {
        say(&format!(
            "\nTry next, in another terminal:\n\n{}\nServing until Ctrl-C.\n",
            next_steps(system)
        ));
    }

    fn summary(&mut self, summary: &Summary, _: &System) {
        let requests: usize = summary.s3_requests.values().sum();
        let by_operation: Vec<String> = summary
            .s3_requests
            .iter()
            .map(|(operation, count)| format!("{count} {operation}"))
            .collect();
        say(&format!(
            "\n  {} published, {} unchanged, {} rejected, {} held, {} failed",
            summary.published, summary.unchanged, summary.rejected, summary.held, summary.failed
        ));
        say(&format!(
            "  {requests} S3 requests by the functions ({})",
            by_operation.join(", ")
        ));
        say(&format!(
            "  {}, {}",
            counted(summary.index_writes, "index write"),
            counted(summary.invalidations.len(), "invalidation")
        ));
        if let Some(day) = &summary.chaos {
            tell_of(day);
        }
        say(
            "\nEverything has stopped. Without --once it keeps serving, and prints how to use the repository with Helm.",
        );
    }
}

fn tell_of(day: &WorstDay) {
    let faults: usize = day.faults.values().sum();
    if faults == 0 {
        say(&format!(
            "  chaos {}: no fault met any request; try more charts, a higher --chaos-rate or another seed",
            day.seed
        ));
    } else {
        tell_of_faults(day, faults);
    }
    if day.broken_promises.is_empty() {
        say(
            "  every promise was kept: nothing lost, nothing twice, nothing changed, nothing listed before it was there",
        );
    }
    for broken in &day.broken_promises {
        say(&format!("  BROKEN: {}", printable(broken)));
    }
}

fn tell_of_faults(day: &WorstDay, faults: usize) {
    let by_kind: Vec<String> = day
        .faults
        .iter()
        .map(|(kind, count)| format!("{count} × {kind}"))
        .collect();
    say(&format!(
        "  chaos {}: {} ({})",
        day.seed,
        counted(faults, "fault"),
        by_kind.join(", ")
    ));
}

fn next_steps(system: &System) -> String {
    let (edge, s3, aws) = (system.edge_url(), system.s3_endpoint(), system.aws_address());
    format!(
        "  helm repo add chartdrop {edge} --force-update && helm search repo chartdrop/ --versions\n\n\
         \x20 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY} AWS_DEFAULT_REGION={REGION} \\\n\
         \x20   aws s3 cp CHART-VERSION.tgz s3://{BUCKET}/staging/ --endpoint-url {s3}      # what `helm package CHART` made\n\n\
         \x20 cargo lambda invoke publish-chart -A {} -P {} --data-ascii '{{\"command\":\"sweep\"}}'\n",
        aws.ip(),
        aws.port()
    )
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

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn bytes(count: usize) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..10_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

/// A closed pipe is no reason to stop serving.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
