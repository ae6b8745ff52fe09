//! The start of a repair: the index as it is, or what is still readable of it.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::index::{Dropped, Index, Salvaged};
use crate::keys::Repository;
use crate::maintain::{MaintainError, Maintainer};
use crate::repository::{IndexState, MAX_READABLE_INDEX_BYTES, ReadIndex, RepositoryError};
use crate::size::Size;

/// The start of a repair.
pub(super) struct Start {
    pub(super) state: IndexState,
    pub(super) damage: Option<String>,
    /// What is unreadable in a damaged index.
    pub(super) dropped: Vec<Dropped>,
}

impl Maintainer {
    /// Reads the index, or what is still readable of it.
    pub(super) async fn start(&self, repository: &Repository) -> Result<Start, MaintainError> {
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
                    reason: format!("an index of {} cannot be read", Size(size)),
                });
                (Some(format!("it has {}", Size(size))), Some(etag), Bytes::new())
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
                    "it was missing, and is rebuilt from {count} archives. Entries that pointed elsewhere are lost, unless you restore \
                     an earlier version of {} first",
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
}
