//! Taking a version back: out of the index first, then the archive goes, so that nothing is listed that is not there.
//!
//! Killed at any point, it is finished by running it again:
//!
//! 1. The index loses the entry and gets a note of what it was ([`Unpublished`]), in one compare-and-swap. From here on
//!    nobody lists the version again unless its archive was stored with the knowledge of that note.
//! 2. The receipt gets the note too.
//! 3. The archive and its provenance file are deleted, each only in the state that was looked at. The removal's event makes
//!    the edge forget them.
//!
//! What is not listed is not touched: an archive that is there without an entry belongs to a publish that is under way.
//!
//! One gap is left, which no order closes: S3 may carry out a delete that was thought lost, seconds later, when the same
//! bytes were uploaded and published again. `verify` finds it, and uploading the chart once more mends it.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::index::{ListedVersion, Place};
use crate::keys::{Headers, Repository, StagedKey};
use crate::publish::{Deadline, IndexState, MAX_RECEIPT_BYTES, PublishError, Publisher, command};
use crate::receipt::Receipt;
use crate::store::{Got, Replaced, jittered};
use crate::unpublished::Unpublished;

/// Compare-and-swaps that may lose their race.
const ATTEMPTS: u32 = 25;
/// Versions that are named where the one that was asked for is not listed.
const NAMED: usize = 10;

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

impl Publisher {
    /// Takes a version back.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if it could not be finished; running it again does.
    pub async fn unpublish(
        &self,
        repository: &Repository,
        chart: &str,
        version: &str,
        deadline: Deadline,
    ) -> Result<UnpublishReport, PublishError> {
        let target = Target {
            repository,
            chart,
            version,
        };
        let Some(staged) = StagedKey::of_archive(repository, &format!("{chart}-{version}.tgz")) else {
            let message = format!("{chart:?} {version:?} is no chart and version that an archive could be named after");
            return Ok(target.report(Takeback::NotFound, message));
        };
        for lost_races in 0..ATTEMPTS {
            let Some(state) = self.read_existing_index(repository).await? else {
                return self.not_listed(target, &staged, None).await;
            };
            let listed: Vec<ListedVersion> = state
                .index
                .listed_versions()
                .filter(|listed| listed.chart == chart && listed.version == version)
                .collect();
            let Some(first) = listed.first() else {
                return match state.unpublished.get(staged.file_name()) {
                    Some(unpublished) => self.finish(target, &staged, unpublished.clone(), &[], lost_races).await,
                    None => self.not_listed(target, &staged, Some(&state)).await,
                };
            };
            let unpublished = self.remember(target, &staged, first).await?;
            if self.take_out(target, &staged, &state, &listed, &unpublished).await? {
                return self.finish(target, &staged, unpublished, &listed, lost_races).await;
            }
            if !deadline.has_time() {
                return Err(PublishError::NoTime);
            }
            tokio::time::sleep(jittered(lost_races + 1)).await;
        }
        Err(PublishError::Contention {
            repository: repository.clone(),
            attempts: ATTEMPTS,
        })
    }

    /// What has to be remembered: what the archive is, or what the index and the receipt say of one that is gone.
    async fn remember(
        &self,
        target: Target<'_>,
        staged: &StagedKey,
        listed: &ListedVersion,
    ) -> Result<Unpublished, PublishError> {
        let at = (self.clock)();
        let stored = self.stored(staged).await?;
        if let Some(stored) = &stored
            && let Ok(archive) = &stored.archive
            && archive.metadata.name == target.chart
            && archive.metadata.version == target.version
        {
            return Ok(Unpublished {
                digest: Some(archive.digest),
                content_digest: Some(archive.content_digest),
                at,
            });
        }
        let digest = listed.digest.as_ref().and_then(|digest| digest.parse().ok());
        let receipt = match self.store.get(&staged.receipt_key(), MAX_RECEIPT_BYTES).await? {
            Got::Found(object) => serde_json::from_slice::<Receipt>(&object.bytes).ok(),
            Got::Missing | Got::TooLarge { .. } => None,
        };
        // A receipt of a refused upload speaks of other content.
        let receipt = receipt.filter(|receipt| digest.is_some() && receipt.digest == digest);
        Ok(Unpublished {
            digest,
            content_digest: receipt.and_then(|receipt| receipt.content_digest),
            at,
        })
    }

