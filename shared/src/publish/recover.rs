//! What a lost index must have held: the archives that are there, and what was taken back.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use tracing::warn;

use super::memory::Remembered;
use super::metadata::{REPAIRED_METADATA, RETURNED_METADATA, UPLOAD_METADATA};
use super::{CONCURRENT_ARCHIVES, PublishError, Publisher};
use crate::archive::{self, Archive, ArchiveError, Limits};
use crate::chart;
use crate::digest::Digest;
use crate::index::{Created, Entry};
use crate::keys::{Repository, StagedKey};
use crate::printable::printable;
use crate::rebuilt::Rebuilt;
use crate::store::{ETag, Got, Listed, StoreError};
use crate::unpublished::Unpublished;

/// Archives that a lost index is rebuilt from at most in passing; more take longer than an upload can wait.
const MAX_RECOVERED: usize = 10_000;
/// Objects of one folder that are listed at most.
pub(super) const MAX_LISTED: usize = 1_000_000;

/// What a lost index must have held, as far as it can be found.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) entries: Vec<Entry>,
    /// The versions that were taken back, by archive name.
    pub(super) unpublished: BTreeMap<String, Unpublished>,
    /// That there was an index. Where nothing tells of one, this is the first.
    pub(super) rebuilt: Option<Rebuilt>,
    /// Versions that receipts say were listed, and that have no archive that could be listed.
    pub(super) lost: Vec<Remembered>,
}

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
    /// The upload that it came from.
    pub(crate) upload: Option<String>,
    /// See [`RETURNED_METADATA`].
    pub(crate) returned_after: Option<String>,
    /// See [`REPAIRED_METADATA`].
    pub(crate) repaired: Option<String>,
    /// Which state this is.
    pub(crate) etag: ETag,
}

