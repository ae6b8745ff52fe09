//! What became of a whole run, and the exit code that says so.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Serialize;

use crate::watch::outcomes::{Outcome, OutcomeKind};

/// An outcome together with when it became visible.
#[derive(Debug, Clone)]
pub(crate) struct Concluded {
    pub(crate) outcome: Outcome,
    /// Milliseconds from the upload until a client of the edge saw it; only for what was published.
    pub(crate) visible_ms: Option<u64>,
}

impl Concluded {
    pub(crate) fn is_invisible(&self) -> bool {
        self.outcome.kind == OutcomeKind::Published && self.visible_ms.is_none()
    }
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

    /// Nothing was rejected, nothing failed, clients see all that was published, and no promise was
    /// broken.
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
