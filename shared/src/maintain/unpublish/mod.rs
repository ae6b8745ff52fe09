//! Unpublishes a version. The entry is removed before the archive is deleted, so that the index
//! never lists a missing archive.
//!
//! If a run is killed at any point, running the command again completes it:
//!
//! 1. The index loses the entry and gets a note about it ([`Unpublished`]), in one
//!    compare-and-swap. From then on no run lists the version again unless its archive was stored
//!    with the knowledge of that note.
//! 2. The receipt gets the note too.
//! 3. The archive and its provenance file are deleted wherever the entry pointed to, but only in
//!    the state that was examined ([`reach`] decides what may be deleted). The events of these
//!    deletions invalidate them at the edge.
//!
//! An archive without an entry is not touched, because it may belong to a publish in progress.
//!
//! One gap remains in any order: S3 may carry out a delete that seemed lost seconds later, after
//! the same bytes were uploaded and published again. `verify` reports that, and uploading the chart
//! again repairs it.

mod delete;
mod note;
mod reach;
mod report;

use super::{MaintainError, Maintainer};
use crate::deadline::Deadline;
use crate::index::{EntryPosition, ListedVersion};
use crate::keys::{ChartFile, Repository};
use crate::repository::{Attempts, IndexState, RepositoryError};
use crate::store::Replaced;
use crate::unpublished::Unpublished;
use reach::Reach;
use report::Target;
pub use report::{UnpublishOutcome, UnpublishReport};

/// A version to unpublish, with everything that exists of it.
struct Removed {
    unpublished: Unpublished,
    reach: Reach,
    /// Whether only a receipt knows it.
    was_lost: bool,
}

/// What has to be done for the version.
enum Plan {
    /// Everything, beginning with the index.
    Remove(Removed),
    /// Completing an earlier run.
    Finish(Removed),
    /// Nothing: the version is not listed.
    Nothing,
}

impl Maintainer {
    /// Unpublishes a version.
    ///
    /// # Errors
    ///
    /// [`MaintainError`] if it could not be completed. Running it again completes it.
    pub async fn unpublish(
        &self,
        repository: &Repository,
        chart: &str,
        version: &str,
        deadline: Deadline,
    ) -> Result<UnpublishReport, MaintainError> {
        let target = Target {
            repository,
            chart,
            version,
        };
        let Some(staged) = ChartFile::of_version(repository, chart, version) else {
            let message = format!(
                "{chart:?} {version:?} cannot be a chart and a version, because no archive could have that name"
            );
            return Ok(target.report(UnpublishOutcome::NotFound, message));
        };
        let mut attempts = Attempts::at_index(deadline);
        loop {
            let lost_races = attempts.lost_races();
            let Some(state) = self.repositories.existing_index(repository).await? else {
                self.must_exist(repository).await?;
                return self.not_listed(target, &staged, None).await;
            };
            let listed: Vec<ListedVersion> = state
                .index
                .listed_versions()
                .filter(|listed| listed.chart == chart && listed.version == version)
                .collect();
            match self.plan(target, &staged, &state, &listed).await? {
                Plan::Nothing => return self.not_listed(target, &staged, Some(&state)).await,
                Plan::Finish(removed) => return self.finish(target, &staged, removed, false, lost_races).await,
                Plan::Remove(removed) => {
                    let note = &removed.unpublished;
                    let replaced = self.take_out(target, &staged, &state, &listed, note).await?;
                    if replaced == Replaced::Done {
                        let was_listed = !listed.is_empty();
                        return self.finish(target, &staged, removed, was_listed, lost_races).await;
                    }
                }
            }
            let again = attempts.again().await;
            again.map_err(|gave_up| gave_up.at_index(repository))?;
        }
    }

