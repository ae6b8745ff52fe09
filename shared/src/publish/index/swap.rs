//! The compare-and-swap loop: read, edit, replace if unchanged, retry after a lost race.

use jiff::Timestamp;

use super::rebuild::IndexRebuilt;
use super::state::{EditBase, IndexState, StateCell};
use crate::image::ImageCheck;
use crate::index::{Added, Created, Entry};
use crate::keys::{ChartFile, Repository, StagedKey};
use crate::publish::decided::{Decided, Visible};
use crate::publish::prepare::candidate::{Candidate, Origin, Prepared};
use crate::publish::sweep::sample::Sample;
use crate::publish::{Deadline, IndexWrite, PublishError, Publisher, Reason, Report, Round};
use crate::repository::{Attempts, RepositoryError, entry};
use crate::store::Replaced;

/// The most waiting uploads that a run adds to its batch per attempt. A burst of hundreds is
/// published after a few index writes, and ten racing runs do not all fetch all of it.
const MAX_ADDED_UPLOADS: usize = 100;
/// The most listing pages that a run reads after a lost race. Uploads behind them are published by
/// their own runs.
const MAX_LISTED_PAGES: usize = 20;

impl Publisher {
    /// Adds the candidates of this round to the index. The result for each is in `round.decided` or
    /// `report`.
    pub(in crate::publish) async fn swap(
        &self,
        repository: &Repository,
        base: EditBase,
        round: &mut Round,
        deadline: Deadline,
        report: &mut Report,
    ) {
        if let Err(error) = self.swap_loop(repository, base, round, deadline, report).await {
            for candidate in round.candidates.drain(..).filter(|candidate| !candidate.was_waiting) {
                report.fail(candidate.upload.staged, &error);
            }
        }
    }

    async fn swap_loop(
        &self,
        repository: &Repository,
        base: EditBase,
        round: &mut Round,
        deadline: Deadline,
        report: &mut Report,
    ) -> Result<(), PublishError> {
        let mut base = base;
        if round.candidates.iter().any(|candidate| candidate.restored) {
            // The archive exists from here on, so a command that compares after this read finds it
            // and keeps its entry.
            base = self.edit_base(repository).await?;
        }
        let mut attempts = Attempts::at_index(deadline);
        loop {
            round.leave_what_is_being_unpublished(&base.state, report);
            if round.candidates.is_empty() {
                return Ok(());
            }
            match self.try_swap(repository, &base, round, report).await? {
                Swapped::Done(added) => {
                    round.decide(added, &rebuilt_since(repository, &base));
                    return Ok(());
                }
                Swapped::LostRace => report.lost_races += 1,
            }
            // Dropped first: two large indexes at the same time would need twice the memory.
            drop(base);
            let again = attempts.again().await;
            again.map_err(|gave_up| gave_up.at_index(repository))?;
            base = self.edit_base(repository).await?;
            // The run that won the race may already have added these.
            let waits = |candidate: &Candidate| !candidate.was_waiting && !lists(&base.state, candidate);
            if round.candidates.iter().any(waits) {
                base = self.add_waiting(repository, base, round, deadline).await?;
            }
        }
    }

