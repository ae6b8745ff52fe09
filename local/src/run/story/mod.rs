//! The story of a run, for a reader who sees Chartdrop for the first time.

mod commands;
mod ending;
mod sentences;

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use chartdrop::printable::printable;

use crate::identity::BUCKET;
use crate::run::printer::{INVISIBLE, Printer, milliseconds};
use crate::run::summary::{Concluded, Summary};
use crate::system::System;
use crate::watch::steps::{Step, StepKind};

/// After that long without a step, the next one begins a new chapter.
const PAUSE: Duration = Duration::from_secs(3);

/// Tells steps as they happen; the clock starts with the first upload while nothing else is under
/// way.
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

    /// Starts the clock, and keeps what is open.
    fn follow(&mut self, kind: &StepKind, at: Duration) {
        match kind {
            StepKind::Uploaded { key, .. } => {
                if self.open.is_empty() {
                    self.clock = Some(at);
                }
                if key.ends_with(".tgz") {
                    self.open.insert(key.clone());
                }
            }
            // Perhaps taken back before it had an outcome.
            StepKind::Removed { key, .. } => {
                self.open.remove(key);
            }
            StepKind::Outcome(outcome) => {
                self.open.remove(&outcome.upload.key);
            }
            _ => {}
        }
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
        self.follow(&step.kind, step.at);
        for sentence in sentences::of(&step.kind) {
            self.line(step, sentence.who, &sentence.text);
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
            ending::next_steps(system)
        ));
    }

    fn summary(&mut self, summary: &Summary, _: &System) {
        for line in ending::of(summary) {
            say(&line);
        }
    }
}

/// A closed pipe is no reason to stop serving.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
