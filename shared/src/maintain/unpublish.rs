//! Taking a version back: out of the index first, then the archive goes, so that nothing is listed that is not there.
//!
//! Killed at any point, it is finished by running it again:
//!
//! 1. The index loses the entry and gets a note of what it was ([`Unpublished`]), in one compare-and-swap. From here on
//!    nobody lists the version again unless its archive was stored with the knowledge of that note.
//! 2. The receipt gets the note too.
//! 3. The archive and its provenance file are deleted, each only in the state that was looked at, wherever the entry said that
//!    they lie ([`reach`](super::reach) says what may be deleted). The removal's event makes the edge forget them.
//!
//! What is not listed is not touched: an archive that is there without an entry belongs to a publish that is under way.
//!
//! One gap is left, which no order closes: S3 may carry out a delete that was thought lost, seconds later, when the same
//! bytes were uploaded and published again. `verify` finds it, and uploading the chart once more mends it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::compare::is_named;
use super::reach::Reach;
use super::{MaintainError, Maintainer};
use crate::deadline::Deadline;
use crate::index::{EntryPosition, ListedVersion};
use crate::keys::{PROVENANCE_SUFFIX, Repository, StagedKey};
use crate::receipt::Receipt;
use crate::repository::{
    Attempts, EditedReceipt, IndexState, PublishedArchive, ReceiptEdit, Remembered, RepositoryError, StoredReceipt,
    command,
};
use crate::store::Replaced;
use crate::unpublished::Unpublished;

/// How often an archive is deleted that is written again meanwhile.
const MAX_DELETIONS: usize = 5;
/// Versions that a message names where the one that was asked for is not listed.
const MAX_NAMED_VERSIONS: usize = 10;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takeback {
    /// It is out of the index, and its archive is deleted.
    Unpublished,
    /// An earlier run had done all of it.
    AlreadyUnpublished,
    /// The index does not list it.
    NotFound,
}

/// What an unpublish came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnpublishReport {
    /// The repository, empty for the root one.
    pub repository: String,
    /// The chart.
    pub chart: String,
    /// The version.
    pub version: String,
    /// What became of it.
    pub outcome: Takeback,
    /// The same in words.
    pub message: String,
    /// What is remembered of it.
    pub unpublished: Option<Unpublished>,
    /// The objects that were deleted.
    pub deleted: Vec<String>,
    /// What else the caller should know.
    pub warnings: Vec<String>,
    /// Compare-and-swaps that lost their race.
    pub lost_races: u32,
}

/// What became of the archive under one key.
#[derive(Default)]
struct Deleted {
    /// The keys that were deleted.
    keys: Vec<String>,
    /// Why something of it is there still.
    stays: Option<String>,
}

/// What is taken back.
struct Taken {
    unpublished: Unpublished,
    reach: Reach,
    /// Only a receipt told of it.
    was_lost: bool,
}

/// The version that is taken back.
#[derive(Clone, Copy)]
struct Target<'a> {
    repository: &'a Repository,
    chart: &'a str,
    version: &'a str,
}

