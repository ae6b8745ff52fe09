//! What a run came to.

use std::time::Duration;

use jiff::Timestamp;

use super::{Concluded, Foreign, IndexRebuilt, LateProvenance, Mirrored};
use crate::brief;
use crate::keys::{Repository, StagedKey};
use crate::printable::printable;
use crate::receipt::{Outcome, TEXT};

/// What a run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// The uploads that have their outcome now.
    pub concluded: Vec<Concluded>,
    /// Uploads that were not there (any more): another run has dealt with them.
    pub gone: Vec<StagedKey>,
    /// Provenance files that came after their archives.
    pub late_provenance: Vec<LateProvenance>,
    /// Charts that a registry had to get.
    pub mirrored: Vec<Mirrored>,
    /// Uploads that another try may publish; they stay in staging.
    pub failed: Vec<Failure>,
    /// What else failed: part of a sweep that is no upload, in words.
    pub problems: Vec<String>,
    /// Objects that are no uploads, as far as a sweep found any.
    pub foreign: Foreign,
    /// The indexes that were written.
    pub index_writes: Vec<IndexWrite>,
    /// Those of them that had been lost.
    pub rebuilt: Vec<IndexRebuilt>,
    /// Compare-and-swaps that lost their race.
    pub lost_races: u32,
    /// Whether this is a sweep that went through all of staging.
    pub swept: bool,
    /// How long the oldest upload that a sweep found had been lying in staging by then, without
    /// those that are held.
    pub oldest_waiting: Option<Duration>,
    /// The same of those that are held.
    pub oldest_held: Option<Duration>,
    /// For how long the registry has been waiting for the oldest chart that it did not get from a
    /// sweep.
    pub oldest_unmirrored: Option<Duration>,
}

/// An upload that could not be dealt with now.
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
    /// Whose index.
    pub repository: Repository,
    /// Its size.
    pub bytes: usize,
    /// The chart versions it lists.
    pub versions: usize,
}

impl Report {
    /// The keys of the uploads that wait for something.
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

    /// Something else than an upload could not be dealt with.
    pub(super) fn problem(&mut self, problem: &str) {
        self.problems.push(shown(problem));
    }

    /// Whether it says what became of this upload.
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

/// A message as logs, receipts and answers have it: one line, and not longer than people read.
pub(super) fn shown(message: &str) -> String {
    brief::text(&printable(message), TEXT).into_owned()
}

/// How old the oldest of them is. A clock that is behind S3's makes it no age at all.
pub(super) fn age(now: Timestamp, written: impl Iterator<Item = Timestamp>) -> Option<Duration> {
    Some(now.duration_since(written.min()?).try_into().unwrap_or_default())
}
