//! Repairs an index from the archives. Correct entries stay byte for byte; wrong ones are replaced
//! by what the archive contains.
//!
//! | in the index | in the bucket | then |
//! |---|---|---|
//! | an entry with the archive's digest | the archive | stays |
//! | an entry without a digest or without a URL | the archive | is replaced by what the archive contains, and keeps its `created` |
//! | an entry with another digest, or for another chart | the archive | stays, unless changed archives are accepted |
//! | an entry | definitely no archive in the repository's folder | is removed |
//! | nothing | an archive that Helm can load | is added, created when the archive was stored or as its receipt says |
//! | nothing, but a receipt with another digest | the archive | stays unlisted, unless changed archives are accepted |
//! | nothing, and signatures are required | an archive without provenance file or receipt | stays unlisted |
//! | nothing, but a note that it was unpublished | an archive | stays unlisted |
//! | an entry that points elsewhere | | stays |
//!
//! A damaged index is copied to a backup, and the repair starts from what is still readable in it,
//! so that times, order and entries that point elsewhere are kept as far as possible. What is
//! unreadable is reported as a change. A missing index starts empty.

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

/// The most changes and remaining differences in an answer, which Lambda limits to 6 MB.
const MAX_LISTED_CHANGES: usize = 2_000;

/// The result of one attempt.
enum Tried {
    Done(Reindexed),
    /// Another run has written the index; nothing was changed.
    LostRace,
    /// The index was written, but an archive whose entry was removed exists again.
    CameBack(Reindexed),
}

/// How an index is to be repaired.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reindex<'a> {
    /// Only report, and write nothing.
    pub dry_run: bool,
    /// Accept archives that differ from their entries or receipts.
    pub accept_changed: bool,
    /// Only archives behind this key.
    pub after: Option<&'a str>,
}

impl Maintainer {
    /// Repairs the index of a repository, from behind the archive key `after`. With `dry_run` it
    /// only reports what it would change.
    ///
    /// # Errors
    ///
    /// [`MaintainError`] if S3 cannot be asked, or if time ran out before anything could be
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
        // An index that does not exist yet may only be written completely.
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
        // A misspelled name must not create a repository.
        let is_there = state.etag.is_some() || survey.archives > 0;
        let repaired = self.repair(repository, &state.index, &repairs)?;
        let gone = missing_archives(&repairs);
        // Added first: the archives do not show these.
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
        // An upload may have restored the archive since, and found it listed.
        if self.any_is_there(&gone).await? {
            return Ok(Tried::CameBack(report));
        }
        Ok(Tried::Done(report))
    }

    /// Writes the index unless another run has, after copying a damaged one.
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
