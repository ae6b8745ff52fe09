//! What a run prints: [`Printer`] is told of everything; [`Report`] is the printer of `--json`.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use chartdrop::printable::{escape_json, printable};
use serde::Serialize;

use crate::aws::iam::Denied;
use crate::system::System;
use crate::watch::outcomes::{Outcome, OutcomeKind};
use crate::watch::steps::{Step, StepKind};

/// An outcome together with when it became visible.
#[derive(Debug, Clone)]
pub(crate) struct Concluded {
    pub(crate) outcome: Outcome,
    /// Milliseconds from the upload until a client of the edge saw it; only for what was published.
    pub(crate) visible_ms: Option<u64>,
}

/// Said of a published chart that stays invisible.
pub(crate) const INVISIBLE: &str =
    "it was published, but the edge still serves the index from before: nothing invalidated it";

impl Concluded {
    pub(crate) fn is_invisible(&self) -> bool {
        self.outcome.kind == OutcomeKind::Published && self.visible_ms.is_none()
    }
}

/// A denied request, with where to look.
pub(crate) fn told_denied(denied: &Denied) -> String {
    let Denied {
        function,
        action,
        resource,
        because,
    } = denied;
    format!("{function} may not {action} on {resource}, {because}: see Policies in template.yaml")
}

/// Nothing went wrong, and something is not live yet.
const HELD: u8 = 3;

/// What became of a whole run.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    pub(crate) published: usize,
    pub(crate) unchanged: usize,
    pub(crate) rejected: usize,
    pub(crate) held: usize,
    pub(crate) failed: usize,
    pub(crate) repository_url: String,
    pub(crate) s3_endpoint: String,
    pub(crate) s3_requests: BTreeMap<String, usize>,
    pub(crate) index_writes: usize,
    pub(crate) invalidations: Vec<Vec<String>>,
    /// With `--chaos`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chaos: Option<WorstDay>,
    /// Published, but no client can see it.
    #[serde(skip)]
    pub(crate) invisible: usize,
}

/// What went wrong on purpose, and what came of it.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorstDay {
    pub(crate) seed: u64,
    pub(crate) faults: BTreeMap<&'static str, usize>,
    pub(crate) broken_promises: Vec<String>,
}

/// Where a run tells what it does.
pub(crate) trait Printer: Send {
    /// The functions are looked for, or built.
    fn building(&mut self) {}
    /// Everything listens.
    fn started(&mut self, system: &System) {
        let _ = system;
    }
    /// Something happened.
    fn step(&mut self, step: &Step) {
        let _ = step;
    }
    /// An upload is through.
    fn concluded(&mut self, concluded: &Concluded);
    /// All uploads are through, and the program stays.
    fn serving(&mut self, system: &System) {
        let _ = system;
    }
    /// All uploads are through, and the program ends.
    fn summary(&mut self, summary: &Summary, system: &System);
}

/// The line of an outcome. Times are in milliseconds from the upload.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutcomeLine<'a> {
    upload: &'a str,
    outcome: OutcomeKind,
    repository: &'a str,
    chart: Option<&'a str>,
    version: Option<&'a str>,
    digest: Option<&'a str>,
    url: Option<&'a str>,
    reason: Option<&'a str>,
    reason_code: Option<&'a str>,
    warnings: &'a [String],
    published_ms: u64,
    visible_ms: Option<u64>,
}

/// The last line.
#[derive(Serialize)]
struct SummaryLine<'a> {
    summary: &'a Summary,
}

/// The first line of a run that serves: where everything listens.
#[derive(Serialize)]
struct ListeningLine {
    listening: Addresses,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Addresses {
    repository_url: String,
    s3_endpoint: String,
    aws_endpoint: String,
}

/// Lines of JSON.
#[derive(Debug)]
pub(crate) struct Report {
    /// The run ends by itself: by then the addresses are gone.
    once: bool,
}

impl Report {
    pub(crate) fn new(once: bool) -> Self {
        Self { once }
    }
}

impl Printer for Report {
    fn started(&mut self, system: &System) {
        if !self.once {
            print(&ListeningLine {
                listening: Addresses {
                    repository_url: system.edge_url(),
                    s3_endpoint: system.s3_endpoint(),
                    aws_endpoint: system.aws_endpoint(),
                },
            });
        }
    }

    fn step(&mut self, step: &Step) {
        if let StepKind::Denied(denied) = &step.kind {
            let _ = writeln!(std::io::stderr(), "{}", told_denied(denied));
        }
    }

    fn concluded(&mut self, concluded: &Concluded) {
        let Outcome {
            upload,
            kind,
            receipt,
            after,
        } = &concluded.outcome;
        print(&OutcomeLine {
            upload: &upload.key,
            outcome: *kind,
            repository: &receipt.repository,
            chart: receipt.chart.as_deref(),
            version: receipt.version.as_deref(),
            digest: receipt.digest.as_deref(),
            url: receipt.url.as_deref(),
            reason: receipt.reason.as_deref(),
            reason_code: receipt.reason_code.as_deref(),
            warnings: &receipt.warnings,
            published_ms: milliseconds(*after),
            visible_ms: concluded.visible_ms,
        });
        if concluded.is_invisible() {
            let _ = writeln!(std::io::stderr(), "{}: {INVISIBLE}", printable(&upload.key));
        }
    }

    fn summary(&mut self, summary: &Summary, _: &System) {
        print(&SummaryLine { summary });
    }
}

impl Summary {
    pub(crate) fn count(&mut self, concluded: &Concluded) {
        match concluded.outcome.kind {
            OutcomeKind::Published => self.published += 1,
            OutcomeKind::Unchanged => self.unchanged += 1,
            OutcomeKind::Rejected => self.rejected += 1,
            OutcomeKind::Held => self.held += 1,
            OutcomeKind::Failed => self.failed += 1,
        }
        if concluded.is_invisible() {
            self.invisible += 1;
        }
    }

    /// Nothing was rejected, nothing failed, clients see all that was published, and no promise was broken.
    fn is_good(&self) -> bool {
        let broken = self.chaos.as_ref().map_or(0, |day| day.broken_promises.len());
        self.rejected + self.failed + self.invisible + broken == 0
    }

    /// What a run with `--once` ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match (self.is_good(), self.held) {
            (true, 0) => ExitCode::SUCCESS,
            (true, _) => ExitCode::from(HELD),
            (false, _) => ExitCode::FAILURE,
        }
    }
}

pub(crate) fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A closed pipe is no reason to stop serving.
fn print(line: &impl Serialize) {
    let mut out = std::io::stdout().lock();
    let json = serde_json::to_vec(line).unwrap_or_default();
    let _ = out.write_all(&escape_json(&json));
    let _ = out.write_all(b"\n");
    let _ = out.flush();
}