impl Target<'_> {
    fn report(&self, outcome: Takeback, message: String) -> UnpublishReport {
        UnpublishReport {
            repository: self.repository.name().to_owned(),
            chart: self.chart.to_owned(),
            version: self.version.to_owned(),
            outcome,
            message,
            unpublished: None,
            deleted: Vec::new(),
            warnings: Vec::new(),
            lost_races: 0,
        }
    }
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
            return Ok(target.report(Takeback::NotFound, message));
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

    /// What has to be remembered: what the archive is, or what the index and the receipt say of one that is gone.
    async fn remember(
        &self,
        target: Target<'_>,
        staged: &StagedKey,
        listed: &ListedVersion,
        reach: &Reach,
    ) -> Result<Unpublished, MaintainError> {
        let at = self.repositories.now();
        let own_key = staged.archive_key();
        let archives: Vec<String> = reach.delete.iter().filter(|key| **key != own_key).cloned().collect();
        for key in std::iter::once(&own_key).chain(&archives) {
            if let PublishedArchive::Known(known) = self.repositories.read_archive(key).await?
                && let archive = &known.archive
                && archive.metadata.name == target.chart
                && archive.metadata.version == target.version
            {
                return Ok(Unpublished {
                    digest: Some(archive.digest),
                    content_digest: Some(archive.content_digest),
                    archives,
                    at,
                });
            }
        }
        let digest = listed.comparable();
        let stored = self.repositories.read_receipt(&staged.receipt_key()).await?;
        let receipt = stored
            .bytes()
            .and_then(|bytes| serde_json::from_slice::<Receipt>(bytes).ok());
        // A receipt of a refused upload speaks of other content.
        let receipt = receipt.filter(|receipt| digest.is_some() && receipt.digest == digest);
        Ok(Unpublished {
            digest,
            content_digest: receipt.and_then(|receipt| receipt.content_digest),
            archives,
            at,
        })
    }

    /// A version that only its receipt tells of: neither the index nor the bucket has it any more. It is noted as unpublished,
    /// so that nobody looks for it again.
    async fn lost_version(&self, target: Target<'_>, staged: &StagedKey) -> Result<Option<Unpublished>, MaintainError> {
        if self.store.head(&staged.archive_key()).await?.is_some() {
            return Ok(None);
        }
        let remembered = self.repositories.remembered(staged).await?;
        let is_its = |lost: &Remembered| lost.chart == target.chart && lost.version == target.version;
        Ok(remembered.filter(is_its).map(|lost| Unpublished {
            digest: lost.digest,
            content_digest: lost.content_digest,
            archives: Vec::new(),
            at: self.repositories.now(),
        }))
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
            (Takeback::Unpublished, message)
        } else if listed.is_empty() && deleted.is_empty() && stays.is_empty() {
            let message = format!("{chart} {version} was unpublished at {} already", unpublished.at);
            (Takeback::AlreadyUnpublished, message)
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
            (Takeback::Unpublished, message)
        };
        let mut warnings = stays;
        if self.store.head(staged.key()).await?.is_some() {
            warnings.push(format!(
                "{staged} waits to be published, which brings the version back if it is the same content: remove it if it \
                 shall stay away"
            ));
        }
        if outcome == Takeback::Unpublished
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

    /// Leaves the note in the receipt, whatever else it says; where there is none, the note is all that it says.
    async fn note_in_receipt(&self, staged: &StagedKey, unpublished: &Unpublished) -> Result<(), MaintainError> {
        let edit = |stored: &StoredReceipt| {
            let receipt = stored.bytes().map(|bytes| bytes.as_ref()).unwrap_or_default();
            if Receipt::unpublished_in(receipt).as_ref() == Some(unpublished) {
                return ReceiptEdit::Keep(());
            }
            ReceiptEdit::Write(with_note(receipt, unpublished))
        };
        match self.repositories.edit_receipt(staged, edit).await? {
            EditedReceipt::Written | EditedReceipt::Kept(()) => Ok(()),
            EditedReceipt::Contention => {
                let key = staged.receipt_key();
                Err(RepositoryError::ReceiptContention { key }.into())
            }
        }
    }

    /// Deletes what was taken back under one key, and nothing that came since.
    async fn delete_archive(
        &self,
        staged: &StagedKey,
        key: &str,
        unpublished: &Unpublished,
    ) -> Result<Deleted, MaintainError> {
        let mut deleted = Deleted::default();
        for _ in 0..MAX_DELETIONS {
            let stored = self.repositories.read_archive(key).await?;
            let Some(etag) = stored.etag() else {
                let provenance = format!("{key}{PROVENANCE_SUFFIX}");
                if let Some((etag, _)) = self.store.head(&provenance).await? {
                    self.store.delete(&provenance, &etag).await?;
                    deleted.keys.push(provenance);
                }
                return Ok(deleted);
            };
            // Brought back by an upload of the same content, or another chart's, whose archive has the same name.
            let returned_after = stored.marks().and_then(|marks| marks.returned_after.as_ref());
            let came_back = returned_after == Some(&unpublished.id());
            if came_back || !is_named(&stored, staged.file_name()) {
                return Ok(deleted);
            }
            // In the state that was looked at only: what came since is looked at in the next turn.
            self.store.delete(key, etag).await?;
            if deleted.keys.is_empty() {
                deleted.keys.push(key.to_owned());
            }
        }
        deleted.stays = Some(format!(
            "{key} was written again and again while it was deleted; run this again"
        ));
        Ok(deleted)
    }

    /// A clear answer for what is not there.
    async fn not_listed(
        &self,
        target: Target<'_>,
        staged: &StagedKey,
        state: Option<&IndexState>,
    ) -> Result<UnpublishReport, MaintainError> {
        let Target {
            repository,
            chart,
            version,
        } = target;
        let message = if self.store.head(&staged.archive_key()).await?.is_some() {
            format!(
                "the index of {repository} doesn't list {chart} {version}, but {} is there: it is being published, or its \
                 index was damaged. Run {} first, then unpublish it",
                staged.archive_key(),
                command::reindex(repository)
            )
        } else {
            let versions: Vec<String> = state
                .iter()
                .flat_map(|state| state.index.listed_versions())
                .filter(|listed| listed.chart == chart)
                .map(|listed| listed.version)
                .take(MAX_NAMED_VERSIONS)
                .collect();
            match (state, versions.is_empty()) {
                (None, _) => format!("{repository} has no index, and no archive of {chart} {version}"),
                (Some(_), true) => format!("the index of {repository} lists no chart {chart}"),
                (Some(_), false) => {
                    let versions = versions.join(", ");
                    format!("the index of {repository} doesn't list {chart} {version}; it lists {versions}")
                }
            }
        };
        Ok(target.report(Takeback::NotFound, message))
    }
}

fn with_note(receipt: &[u8], unpublished: &Unpublished) -> Vec<u8> {
    if let Ok(mut receipt) = serde_json::from_slice::<Receipt>(receipt) {
        receipt.unpublished = Some(unpublished.clone());
        return receipt.bounded().to_bytes();
    }
    let mut fields: Map<String, Value> = serde_json::from_slice(receipt).unwrap_or_default();
    let note = serde_json::to_value(unpublished).unwrap_or_default();
    fields.insert("unpublished".to_owned(), note);
    let mut bytes = serde_json::to_vec_pretty(&fields).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
