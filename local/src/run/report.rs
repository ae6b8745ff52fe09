//! `--json`: one line of JSON per outcome, with the addresses as the first line of a run that
//! serves and a summary as the last line of a run with `--once`.

use std::io::Write;

use chartdrop::printable::{escape_json, printable};
use serde::Serialize;

use crate::run::printer::{INVISIBLE, Printer, denied_message, milliseconds};
use crate::run::summary::{Concluded, Summary};
use crate::system::System;
use crate::watch::outcomes::{Outcome, OutcomeKind};
use crate::watch::steps::{Step, StepKind};

/// The line of one outcome. Times are in milliseconds since the upload.
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

/// The first line of a run that serves: the address of each stand-in.
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

/// The printer of JSON lines.
#[derive(Debug)]
pub(crate) struct Report {
    /// With `--once` no addresses are printed: the program ends before anyone could use them.
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
            let _ = writeln!(std::io::stderr(), "{}", denied_message(denied));
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

/// Prints a line. Errors are ignored: a closed pipe must not stop the server.
fn print(line: &impl Serialize) {
    let mut out = std::io::stdout().lock();
    let json = serde_json::to_vec(line).unwrap_or_default();
    let _ = out.write_all(&escape_json(&json));
    let _ = out.write_all(b"\n");
    let _ = out.flush();
}
