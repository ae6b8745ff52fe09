//! The result of a whole run, and its exit code.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Serialize;

use crate::watch::outcomes::{Outcome, OutcomeKind};

/// An outcome, with the time at which the chart became visible.
#[derive(Debug, Clone)]
pub(crate) struct Concluded {
    pub(crate) outcome: Outcome,
    /// Milliseconds from the upload until a client of the edge saw the chart; only for a published
    /// one.
    pub(crate) visible_ms: Option<u64>,
}

impl Concluded {
    pub(crate) fn is_invisible(&self) -> bool {
        self.outcome.kind == OutcomeKind::Published && self.visible_ms.is_none()
    }
}

/// The exit code when nothing went wrong, but at least one upload is held.
const HELD: u8 = 3;

/// The result of a whole run.
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
    pub(crate) chaos: Option<ChaosReport>,
    /// Published charts that clients of the edge do not see.
    #[serde(skip)]
    pub(crate) invisible: usize,
}

/// The injected faults, and the promises that they broke.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChaosReport {
    pub(crate) seed: u64,
    pub(crate) faults: BTreeMap<&'static str, usize>,
    pub(crate) broken_promises: Vec<String>,
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

    /// Whether no upload was rejected or failed, clients see every published chart, and no promise
    /// was broken.
    fn is_good(&self) -> bool {
        let broken = self.chaos.as_ref().map_or(0, |day| day.broken_promises.len());
        self.rejected + self.failed + self.invisible + broken == 0
    }

    /// The exit code of a run with `--once`.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match (self.is_good(), self.held) {
            (true, 0) => ExitCode::SUCCESS,
            (true, _) => ExitCode::from(HELD),
            (false, _) => ExitCode::FAILURE,
        }
    }
}