    async fn try_swap(
        &self,
        repository: &Repository,
        base: &EditBase,
        round: &Round,
        report: &mut Report,
    ) -> Result<Swapped, PublishError> {
        let state = &base.state;
        let now = (self.clock)();
        let mut entries: Vec<Entry> = round
            .candidates
            .iter()
            .map(|candidate| {
                let upload = &candidate.upload;
                let created = Created::by_upload(now, upload.uploaded);
                let url = self.settings.archive_url(&upload.file());
                entry(&candidate.archive, url, created)
            })
            .collect();
        // After the candidates, whose results come first. A version that is in both has its own
        // entry.
        entries.extend(base.recovered.iter().cloned());
        let edited = state.index.edit(&entries, now);
        let edit = edited.map_err(RepositoryError::index(repository))?;
        // The results of the candidates come first.
        let added: Vec<Placed> = edit
            .added
            .into_iter()
            .zip(&entries)
            .take(round.candidates.len())
            .map(|(added, entry)| Placed::of(state, entry, added))
            .collect();
        let Some(text) = edit.text else {
            return Ok(Swapped::Done(added));
        };

        let bytes = text.len();
        self.check_size(repository, bytes)?;
        let replaced = self.repositories.replace_index(repository, &text, state.etag.as_ref());
        match replaced.await? {
            Replaced::LostRace => Ok(Swapped::LostRace),
            Replaced::Done => {
                report.index_writes.push(IndexWrite {
                    repository: repository.clone(),
                    bytes,
                    versions: edit.versions,
                });
                if let (None, Some(rebuilt)) = (&state.etag, &state.rebuilt) {
                    report.rebuilt.push(IndexRebuilt::new(repository, rebuilt, &base.lost));
                }
                Ok(Swapped::Done(added))
            }
        }
    }

    /// Fails if the index would exceed `MAX_INDEX_BYTES`: every command and client reads it.
    fn check_size(&self, repository: &Repository, bytes: usize) -> Result<(), PublishError> {
        match u64::try_from(bytes).unwrap_or(u64::MAX) {
            size if size <= self.settings.max_index_bytes => Ok(()),
            size => Err(self.index_full(repository, size)),
        }
    }

    /// Adds other waiting uploads to the same index to this round; otherwise their runs would race
    /// with this one.
    ///
    /// Every run that lost the race does this, so each takes a random choice. Only the entry is
    /// handled here: an upload that another run has listed, or that has a bad archive, is left to
    /// its own run.
    async fn add_waiting(
        &self,
        repository: &Repository,
        base: EditBase,
        round: &mut Round,
        deadline: Deadline,
    ) -> Result<EditBase, PublishError> {
        // With an image check none are added, because every racing run would query their images.
        if self.settings.image_check != ImageCheck::Off {
            return Ok(base);
        }
        let waiting = self.waiting(repository, round, deadline).await?;
        let cell = StateCell::new_with(Some(Ok(base)));
        let taken = round.candidates.iter().map(|candidate| candidate.archive.listed_bytes);
        let taken = taken.sum();
        for (_, prepared) in self.prepare_some(&waiting, &cell, taken).await {
            if let Ok(Prepared::Candidate(candidate)) = prepared {
                round.candidates.push(Candidate {
                    was_waiting: true,
                    ..*candidate
                });
            }
        }
        drop(cell);
        // Preparing took time, in which runs with a single upload may have written. With the old
        // state the next write would lose again.
        self.edit_base(repository).await
    }

    /// A random choice of the waiting uploads for this index. Many pages of foreign objects may
    /// precede them.
    async fn waiting(
        &self,
        repository: &Repository,
        round: &Round,
        deadline: Deadline,
    ) -> Result<Vec<ChartFile>, PublishError> {
        let mut waiting = Sample::of_at_most(MAX_ADDED_UPLOADS);
        let prefix = repository.staging_prefix();
        let mut pages = self.store.pages(&prefix).of_folder();
        for _ in 0..MAX_LISTED_PAGES {
            let Some(page) = pages.next().await? else { break };
            let staged = page.objects.iter().filter_map(|object| StagedKey::new(&object.key));
            let files = staged
                .filter(|staged| !round.has(staged))
                .filter_map(|staged| ChartFile::of_upload(&staged).ok());
            let own = files.filter(|file| file.repository() == repository);
            own.for_each(|file| drop(waiting.show(file)));
            if !deadline.has_time() {
                break;
            }
        }
        Ok(waiting.chosen())
    }
}

enum Swapped {
    /// The edited index, and the result for each candidate.
    Done(Vec<Placed>),
    LostRace,
}

/// The result for a candidate's entry, and the URL that the index has for the version.
struct Placed {
    added: Added,
    url: Option<String>,
}

