//! What a lost index must have held: the archives that are there, and what was taken back.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use tracing::warn;

use super::conclude::MAX_RECEIPT_BYTES;
use super::prepare::RETURNED_METADATA;
use super::{CONCURRENT_ARCHIVES, CONCURRENT_CONCLUSIONS, PublishError, Publisher};
use crate::archive::{self, Archive, ArchiveError, Limits};
use crate::chart;
use crate::digest::Digest;
use crate::index::Entry;
use crate::keys::{Repository, StagedKey};
use crate::printable::printable;
use crate::receipt::Receipt;
use crate::store::{ETag, Got, Listed, StoreError};
use crate::unpublished::Unpublished;

/// Archives that a lost index is rebuilt from at most in passing; more take longer than an upload can wait.
const MAX_RECOVERED: usize = 10_000;
/// Objects of one folder that are listed at most.
const MAX_LISTED: usize = 1_000_000;

/// What a lost index must have held.
type Recovered = (Vec<Entry>, BTreeMap<String, Unpublished>);

/// The entry for one archive that is there.
struct RecoveredEntry {
    key: String,
    /// Whether the archive is called what its chart and version say.
    has_its_name: bool,
    entry: Entry,
}

/// Of several archives of one version, the one that has its name is listed, else the first.
fn each_version_once(mut found: Vec<RecoveredEntry>) -> Vec<Entry> {
    found.sort_by_key(|found| !found.has_its_name);
    let mut listed = BTreeSet::new();
    let mut entries = Vec::new();
    for RecoveredEntry { key, entry, .. } in found {
        let metadata = &entry.metadata;
        if listed.insert((metadata.name.clone(), metadata.version.clone())) {
            entries.push(entry);
            continue;
        }
        let (shown, chart, version) = (printable(&key), printable(&metadata.name), printable(&metadata.version));
        warn!(
            key,
            "{shown} is left out of the rebuilt index: another archive is {chart} {version} too"
        );
    }
    entries
}

/// Why a published archive cannot be read.
#[derive(Debug, Clone)]
pub(crate) struct Unreadable {
    /// In words.
    pub(crate) problem: String,
    /// Whether Helm cannot load it either, as far as anybody can tell from here.
    pub(crate) by_helm: bool,
}

impl From<ArchiveError> for Unreadable {
    fn from(error: ArchiveError) -> Self {
        Unreadable {
            by_helm: error.stops_helm(),
            problem: error.to_string(),
        }
    }
}

/// A published archive as it lies there.
#[derive(Debug)]
pub(crate) struct Stored {
    /// What it holds, or why that cannot be read.
    pub(crate) archive: Result<Archive, Unreadable>,
    /// SHA-256 of its bytes, unless there are too many.
    pub(crate) digest: Option<Digest>,
    /// See [`RETURNED_METADATA`].
    pub(crate) returned_after: Option<String>,
    /// Which state this is.
    pub(crate) etag: ETag,
}

impl Publisher {
    /// Entries for the archives that are there without an index, and the versions that were taken back.
    pub(super) async fn recover(&self, repository: &Repository) -> Result<Recovered, PublishError> {
        let archives = self.archives(repository).await?;
        if archives.len() > MAX_RECOVERED {
            return Err(PublishError::TooManyToRecover {
                repository: repository.clone(),
                archives: archives.len(),
            });
        }
        let unpublished = self.unpublished_in_receipts(repository, &archives);
        let entries = stream::iter(&archives)
            .map(|(staged, object)| self.recover_entry(repository, staged, object))
            .buffered(CONCURRENT_ARCHIVES)
            .try_filter_map(async |entry| Ok(entry))
            .try_collect();
        // Boxed: the SDK's futures are deep.
        let (unpublished, entries) = tokio::join!(Box::pin(unpublished), Box::pin(entries));
        Ok((each_version_once(entries?), unpublished?))
    }