/// An archive that no index lists, and what its receipt remembers of it.
struct Found {
    entry: Option<RecoveredEntry>,
    remembered: Option<Remembered>,
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
        let present: BTreeSet<&str> = archives.iter().map(|(staged, _)| staged.file_name()).collect();
        // Only of those that have no archive, since an archive says itself what its version may be.
        let memory = self.memory(repository, |file_name| !present.contains(file_name));
        let found = stream::iter(&archives)
            .map(|(staged, object)| self.recover_entry(repository, staged, object))
            .buffered(CONCURRENT_ARCHIVES)
            .try_collect::<Vec<Found>>();
        // Boxed: the SDK's futures are deep.
        let (memory, found) = tokio::join!(Box::pin(memory), Box::pin(found));
        let (memory, found) = (memory?, found?);
        let waiting = match found.iter().all(|found| found.remembered.is_some()) {
            true => BTreeSet::new(),
            false => self.uploads_waiting(repository).await?,
        };
        let mut lost: Vec<Remembered> = memory.listed.into_values().collect();
        let (mut entries, mut listed_once) = (Vec::new(), 0);
        for (found, (staged, _)) in found.into_iter().zip(&archives) {
            // Two first uploads at once: the archive of the one that is faster has no receipt yet, and its upload waits.
            let was_listed = found.remembered.is_some() || !waiting.contains(staged.key());
            match found.entry {
                Some(entry) => {
                    listed_once += usize::from(was_listed);
                    entries.push(entry);
                }
                None => lost.extend(found.remembered),
            }
        }
        let rebuilt = (listed_once > 0 || !lost.is_empty()).then(|| Rebuilt {
            at: (self.clock)(),
            archives: listed_once,
            seen: false,
        });
        Ok(Recovered {
            entries: each_version_once(entries),
            unpublished: memory.unpublished,
            rebuilt,
            lost,
        })
    }

    /// The keys of the uploads that wait for a repository.
    async fn uploads_waiting(&self, repository: &Repository) -> Result<BTreeSet<String>, StoreError> {
        let waiting = self.store.list_folder(&repository.staging_prefix(), MAX_LISTED).await?;
        Ok(waiting.into_iter().map(|upload| upload.key).collect())
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
    ) -> Result<Found, PublishError> {
        let (read, remembered) = tokio::join!(self.read_published(staged), self.remembered(staged));
        let (read, remembered) = (read?, remembered?);
        let problem = match read {
            None => None,
            Some(Err(Unreadable { problem, .. })) => Some(problem),
            Some(Ok(archive)) => match &remembered {
                Some(listed) if listed.digest.is_some_and(|digest| digest != archive.digest) => {
                    Some(changed_since(listed, archive.digest))
                }
                None if self.must_be_signed(staged).await? => Some(UNSIGNED.to_owned()),
                _ => {
                    let created = created(object, remembered.as_ref());
                    let url = self.settings.archive_url(repository, staged);
                    let entry = RecoveredEntry {
                        key: object.key.clone(),
                        has_its_name: chart::check_file_name(staged.file_name(), &archive.metadata).is_ok(),
                        entry: entry(&archive, url, created.into()),
                    };
                    return Ok(Found {
                        entry: Some(entry),
                        remembered,
                    });
                }
            },
        };
        if let Some(problem) = problem {
            let key = &object.key;
            let (shown, why) = (printable(key), printable(&problem));
            warn!(key, problem, "{shown} is left out of the rebuilt index: {why}");
        }
        Ok(Found {
            entry: None,
            remembered,
        })
    }

    /// Reads an archive that is published already, under whatever name; `None` if it is gone.
    pub(crate) async fn read_published(
        &self,
        staged: &StagedKey,
    ) -> Result<Option<Result<Archive, Unreadable>>, StoreError> {
        let stored = self.stored(&staged.archive_key()).await?;
        Ok(stored.map(|stored| stored.archive))
    }

    /// What is stored as the archive of this key.
    pub(crate) async fn stored(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        let limits = Limits::of_published();
        match self.store.get(key, limits.unpacked_bytes).await? {
            Got::Missing => Ok(None),
            Got::Found(object) => Ok(Some(Stored {
                archive: archive::read_published(&object.bytes, &limits).map_err(Unreadable::from),
                digest: Some(Digest::of(&object.bytes)),
                upload: object.metadata.get(UPLOAD_METADATA).cloned(),
                returned_after: object.metadata.get(RETURNED_METADATA).cloned(),
                repaired: object.metadata.get(REPAIRED_METADATA).cloned(),
                etag: object.etag,
            })),
            Got::TooLarge { size, etag, .. } => Ok(Some(Stored {
                archive: Err(Unreadable {
                    problem: format!("it has {size} bytes, more than are read"),
                    by_helm: false,
                }),
                digest: None,
                upload: None,
                returned_after: None,
                repaired: None,
                etag,
            })),
        }
    }
}

/// When a version was published that no index lists: when its archive was stored, or, if that was written again since, when
/// its receipt says.
pub(crate) fn created(object: &Listed, remembered: Option<&Remembered>) -> Timestamp {
    remembered.map_or(object.modified, |remembered| remembered.at.min(object.modified))
}

/// Why an archive is not listed again: no index may promise what somebody has put in the place of what was published.
pub(crate) fn changed_since(listed: &Remembered, found: Digest) -> String {
    let Remembered { chart, version, at, .. } = listed;
    let digest = listed.digest.map(|digest| digest.to_string()).unwrap_or_default();
    format!(
        "it was damaged or tampered with: the receipt of {chart} {version} says that the archive published by {at} has the \
         digest {digest}, and this one has {found}"
    )
}

/// Why an archive is not listed where each has to be signed.
pub(crate) const UNSIGNED: &str = "PROVENANCE is require, and it has no provenance file and no receipt that says that it was published: a \
     publish that was cut short may have left it";

/// The entry of an archive.
pub(crate) fn entry(archive: &Archive, url: String, created: Created) -> Entry {
    Entry {
        metadata: archive.metadata.clone(),
        digest: archive.digest,
        url,
        created,
    }
}
