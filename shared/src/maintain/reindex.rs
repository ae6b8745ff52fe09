//! Mending an index from the archives: what is right stays byte for byte, what is wrong is told by the archive.
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
//! A damaged index is copied aside, and what can still be read of it is where the mending starts: so times, order, and
//! entries that point elsewhere stay as far as they can be read; what can't be read is a change like the others. A missing
//! one starts empty.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::Serialize;

use super::compare::{Digests, Scope};
use super::difference::{Difference, Kind, Mend};
use super::{IndexSummary, MaintainError, Maintainer};
use crate::deadline::Deadline;
use crate::index::{Dropped, Entry, EntryPosition, Index, Salvaged, Spliced};
use crate::keys::Repository;
use crate::repository::{Attempts, IndexState, MAX_READABLE_INDEX_BYTES, ReadIndex, RepositoryError};
use crate::store::Replaced;

/// Changes, and differences that are left, that an answer lists: Lambda carries six megabytes.
const MAX_LISTED_CHANGES: usize = 2_000;

/// What a mending came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reindexed {
    /// The repository, empty for the root one.
    pub repository: String,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// Whether the index was written.
    pub written: bool,
    /// The index afterwards (with `dryRun`: as it would be), if there is one.
    pub index: Option<IndexSummary>,
    /// What was wrong with the index as a whole, if something was: it was missing, or Helm could not load it.
    pub damage: Option<String>,
    /// The archives that a missing index was rebuilt from (with `dryRun`: would be).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuilt_from: Option<usize>,
    /// Where a damaged index was copied to.
    pub kept: Option<String>,
    /// How many changes there are.
    pub change_count: usize,
    /// The first of them.
    pub changes: Vec<Change>,
    /// Differences that it does not mend.
    pub left: Vec<Difference>,
    /// Entries that point elsewhere, which stay.
    pub elsewhere: usize,
    /// Archive names that were compared.
    pub compared: usize,
    /// Archives that had to be downloaded.
    pub downloaded: usize,
    /// Compare-and-swaps that lost their race.
    pub lost_races: u32,
    /// Whether everything was compared.
    pub complete: bool,
    /// Where the next run goes on, if not: its `after`.
    pub after: Option<String>,
}

/// One change of the index.
#[derive(Debug, Serialize)]
pub struct Change {
    /// `add`, `replace`, `remove`, `note`, or `drop` for what could not be read of a damaged index.
    pub action: &'static str,
    /// Why.
    #[serde(flatten)]
    pub difference: Difference,
}

/// Where a mending starts.
struct Start {
    state: IndexState,
    damage: Option<String>,
    /// What is left out of a damaged index.
    dropped: Vec<Dropped>,
}

/// An index with everything mended that was found.
struct Mended {
    text: Option<Spliced>,
    versions: usize,
}

/// What one try came to.
enum Tried {
    Done(Reindexed),
    /// Somebody else has written the index: nothing was done.
    LostRace,
    /// The index was written, but an archive whose entry was taken out is there by now.
    CameBack(Reindexed),
}