    /// Takes the entries out of the index and leaves the note; answers whether nobody else was faster.
    async fn take_out(
        &self,
        target: Target<'_>,
        staged: &StagedKey,
        state: &IndexState,
        listed: &[ListedVersion],
        unpublished: &Unpublished,
    ) -> Result<bool, PublishError> {
        let places: Vec<Place> = listed.iter().map(|listed| listed.place).collect();
        let note = unpublished.annotation(staged.file_name());
        let removal = state
            .index
            .remove(&places, &[note], (self.clock)())
            .map_err(PublishError::index(target.repository))?;
        let Some(text) = removal.text else { return Ok(true) };
        let headers = Headers::index(self.settings.index_max_age);
        let replaced = self
            .store
            .replace(
                &target.repository.index_key(),
                text.pieces().to_vec(),
                &headers,
                state.etag.as_ref(),
            )
            .await?;
        Ok(replaced == Replaced::Done)
    }

    /// Everything behind the index.
    async fn finish(
        &self,
        target: Target<'_>,
        staged: &StagedKey,
        unpublished: Unpublished,
        listed: &[ListedVersion],
        lost_races: u32,
    ) -> Result<UnpublishReport, PublishError> {
        self.note_in_receipt(staged, &unpublished).await?;
        let deleted = self.delete_archive(target, staged, &unpublished).await?;
        let Target { chart, version, .. } = target;
        let (outcome, message) = if listed.is_empty() && deleted.is_empty() {
            let message = format!("{chart} {version} was unpublished at {} already", unpublished.at);
            (Takeback::AlreadyUnpublished, message)
        } else {
            let message = format!(
                "{chart} {version} is out of the index, and its archive is deleted. The same content may be uploaded \
                 again; other content under this version is refused for ever"
            );
            (Takeback::Unpublished, message)
        };
        let mut warnings = Vec::new();
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
        for listed in listed {
            if let Some(url) = &listed.url
                && self.settings.archive_at(target.repository, url).as_ref() != Some(staged)
            {
                warnings.push(format!("its entry pointed to {url}: what lies there is not deleted"));
            }
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
    async fn note_in_receipt(&self, staged: &StagedKey, unpublished: &Unpublished) -> Result<(), PublishError> {
        let key = staged.receipt_key();
        for _ in 0..ATTEMPTS {
            let (receipt, etag) = match self.store.get(&key, MAX_RECEIPT_BYTES).await? {
                Got::Missing => (None, None),
                Got::TooLarge { etag, .. } => (None, Some(etag)),
                Got::Found(object) => (Some(object.bytes), Some(object.etag)),
            };
            let receipt = receipt.unwrap_or_default();
            if Receipt::unpublished_in(&receipt).as_ref() == Some(unpublished) {
                return Ok(());
            }
            let bytes = vec![Bytes::from(with_note(&receipt, unpublished))];
            match self
                .store
                .replace(&key, bytes, &Headers::receipt(), etag.as_ref())
                .await?
            {
                Replaced::Done => return Ok(()),
                Replaced::LostRace => {}
            }
        }
        Err(PublishError::ReceiptContention { key })
    }

    /// Deletes what was taken back, and nothing that came since; answers with the keys.
    async fn delete_archive(
        &self,
        target: Target<'_>,
        staged: &StagedKey,
        unpublished: &Unpublished,
    ) -> Result<Vec<String>, PublishError> {
        let mut deleted = Vec::new();
        let key = staged.archive_key();
        if let Some(stored) = self.stored(staged).await? {
            // Brought back by an upload of the same content, or another chart's, whose archive has the same name.
            let came_back = stored.returned_after == Some(unpublished.id());
            let is_anothers = stored.archive.as_ref().is_ok_and(|archive| {
                archive.metadata.name != target.chart || archive.metadata.version != target.version
            });
            if came_back || is_anothers {
                return Ok(deleted);
            }
            self.store.delete(&key, &stored.etag).await?;
            deleted.push(key);
        }
        let provenance = staged.provenance_key();
        if let Some((etag, _)) = self.store.head(&provenance).await? {
            self.store.delete(&provenance, &etag).await?;
            deleted.push(provenance);
        }
        Ok(deleted)
    }

    /// A clear answer for what is not there.
    async fn not_listed(
        &self,
        target: Target<'_>,
        staged: &StagedKey,
        state: Option<&IndexState>,
    ) -> Result<UnpublishReport, PublishError> {
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
                .take(NAMED)
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