    /// Finds out what exists of the version.
    async fn plan(
        &self,
        target: Target<'_>,
        staged: &ChartFile,
        state: &IndexState,
        listed: &[ListedVersion],
    ) -> Result<Plan, MaintainError> {
        let known = state.unpublished.get(staged.file_name());
        // An earlier run of the command may have been killed.
        let earlier = known.map(|known| known.archives.as_slice()).unwrap_or_default();
        Ok(match (listed.first(), known) {
            (Some(first), _) => {
                let reach = self.reach(target.repository, staged, state, listed, earlier).await?;
                Plan::Remove(Removed {
                    unpublished: self.remember(target, staged, first, &reach).await?,
                    reach,
                    was_lost: false,
                })
            }
            (None, Some(unpublished)) => Plan::Finish(Removed {
                reach: self.reach(target.repository, staged, state, &[], earlier).await?,
                unpublished: unpublished.clone(),
                was_lost: false,
            }),
            (None, None) => match self.lost_version(target, staged).await? {
                Some(unpublished) => Plan::Remove(Removed {
                    unpublished,
                    reach: Reach::default(),
                    was_lost: true,
                }),
                None => Plan::Nothing,
            },
        })
    }

    /// Removes the entries from the index and adds the note. An index that already is in this state
    /// counts as replaced.
    async fn take_out(
        &self,
        target: Target<'_>,
        staged: &ChartFile,
        state: &IndexState,
        listed: &[ListedVersion],
        unpublished: &Unpublished,
    ) -> Result<Replaced, MaintainError> {
        let places: Vec<EntryPosition> = listed.iter().map(|listed| listed.place).collect();
        let note = unpublished.annotation(staged.file_name());
        let removal = state
            .index
            .remove(&places, &[note], self.repositories.now())
            .map_err(RepositoryError::index(target.repository))?;
        let Some(text) = removal.text else {
            return Ok(Replaced::Done);
        };
        let replaced = self
            .repositories
            .replace_index(target.repository, &text, state.etag.as_ref());
        Ok(replaced.await?)
    }

    /// Completes what follows the index: the note in the receipt, and the deletions.
    async fn finish(
        &self,
        target: Target<'_>,
        staged: &ChartFile,
        removed: Removed,
        was_listed: bool,
        lost_races: u32,
    ) -> Result<UnpublishReport, MaintainError> {
        let Removed {
            unpublished,
            reach,
            was_lost,
        } = removed;
        self.note_in_receipt(staged, &unpublished).await?;
        let (mut deleted, mut stays) = (Vec::new(), reach.stays);
        for key in &reach.delete {
            let of_key = self.delete_archive(staged, key, &unpublished).await?;
            deleted.extend(of_key.keys);
            stays.extend(of_key.stays);
        }
        let nothing_left = !was_listed && deleted.is_empty() && stays.is_empty();
        let (outcome, message) = if was_lost {
            (UnpublishOutcome::Unpublished, target.was_lost())
        } else if nothing_left {
            (
                UnpublishOutcome::AlreadyUnpublished,
                target.was_unpublished(unpublished.at),
            )
        } else {
            (UnpublishOutcome::Unpublished, target.is_out(&deleted, &stays))
        };
        let mut warnings = stays;
        if self.store.head(staged.upload().key()).await?.is_some() {
            warnings.push(format!(
                "{staged} is waiting to be published, and publishes the version again if it has the same content. Delete it to \
                 prevent that"
            ));
        }
        if outcome == UnpublishOutcome::Unpublished
            && let Some(name) = self.name_in_mirror(target)
        {
            warnings.push(format!(
                "{name} is not deleted, if it exists. Delete the tag in the registry if the version must disappear there too"
            ));
        }
        Ok(UnpublishReport {
            unpublished: Some(unpublished),
            deleted,
            warnings,
            lost_races,
            ..target.report(outcome, message)
        })
    }

    /// The reference of the version in the mirror's registry.
    fn name_in_mirror(&self, target: Target<'_>) -> Option<String> {
        let mirror = self.settings.oci_mirror.as_ref()?;
        let name = mirror.reference(target.repository, target.chart, target.version);
        Some(format!("oci://{}", name.ok()?))
    }
}
