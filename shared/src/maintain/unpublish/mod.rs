//! Taking a version back: out of the index first, then the archive goes, so that nothing is listed that is not there.
//!
//! Killed at any point, it is finished by running it again:
//!
//! 1. The index loses the entry and gets a note of what it was ([`Unpublished`]), in one compare-and-swap. From here on
//!    nobody lists the version again unless its archive was stored with the knowledge of that note.
//! 2. The receipt gets the note too.
//! 3. The archive and its provenance file are deleted, each only in the state that was looked at, wherever the entry said that
//!    they lie ([`reach`] says what may be deleted). The removal's event makes the edge forget them.
//!
//! What is not listed is not touched: an archive that is there without an entry belongs to a publish that is under way.
//!
//! One gap is left, which no order closes: S3 may carry out a delete that was thought lost, seconds later, when the same
//! bytes were uploaded and published again. `verify` finds it, and uploading the chart once more repairs it.

mod delete;
mod note;
mod reach;
mod report;

use super::{MaintainError, Maintainer};
use crate::deadline::Deadline;
use crate::index::{EntryPosition, ListedVersion};
use crate::keys::{Repository, StagedKey};
use crate::repository::{Attempts, IndexState, RepositoryError};
use crate::store::Replaced;
use crate::unpublished::Unpublished;
use reach::Reach;
use report::Target;
pub use report::{UnpublishOutcome, UnpublishReport};

/// What is taken back.
struct Taken {
    unpublished: Unpublished,
    reach: Reach,
    /// Only a receipt told of it.
    was_lost: bool,
}

impl Maintainer {
    /// Takes a version back.
    ///
    /// # Errors
    ///
    /// [`MaintainError`] if it could not be finished; running it again does.
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
        let Some(staged) = StagedKey::of_archive(repository, &format!("{chart}-{version}.tgz")) else {
            let message = format!("{chart:?} {version:?} is no chart and version that an archive could be named after");
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
            let known = state.unpublished.get(staged.file_name());
            let taken = match (listed.first(), known) {
                (Some(first), _) => {
                    // An earlier removal of the version may have been cut short.
                    let earlier = known.map(|known| known.archives.as_slice()).unwrap_or_default();
                    let reach = self.reach(repository, &staged, &state, &listed, earlier).await?;
                    let unpublished = self.remember(target, &staged, first, &reach).await?;
                    let was_lost = false;
                    Taken {
                        unpublished,
                        reach,
                        was_lost,
                    }
                }
                (None, Some(unpublished)) => {
                    let unpublished = unpublished.clone();
                    let reach = self
                        .reach(repository, &staged, &state, &[], &unpublished.archives)
                        .await?;
                    let was_lost = false;
                    let taken = Taken {
                        unpublished,
                        reach,
                        was_lost,
                    };
                    return self.finish(target, &staged, taken, &[], lost_races).await;
                }
                (None, None) => match self.lost_version(target, &staged).await? {
                    Some(unpublished) => Taken {
                        unpublished,
                        reach: Reach::default(),
                        was_lost: true,
                    },
                    None => return self.not_listed(target, &staged, Some(&state)).await,
                },
            };
            if self
                .take_out(target, &staged, &state, &listed, &taken.unpublished)
                .await?
            {
                return self.finish(target, &staged, taken, &listed, lost_races).await;
            }
            let again = attempts.again().await;
            again.map_err(|gave_up| gave_up.at_index(repository))?;
        }
    }

    /// Takes the entries out of the index and leaves the note; answers whether nobody else was faster.
    async fn take_out(
        &self,
        target: Target<'_>,
        staged: &StagedKey,
        state: &IndexState,
        listed: &[ListedVersion],
        unpublished: &Unpublished,
    ) -> Result<bool, MaintainError> {
        let places: Vec<EntryPosition> = listed.iter().map(|listed| listed.place).collect();
        let note = unpublished.annotation(staged.file_name());
        let removal = state
            .index
            .remove(&places, &[note], self.repositories.now())
            .map_err(RepositoryError::index(target.repository))?;
        let Some(text) = removal.text else { return Ok(true) };
        let replaced = self
            .repositories
            .replace_index(target.repository, &text, state.etag.as_ref());
        Ok(replaced.await? == Replaced::Done)
    }

    /// Everything behind the index.
    async fn finish(
        &self,
        target: Target<'_>,
        staged: &StagedKey,
        taken: Taken,
        listed: &[ListedVersion],
        lost_races: u32,
    ) -> Result<UnpublishReport, MaintainError> {
        let Taken {
            unpublished,
            reach,
            was_lost,
        } = taken;
        self.note_in_receipt(staged, &unpublished).await?;
        let (mut deleted, mut stays) = (Vec::new(), reach.stays);
        for key in &reach.delete {
            let of_key = self.delete_archive(staged, key, &unpublished).await?;
            deleted.extend(of_key.keys);
            stays.extend(of_key.stays);
        }
        let Target { chart, version, .. } = target;
        let (outcome, message) = if was_lost {
            let message = format!(
                "{chart} {version} is noted as unpublished; neither the index nor the bucket had it any more. The same content may \
                 be uploaded again; other content under this version is rejected for ever"
            );
            (UnpublishOutcome::Unpublished, message)
        } else if listed.is_empty() && deleted.is_empty() && stays.is_empty() {
            let message = format!("{chart} {version} was unpublished at {} already", unpublished.at);
            (UnpublishOutcome::AlreadyUnpublished, message)
        } else {
            let archive = match (stays.is_empty(), deleted.is_empty()) {
                (true, false) => "and its archive is deleted".to_owned(),
                (true, true) => "and there was no archive of it to delete".to_owned(),
                (false, _) => format!("but not everything is deleted: {}", stays.join("; ")),
            };
            let message = format!(
                "{chart} {version} is out of the index, {archive}. The same content may be uploaded again; other content under \
                 this version is rejected for ever"
            );
            (UnpublishOutcome::Unpublished, message)
        };
        let mut warnings = stays;
        if self.store.head(staged.key()).await?.is_some() {
            warnings.push(format!(
                "{staged} waits to be published, which brings the version back if it is the same content: remove it if it \
                 shall stay away"
            ));
        }
        if outcome == UnpublishOutcome::Unpublished
            && let Some(name) = self.name_in_mirror(target)
        {
            warnings.push(format!(
                "{name} is not deleted if it is there: a registry keeps its tags, so delete it there if nobody shall have it"
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

    /// What it is called in the registry that mirrors the repository.
    fn name_in_mirror(&self, target: Target<'_>) -> Option<String> {
        let mirror = self.settings.oci_mirror.as_ref()?;
        let name = mirror.reference(target.repository, target.chart, target.version);
        Some(format!("oci://{}", name.ok()?))
    }
}