/// How an index is mended.
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
    /// Mends the index of a repository, from behind the archive key `after` on; with `dry_run` tells what it would do.
    ///
    /// # Errors
    ///
    /// [`MaintainError`] if S3 can't be asked, or the time is over before anything could be mended.
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
            most: usize::MAX,
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
        // A name with a slip in it must not make a repository.
        let is_there = state.etag.is_some() || survey.archives > 0;
        let mended = self.mend(repository, &state.index, &repairs)?;
        let gone: Vec<String> = repairs
            .iter()
            .filter(|change| change.difference.kind == Kind::ArchiveMissing)
            .map(|change| change.difference.key.clone())
            .collect();
        // These first: nothing in the archives tells of them.
        let mut changes: Vec<Change> = dropped
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
                versions: mended.versions,
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
        let Some(text) = mended.text.filter(|_| is_there && !dry_run) else {
            return Ok(Tried::Done(report));
        };
        if !self.write_mended(repository, &state, &text, &mut report).await? {
            return Ok(Tried::LostRace);
        }
        // Someone may have uploaded it again since it was looked for, and found it listed.
        if self.any_is_there(&gone).await? {
            return Ok(Tried::CameBack(report));
        }
        Ok(Tried::Done(report))
    }

    /// Writes the index unless somebody else has; answers whether it did.
    async fn write_mended(
        &self,
        repository: &Repository,
        state: &IndexState,
        text: &Spliced,
        report: &mut Reindexed,
    ) -> Result<bool, MaintainError> {
        let key = repository.index_key();
        if let (Some(_), Some(etag)) = (&report.damage, &state.etag) {
            let aside = repository.damaged_index_key();
            if self.store.copy(&key, &aside, etag).await? {
                report.kept = Some(aside);
            }
        }
        let replaced = self.repositories.replace_index(repository, text, state.etag.as_ref());
        match replaced.await? {
            Replaced::Done => {
                report.written = true;
                Ok(true)
            }
            Replaced::LostRace => Ok(false),
        }
    }

    async fn any_is_there(&self, keys: &[String]) -> Result<bool, MaintainError> {
        for key in keys {
            if self.store.head(key).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The index as it is, or what is left of it.
    async fn start(&self, repository: &Repository) -> Result<Start, MaintainError> {
        let mut unread = None;
        let read = self.repositories.read_index(repository, MAX_READABLE_INDEX_BYTES);
        let (damage, etag, bytes) = match read.await? {
            ReadIndex::Found(state) => {
                return Ok(Start {
                    state: *state,
                    damage: None,
                    dropped: Vec::new(),
                });
            }
            ReadIndex::Damaged { error, bytes, etag } => (Some(error.to_string()), Some(etag), bytes),
            ReadIndex::TooLarge { size, etag } => {
                unread = Some(Dropped {
                    chart: None,
                    version: None,
                    reason: format!("an index of {size} bytes is not read"),
                });
                (Some(format!("it is {size} bytes large")), Some(etag), Bytes::new())
            }
            ReadIndex::Missing => (None, None, Bytes::new()),
        };
        let archives = self.repositories.archives(repository).await?;
        if etag.is_none() && archives.is_empty() {
            self.must_exist(repository).await?;
        }
        let damage = damage.or_else(|| {
            let count = archives.len();
            (count > 0).then(|| {
                format!(
                    "it was missing, and is rebuilt from {count} archives: entries that pointed elsewhere are lost, unless an \
                     earlier version of {} is put back first",
                    repository.index_key()
                )
            })
        });
        let present: BTreeSet<&str> = archives.iter().map(|(staged, _)| staged.file_name()).collect();
        let memory = self
            .repositories
            .memory(repository, |file_name| !present.contains(file_name))
            .await?;
        let unpublished = memory.unpublished;
        let notes = unpublished
            .iter()
            .map(|(file, unpublished)| unpublished.annotation(file));
        let salvaged = Index::salvage(&bytes, self.settings.index_format, notes.collect());
        let Salvaged { index, mut dropped } = salvaged.map_err(RepositoryError::index(repository))?;
        dropped.extend(unread);
        let state = IndexState::of(index, etag);
        Ok(Start { state, damage, dropped })
    }

    fn mend(&self, repository: &Repository, index: &Index, changes: &[Change]) -> Result<Mended, RepositoryError> {
        let now = self.repositories.now();
        let Edits { places, entries, notes } = edits(changes);
        let removal = index.remove(&places, &notes, now);
        let removal = removal.map_err(RepositoryError::index(repository))?;
        let rest = match &removal.text {
            Some(text) => Index::read(text.to_bytes()).map_err(RepositoryError::index(repository))?,
            None => index.clone(),
        };
        let edit = rest.edit(&entries, now).map_err(RepositoryError::index(repository))?;
        Ok(Mended {
            text: edit.text.or(removal.text),
            versions: edit.versions,
        })
    }
}

impl Reindexed {
    /// This report with what an earlier try of the same run has done.
    fn behind(self, earlier: Option<Reindexed>) -> Self {
        let Some(mut earlier) = earlier else { return self };
        earlier.changes.extend(self.changes);
        Reindexed {
            written: self.written || earlier.written,
            damage: self.damage.or(earlier.damage),
            rebuilt_from: self.rebuilt_from.or(earlier.rebuilt_from),
            kept: self.kept.or(earlier.kept),
            change_count: self.change_count + earlier.change_count,
            changes: earlier.changes,
            ..self
        }
    }
}

/// What can be mended, and what can't.
fn sort(differences: Vec<Difference>) -> (Vec<Change>, Vec<Difference>) {
    let mut changes = Vec::new();
    let mut left = Vec::new();
    for difference in differences {
        let action = match difference.mend {
            Mend::None => {
                left.push(difference);
                continue;
            }
            Mend::Add(_) => "add",
            Mend::Replace(..) => "replace",
            Mend::Remove(_) => "remove",
            Mend::Note(..) => "note",
        };
        changes.push(Change { action, difference });
    }
    (changes, left)
}

fn drop_of(repository: &Repository, dropped: Dropped) -> Change {
    let Dropped { chart, version, reason } = dropped;
    let what = match (&chart, &version) {
        (Some(chart), Some(version)) => format!("the entry of {chart} {version}"),
        (Some(chart), None) => format!("an entry of {chart}"),
        (None, Some(version)) => format!("an entry of version {version}"),
        (None, None) => "a part of the index".to_owned(),
    };
    let message = format!(
        "{what} is dropped: {reason}. If its archive is published here, it is added from there; an entry that points elsewhere \
         is in the copy of the damaged index only"
    );
    let difference = Difference {
        chart,
        version,
        ..Difference::of_index(repository, Kind::EntryUnreadable, message)
    };
    Change {
        action: "drop",
        difference,
    }
}

/// What has to be done to an index.
#[derive(Default)]
struct Edits {
    places: Vec<EntryPosition>,
    entries: Vec<Entry>,
    notes: Vec<(String, String)>,
}

fn edits(changes: &[Change]) -> Edits {
    let mut edits = Edits::default();
    for change in changes {
        match &change.difference.mend {
            Mend::None => {}
            Mend::Remove(place) => edits.places.push(*place),
            Mend::Add(entry) => edits.entries.push(Entry::clone(entry)),
            Mend::Replace(place, entry) => {
                edits.places.push(*place);
                edits.entries.push(Entry::clone(entry));
            }
            Mend::Note(name, value) => edits.notes.push((name.clone(), value.clone())),
        }
    }
    edits
}