impl Placed {
    fn of(state: &IndexState, entry: &Entry, added: Added) -> Self {
        let listed = || state.index.promise(&entry.metadata.name, &entry.metadata.version);
        let url = match &added {
            Added::New => Some(entry.url.clone()),
            // Of two uploads in one write the first is listed, under the same URL.
            Added::Present => listed().map_or_else(|| Some(entry.url.clone()), |promise| promise.url),
            Added::Conflict { .. } => listed().and_then(|promise| promise.url),
        };
        Self { added, url }
    }
}

/// Whether the index lists this candidate unchanged.
fn lists(state: &IndexState, candidate: &Candidate) -> bool {
    let metadata = &candidate.archive.metadata;
    let listed = state.index.promise(&metadata.name, &metadata.version);
    listed.is_some_and(|promise| promise.comparable() == Some(candidate.archive.digest))
}

/// Since when the index is a rebuilt one, and the warning for the uploads of that moment.
fn rebuilt_since(repository: &Repository, base: &EditBase) -> Option<(Timestamp, String)> {
    let rebuilt = base.state.rebuilt.as_ref().filter(|rebuilt| !rebuilt.seen)?;
    let told = IndexRebuilt::new(repository, rebuilt, &base.lost);
    Some((rebuilt.at, told.to_string()))
}

impl Round {
    fn has(&self, staged: &StagedKey) -> bool {
        self.candidates
            .iter()
            .any(|candidate| candidate.upload.staged == *staged)
            || self.decided.iter().any(|decided| decided.upload.staged == *staged)
    }

    /// Fails the candidates whose version was unpublished after their archive was stored: that
    /// archive is about to be deleted.
    fn leave_what_is_being_unpublished(&mut self, state: &IndexState, report: &mut Report) {
        self.candidates.retain(|candidate| {
            let (upload, metadata) = (&candidate.upload, &candidate.archive.metadata);
            let Some(unpublished) = state.unpublished.get(upload.staged.file_name()) else {
                return true;
            };
            let is_listed = state.index.lists(&metadata.name, &metadata.version);
            let stays = is_listed || candidate.returned_after == Some(unpublished.id());
            if !stays && !candidate.was_waiting {
                report.fail(upload.staged.clone(), &upload.being_unpublished(&candidate.archive));
            }
            stays
        });
    }

    /// Turns the results for the entries into outcomes. An upload that was waiting when the index
    /// was rebuilt gets a warning, also from a later run if the run that rebuilt the index was
    /// killed.
    fn decide(&mut self, placed: Vec<Placed>, rebuilt: &Option<(Timestamp, String)>) {
        let candidates = self.candidates.drain(..).zip(placed);
        let answered = candidates.filter(|(candidate, placed)| !candidate.was_waiting || placed.added == Added::New);
        self.decided.extend(answered.map(|(mut candidate, placed)| {
            if let Some((at, told)) = rebuilt
                && candidate.upload.uploaded <= *at
            {
                candidate.archive.warnings.push(told.clone());
            }
            decide(candidate, placed)
        }));
    }
}

fn decide(candidate: Candidate, placed: Placed) -> Decided {
    let Candidate {
        upload,
        archive,
        origin,
        ..
    } = candidate;
    let origin = match (placed.added, origin) {
        (Added::New, _) => Origin::ThisUpload,
        // Listed by a run that was killed before it recorded that, or by one that added this upload
        // to its batch.
        (Added::Present, origin) => origin,
        (Added::Conflict { listed }, _) => {
            let reason = Reason::ListedElsewhere {
                chart: archive.metadata.name.clone(),
                version: archive.metadata.version.clone(),
                listed,
                url: placed.url,
                own: archive.digest,
            };
            return Decided::rejected(upload, archive, reason);
        }
    };
    let visible = Visible {
        origin,
        url: placed.url,
        may_mirror: true,
    };
    Decided::visible(upload, archive, visible)
}
