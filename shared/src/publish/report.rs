//! The results of a run.

use std::time::Duration;

use jiff::Timestamp;

use super::{Concluded, Foreign, IndexRebuilt, LateProvenance, Mirrored};
use crate::brief;
use crate::keys::{Repository, StagedKey};
use crate::printable::printable;
use crate::receipt::{Outcome, TEXT};

/// The results of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// The uploads that have an outcome now.
    pub concluded: Vec<Concluded>,
    /// Uploads that were gone: another run has handled them.
    pub gone: Vec<StagedKey>,
    /// Provenance files that arrived after their archives.
    pub late_provenance: Vec<LateProvenance>,
    /// Charts that were pending for the mirror.
    pub mirrored: Vec<Mirrored>,
    /// Uploads that could not be handled now; they stay in staging.
    pub failed: Vec<Failure>,
    /// Other failures of a sweep, as messages.
    pub problems: Vec<String>,
    /// Objects that are not uploads, as far as a sweep found any.
    pub foreign: Foreign,
    /// The indexes that were written.
    pub index_writes: Vec<IndexWrite>,
    /// Those among them that had been lost and were rebuilt.
    pub rebuilt: Vec<IndexRebuilt>,
    /// The number of lost races.
    pub lost_races: u32,
    /// Whether this is a sweep that went to its end.
    pub swept: bool,
    /// How long the oldest upload that a sweep found had been in staging, without those that are
    /// held.
    pub oldest_waiting: Option<Duration>,
    /// The same for those that are held.
    pub oldest_held: Option<Duration>,
    /// How long the oldest chart that a sweep left pending has been waiting for the registry.
    pub oldest_unmirrored: Option<Duration>,
}

/// An upload that could not be handled now.
#[derive(Debug)]
pub struct Failure {
    /// The upload.
    pub staged: StagedKey,
    /// Why.
    pub error: String,
}

/// One successful write of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexWrite {
    /// The repository whose index this is.
    pub repository: Repository,
    /// Its size in bytes.
    pub bytes: usize,
    /// The number of versions that it lists.
    pub versions: usize,
}

impl Report {
    /// The keys of the uploads that are held.
    pub(super) fn held(&self) -> impl Iterator<Item = &str> {
        let receipts = self.concluded.iter().map(|concluded| &concluded.receipt);
        let held = receipts.filter(|receipt| receipt.outcome == Outcome::Held);
        held.map(|receipt| receipt.upload.as_str())
    }

    pub(super) fn fail(&mut self, staged: StagedKey, error: &dyn std::fmt::Display) {
        self.failed.push(Failure {
            staged,
            error: shown(&error.to_string()),
        });
    }

    /// Records a failure that concerns no single upload.
    pub(super) fn problem(&mut self, problem: &str) {
        self.problems.push(shown(problem));
    }

    /// Whether it has a result for this upload.
    pub(super) fn knows(&self, staged: &StagedKey) -> bool {
        let concluded = self
            .concluded
            .iter()
            .any(|concluded| concluded.receipt.upload == staged.key());
        let late = self.late_provenance.iter().any(|late| late.staged == *staged);
        let failed = self.failed.iter().any(|failure| failure.staged == *staged);
        concluded || late || failed || self.gone.contains(staged)
    }
}

/// A message for logs, receipts and answers: one line of readable length.
pub(super) fn shown(message: &str) -> String {
    brief::text(&printable(message), TEXT).into_owned()
}

/// The age of the oldest. A clock behind S3's makes it zero.
pub(super) fn age(now: Timestamp, written: impl Iterator<Item = Timestamp>) -> Option<Duration> {
    Some(now.duration_since(written.min()?).try_into().unwrap_or_default())
}