    /// The archives of a repository, without those of the repositories in folders below.
    pub(crate) async fn archives(&self, repository: &Repository) -> Result<Vec<(StagedKey, Listed)>, StoreError> {
        let prefix = repository.charts_prefix();
        let listed = self.store.list_folder(&prefix, MAX_LISTED).await?;
        let archives = listed.into_iter().filter_map(|object| {
            let file_name = object.key.strip_prefix(&prefix)?;
            Some((StagedKey::of_archive(repository, file_name)?, object))
        });
        Ok(archives.collect())
    }

    async fn recover_entry(
        &self,
        repository: &Repository,
        staged: &StagedKey,
        object: &Listed,
    ) -> Result<Option<RecoveredEntry>, PublishError> {
        match self.read_published(staged).await? {
            Some(Ok(archive)) => Ok(Some(RecoveredEntry {
                key: object.key.clone(),
                has_its_name: chart::check_file_name(staged.file_name(), &archive.metadata).is_ok(),
                entry: self.entry(repository, staged, &archive, object.modified),
            })),
            Some(Err(Unreadable { problem, .. })) => {
                let key = &object.key;
                let (shown, why) = (printable(key), printable(&problem));
                warn!(key, problem, "{shown} is left out of the rebuilt index: {why}");
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Reads an archive that is published already, under whatever name; `None` if it is gone.
    pub(crate) async fn read_published(
        &self,
        staged: &StagedKey,
    ) -> Result<Option<Result<Archive, Unreadable>>, StoreError> {
        let stored = self.stored(staged).await?;
        Ok(stored.map(|stored| stored.archive))
    }

    /// What is stored as the archive of this name.
    pub(crate) async fn stored(&self, staged: &StagedKey) -> Result<Option<Stored>, StoreError> {
        let limits = Limits {
            packed_bytes: u64::MAX,
            ..Limits::default()
        };
        match self.store.get(&staged.archive_key(), limits.unpacked_bytes).await? {
            Got::Missing => Ok(None),
            Got::Found(object) => Ok(Some(Stored {
                archive: archive::read_published(&object.bytes, &limits).map_err(Unreadable::from),
                digest: Some(Digest::of(&object.bytes)),
                returned_after: object.metadata.get(RETURNED_METADATA).cloned(),
                etag: object.etag,
            })),
            Got::TooLarge { size, etag, .. } => Ok(Some(Stored {
                archive: Err(Unreadable {
                    problem: format!("it has {size} bytes, more than are read"),
                    by_helm: false,
                }),
                digest: None,
                returned_after: None,
                etag,
            })),
        }
    }

    /// The versions that were taken back according to their receipts: only those that have no archive, since an archive
    /// says itself what its version may be.
    pub(crate) async fn unpublished_in_receipts(
        &self,
        repository: &Repository,
        archives: &[(StagedKey, Listed)],
    ) -> Result<BTreeMap<String, Unpublished>, StoreError> {
        let present: BTreeSet<&str> = archives.iter().map(|(staged, _)| staged.file_name()).collect();
        let prefix = repository.receipts_prefix();
        let receipts = self.store.list_folder(&prefix, MAX_LISTED).await?;
        let file_names = receipts.iter().filter_map(|receipt| {
            let file_name = receipt.key.strip_prefix(&prefix)?.strip_suffix(".json")?;
            (!present.contains(file_name)).then(|| (file_name.to_owned(), receipt.key.as_str()))
        });
        stream::iter(file_names.collect::<Vec<_>>())
            .map(|(file_name, key)| async move {
                match self.store.get(key, MAX_RECEIPT_BYTES).await? {
                    Got::Found(object) => Ok(Receipt::unpublished_in(&object.bytes).map(|found| (file_name, found))),
                    Got::Missing | Got::TooLarge { .. } => Ok(None),
                }
            })
            .buffered(CONCURRENT_CONCLUSIONS)
            .try_filter_map(async |found| Ok(found))
            .try_collect()
            .await
    }

    pub(crate) fn entry(
        &self,
        repository: &Repository,
        staged: &StagedKey,
        archive: &Archive,
        created: Timestamp,
    ) -> Entry {
        Entry {
            metadata: archive.metadata.clone(),
            digest: archive.digest,
            url: self.settings.archive_url(repository, staged),
            created,
        }
    }
}
