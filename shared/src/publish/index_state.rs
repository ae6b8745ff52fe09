//! The index as it is now; where it is missing, what it must have held.

use std::sync::Arc;

use tokio::sync::OnceCell;
use tracing::warn;

use super::{PublishError, Publisher};
use crate::archive::{self, Archive, Limits};
use crate::chart;
use crate::index::{Entry, Index, IndexError};
use crate::keys::{Repository, STAGING, StagedKey};
use crate::store::{ETag, Got};

/// An index larger than this is not read: Helm clients could not load it either.
const MAX_INDEX_BYTES: u64 = 512 * 1024 * 1024;
/// Archives that a lost index is rebuilt from at most in one run.
const MAX_RECOVERED: usize = 10_000;

/// What an edit starts from.
#[derive(Debug)]
pub(super) struct IndexState {
    /// The index that was read, or one that does not exist yet.
    pub(super) index: Index,
    /// Which state of it; `None` if there is none.
    pub(super) etag: Option<ETag>,
    /// Entries for archives that are published although no index lists them: it was lost, or the run that stored the
    /// first one was killed.
    pub(super) recovered: Vec<Entry>,
}

/// The state that the uploads of one batch share, or why it could not be read: one failed read is enough.
pub(super) type StateCell = OnceCell<Result<IndexState, Arc<PublishError>>>;

impl Publisher {
    /// The state in `cell`, read when first asked for.
    pub(super) async fn index_state<'a>(
        &self,
        repository: &Repository,
        cell: &'a StateCell,
    ) -> Result<&'a IndexState, PublishError> {
        let read = async || self.read_index(repository).await.map_err(Arc::new);
        cell.get_or_init(read)
            .await
            .as_ref()
            .map_err(|error| PublishError::Shared(Arc::clone(error)))
    }

    pub(super) async fn read_index(&self, repository: &Repository) -> Result<IndexState, PublishError> {
        let key = repository.index_key();
        match self.store.get(&key, MAX_INDEX_BYTES).await? {
            Got::Found(object) => {
                let index = Index::read(object.bytes).map_err(|source| PublishError::Index { key, source })?;
                Ok(IndexState {
                    index,
                    etag: Some(object.etag),
                    recovered: Vec::new(),
                })
            }
            Got::Missing => Ok(IndexState {
                index: Index::new(self.settings.index_format),
                etag: None,
                recovered: self.recover(repository).await?,
            }),
            Got::TooLarge { size, .. } => Err(PublishError::Index {
                key,
                source: IndexError::NotAnIndex {
                    detail: format!("it is {size} bytes large"),
                },
            }),
        }
    }

    /// Entries for the archives that are there without an index.
    async fn recover(&self, repository: &Repository) -> Result<Vec<Entry>, PublishError> {
        let prefix = repository.charts_prefix();
        let mut entries = Vec::new();
        for object in self.store.list(&prefix, MAX_RECOVERED).await? {
            // The staged key that this archive would have come from; folders below are other repositories.
            let rest = object.key.strip_prefix(crate::keys::CHARTS).unwrap_or_default();
            let Some(staged) = StagedKey::new(&format!("{STAGING}{rest}")) else {
                continue;
            };
            if staged.repository().as_ref() != Ok(repository) {
                continue;
            }
            if let Some(entry) = self.recover_entry(repository, &staged).await? {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    async fn recover_entry(&self, repository: &Repository, staged: &StagedKey) -> Result<Option<Entry>, PublishError> {
        let key = staged.archive_key();
        let Got::Found(object) = self.store.get(&key, Limits::default().unpacked_bytes).await? else {
            return Ok(None);
        };
        match read_published(&object.bytes, staged.file_name()) {
            Ok(archive) => Ok(Some(self.entry(repository, staged, &archive, object.modified))),
            Err(problem) => {
                warn!(key, problem, "{key} is left out of the rebuilt index: {problem}");
                Ok(None)
            }
        }
    }

    pub(super) fn entry(
        &self,
        repository: &Repository,
        staged: &StagedKey,
        archive: &Archive,
        created: jiff::Timestamp,
    ) -> Entry {
        Entry {
            metadata: archive.metadata.clone(),
            digest: archive.digest,
            url: self.settings.archive_url(repository, staged),
            created,
        }
    }
}

/// Reads an archive that is published already: only what Helm could load belongs into an index.
fn read_published(bytes: &[u8], file_name: &str) -> Result<Archive, String> {
    let limits = Limits {
        packed_bytes: u64::MAX,
        ..Limits::default()
    };
    let archive = archive::read(bytes, &limits).map_err(|error| error.to_string())?;
    chart::check_file_name(file_name, &archive.metadata).map_err(|error| error.to_string())?;
    Ok(archive)
}
