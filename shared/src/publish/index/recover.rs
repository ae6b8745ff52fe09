//! The contents of a lost index, derived from the stored archives and the receipts.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tracing::warn;

use crate::archive::Archive;
use crate::chart;
use crate::index::Entry;
use crate::keys::{ChartFile, Repository};
use crate::printable::printable;
use crate::publish::{CONCURRENT_ARCHIVES, PublishError, Publisher};
use crate::rebuilt::Rebuilt;
use crate::repository::{MAX_LISTED, PublishedArchive, Remembered, UNSIGNED, changed_since, created, entry};
use crate::store::{Listed, StoreError};
use crate::unpublished::Unpublished;

/// The most archives that an upload rebuilds an index from. More would take longer than an upload
/// can wait.
const MAX_RECOVERED: usize = 10_000;

/// The contents of a lost index, as far as they can be found.
#[derive(Debug)]
pub(in crate::publish) struct Recovered {
    pub(in crate::publish) entries: Vec<Entry>,
    /// The versions that were unpublished, by archive name.
    pub(in crate::publish) unpublished: BTreeMap<String, Unpublished>,
    /// Whether there was an index at all. Without any trace of one, this is the first.
    pub(in crate::publish) rebuilt: Option<Rebuilt>,
    /// Versions that were listed according to their receipts but have no archive that can be
    /// listed.
    pub(in crate::publish) lost: Vec<Remembered>,
}

/// The entry for one stored archive.
struct RecoveredEntry {
    key: String,
    /// Whether the archive has the name that follows from its chart and version.
    has_its_name: bool,
    entry: Entry,
}

/// Of several archives of one version, the one with the right name is listed, or else the first.
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

/// An archive that no index lists, with what its receipt remembers.
struct Found {
    entry: Option<RecoveredEntry>,
    remembered: Option<Remembered>,
}

impl Publisher {
    /// The entries for the stored archives of a repository without an index, and the versions that
    /// were unpublished.
    pub(in crate::publish) async fn recover(&self, repository: &Repository) -> Result<Recovered, PublishError> {
        let archives = self.repositories.archives(repository).await?;
        if archives.len() > MAX_RECOVERED {
            return Err(PublishError::TooManyToRecover {
                repository: repository.clone(),
                archives: archives.len(),
            });
        }
        let present: BTreeSet<&str> = archives.iter().map(|(staged, _)| staged.file_name()).collect();
        // Receipts are read only for names without an archive; an archive has its version itself.
        let memory = self
            .repositories
            .memory(repository, |file_name| !present.contains(file_name));
        let found = stream::iter(&archives)
            .map(|(staged, object)| self.recover_entry(staged, object))
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
            // Two first uploads at the same time: the archive of the faster one has no receipt yet,
            // and its upload is still in staging.
            let was_listed = found.remembered.is_some() || !waiting.contains(staged.upload().key());
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

    async fn recover_entry(&self, staged: &ChartFile, object: &Listed) -> Result<Found, PublishError> {
        let archive_key = staged.archive_key();
        let read = self.repositories.read_archive(&archive_key);
        let (read, remembered) = tokio::join!(read, self.repositories.remembered(staged));
        let (read, remembered) = (read?, remembered?);
        let problem = match &read {
            PublishedArchive::Known(known) => {
                let (archive, listed) = (&known.archive, remembered.as_ref());
                match self.why_left_out(staged, archive, listed).await? {
                    None => {
                        let entry = self.recovered_entry(staged, object, archive, listed);
                        return Ok(Found {
                            entry: Some(entry),
                            remembered,
                        });
                    }
                    problem => problem,
                }
            }
            unread => unread.problem(),
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

    /// Why a readable archive is not listed.
    async fn why_left_out(
        &self,
        staged: &ChartFile,
        archive: &Archive,
        remembered: Option<&Remembered>,
    ) -> Result<Option<String>, StoreError> {
        Ok(match remembered {
            Some(listed) if listed.digest.is_some_and(|digest| digest != archive.digest) => {
                Some(changed_since(listed, archive.digest))
            }
            None if self.repositories.must_be_signed(staged).await? => Some(UNSIGNED.to_owned()),
            _ => None,
        })
    }

    fn recovered_entry(
        &self,
        staged: &ChartFile,
        object: &Listed,
        archive: &Archive,
        remembered: Option<&Remembered>,
    ) -> RecoveredEntry {
        let created = created(object, remembered);
        let url = self.settings.archive_url(staged);
        RecoveredEntry {
            key: object.key.clone(),
            has_its_name: chart::check_file_name(staged.file_name(), &archive.metadata).is_ok(),
            entry: entry(archive, url, created.into()),
        }
    }
}
