//! Repairs an index from the archives: what is right stays byte for byte, what is wrong becomes
//! what the archive says.
//!
//! | in the index | in the bucket | then |
//! |---|---|---|
//! | an entry with the archive's digest | the archive | stays as it is |
//! | an entry without a digest or without a URL | the archive | becomes what the archive says, and keeps its `created` |
//! | an entry with another digest, or for another chart | the archive | stays as it is, unless changed archives are accepted |
//! | an entry | definitely no archive in the repository's folder | goes |
//! | nothing | an archive that Helm can load | comes, created when the archive was stored or its receipt says |
//! | nothing, but a receipt with another digest | the archive | stays out, unless changed archives are accepted |
//! | nothing, and each has to be signed | an archive without provenance file or receipt | stays out |
//! | nothing, but a note that it was unpublished | an archive | stays out |
//! | an entry that points elsewhere | | stays as it is |
//!
//! A damaged index is copied aside, and what can still be read of it is where the repair starts: so
//! times, order, and entries that point elsewhere stay as far as they can be read; what can't be
//! read is a change like the others. A missing one starts empty.

mod edits;
mod report;
mod start;

use super::compare::{Digests, Scope};
use super::{IndexSummary, MaintainError, Maintainer};
use crate::deadline::Deadline;
use crate::index::Spliced;
use crate::keys::Repository;
use crate::repository::{Attempts, IndexState};
use crate::store::Replaced;
use edits::{missing_archives, sort};
use report::drop_of;
pub use report::{IndexChange, Reindexed};
use start::Start;

/// Changes, and differences that are left, that an answer lists: Lambda carries six megabytes.
const MAX_LISTED_CHANGES: usize = 2_000;

/// What one try came to.
enum Tried {
    Done(Reindexed),
    /// Another run has written the index: nothing was done.
    LostRace,
    /// The index was written, but an archive whose entry was taken out is there by now.
    CameBack(Reindexed),
}

/// How an index is repaired.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reindex<'a> {
    /// Nothing is to be written.
    pub dry_run: bool,
    /// Archives that are not what their entries or receipts say are taken for what they are.
    pub accept_changed: bool,
    /// Only what is behind this archive key.
    pub after: Option<&'a str>,
}

impl Maintainer {
    /// Repairs the index of a repository, from behind the archive key `after` on; with `dry_run`
    /// only reports what it would do.
    ///
    /// # Errors
    ///
    /// [`MaintainError`] if S3 can't be asked, or the time is over before anything could be
    /// repaired.
    pub async fn reindex(
        &self,
        repository: &Repository,
        how: Reindex<'_>,
        deadline: Deadline,
    ) -> Result<Reindexed, MaintainError> {
        let digests = Digests::default();
        let scope = Scope {
            repository,
            after: how.after,
            max_differences: usize::MAX,
            accept_changed: how.accept_changed,
            deadline,
        };
        let mut earlier = None;
        let mut lost_races = 0;
        let mut attempts = Attempts::at_index(deadline);
        loop {
            match Box::pin(self.try_reindex(scope, how.dry_run, &digests)).await? {
                Tried::Done(report) => {
                    let report = report.behind(earlier);
                    return Ok(Reindexed { lost_races, ..report });
                }
                Tried::LostRace => lost_races += 1,
                Tried::CameBack(report) => earlier = Some(report.behind(earlier)),
            }
            let again = attempts.again().await;
            again.map_err(|gave_up| gave_up.at_index(repository))?;
        }
    }

    async fn try_reindex(&self, scope: Scope<'_>, dry_run: bool, digests: &Digests) -> Result<Tried, MaintainError> {
        let repository = scope.repository;
        let Start { state, damage, dropped } = self.start(repository).await?;
        let survey = self.survey(repository, &state).await?;
        // What lists nothing yet may only be written whole.
        let is_sound = damage.is_none() && state.etag.is_some();
        let scope = Scope {
            after: scope.after.filter(|_| is_sound),
            ..scope
        };
        let compared = self.compare(&survey, digests, scope).await?;
        if !is_sound && compared.after.is_some() {
            return Err(MaintainError::NoTimeToRebuild {
                repository: repository.clone(),
                compared: compared.names,
                archives: survey.archives,
            });
        }
        let mut differences = compared.differences;
        differences.extend(self.index_rebuilt(repository, state.rebuilt.as_ref()));
        let (repairs, left) = sort(differences);
        // A typing error in a name must not make a repository.
        let is_there = state.etag.is_some() || survey.archives > 0;
        let repaired = self.repair(repository, &state.index, &repairs)?;
        let gone = missing_archives(&repairs);
        // These first: nothing in the archives shows them.
        let mut changes: Vec<IndexChange> = dropped
            .into_iter()
            .map(|dropped| drop_of(repository, dropped))
            .collect();
        changes.extend(repairs);
        let mut report = Reindexed {
            repository: repository.name().to_owned(),
            dry_run,
            written: false,
            index: is_there.then(|| IndexSummary {
                key: repository.index_key(),
                versions: repaired.versions,
            }),
            damage,
            rebuilt_from: (state.etag.is_none() && survey.archives > 0).then_some(survey.archives),
            kept: None,
            change_count: changes.len(),
            changes,
            left,
            elsewhere: survey.elsewhere.len(),
            compared: compared.names,
            downloaded: compared.downloaded,
            lost_races: 0,
            complete: compared.after.is_none(),
            after: compared.after,
        };
        report.changes.truncate(MAX_LISTED_CHANGES);
        report.left.truncate(MAX_LISTED_CHANGES);
        let Some(text) = repaired.text.filter(|_| is_there && !dry_run) else {
            return Ok(Tried::Done(report));
        };
        let written = self.write_repaired(repository, &state, &text, &mut report);
        if written.await? == Replaced::LostRace {
            return Ok(Tried::LostRace);
        }
        // It may have been uploaded again since it was looked for, and found it listed.
        if self.any_is_there(&gone).await? {
            return Ok(Tried::CameBack(report));
        }
        Ok(Tried::Done(report))
    }

    /// Writes the index unless another run has, and keeps a copy of a damaged one.
    async fn write_repaired(
        &self,
        repository: &Repository,
        state: &IndexState,
        text: &Spliced,
        report: &mut Reindexed,
    ) -> Result<Replaced, MaintainError> {
        let key = repository.index_key();
        if let (Some(_), Some(etag)) = (&report.damage, &state.etag) {
            let aside = repository.damaged_index_key();
            if self.store.copy(&key, &aside, etag).await? {
                report.kept = Some(aside);
            }
        }
        let replaced = self.repositories.replace_index(repository, text, state.etag.as_ref());
        let replaced = replaced.await?;
        report.written = replaced == Replaced::Done;
        Ok(replaced)
    }

    async fn any_is_there(&self, keys: &[String]) -> Result<bool, MaintainError> {
        for key in keys {
            if self.store.head(key).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
