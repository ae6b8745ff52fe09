//! The output of a run as a story, for a reader who sees Chartdrop for the first time.

mod commands;
mod ending;
#[cfg(test)]
mod messages;
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

/// After this long without a step, the clock starts again with the next one.
const PAUSE: Duration = Duration::from_secs(3);

/// Prints steps as they happen. The clock of the lines starts with an upload that arrives while no
/// other upload is open.
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

    /// Starts the clock, and tracks the open uploads.
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
            // Perhaps withdrawn before it had an outcome.
            StepKind::Removed { key, .. } => {
                self.open.remove(key);
            }
            StepKind::Outcome(outcome) => {
                self.open.remove(&outcome.upload.key);
            }
            _ => {}
        }
    }

    fn line(&mut self, step: &Step, actor: &str, text: &str) {
        if self.open.is_empty() && step.at.saturating_sub(self.last) > PAUSE {
            self.clock = None;
        }
        self.last = step.at;
        let since = step.at.saturating_sub(*self.clock.get_or_insert(step.at));
        say(&format!(
            "  {:>9}  {actor:<14}  {}",
            format!("+{} ms", milliseconds(since)),
            // Keys, reasons and errors quote uploads, which may hold control characters.
            printable(text)
        ));
    }
}

impl Printer for Story {
    fn building(&mut self) {
        let functions = match crate::system::binaries::named_folder() {
            Some(folder) => format!("The two functions come from {}.", folder.display()),
            None => "The two functions are built first if they have changed.".to_owned(),
        };
        say(&format!("Starting all of Chartdrop on this machine. {functions}\n"));
    }

    fn started(&mut self, system: &System) {
        say(&format!(
            "  edge        {}   the URL for Helm: CloudFront in front of charts/",
            system.edge_url()
        ));
        say(&format!("  S3          {}   the bucket {BUCKET}", system.s3_endpoint()));
        say(&format!(
            "  AWS         {}   CloudFront's API, Secrets Manager, Lambda's Invoke API",
            system.aws_endpoint()
        ));
        say("  functions   publish-chart and invalidate-cdn, as processes under the Lambda Runtime API\n");
        if system.has_repository() {
            say("  The --data folder already holds a repository. Only the charts that you name are added to it.\n");
        }
    }

    fn step(&mut self, step: &Step) {
        self.follow(&step.kind, step.at);
        for sentence in sentences::of(&step.kind) {
            self.line(step, sentence.actor, &sentence.text);
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

/// Prints a line. Errors are ignored: a closed pipe must not stop the server.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
