//! The start of an index edit: the index as it is, or what a lost one must have held.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::recover::Recovered;
use crate::index::{Entry, Index};
use crate::keys::Repository;
use crate::publish::{PublishError, Publisher};
use crate::rebuilt::Rebuilt;
pub(in crate::publish) use crate::repository::IndexState;
use crate::repository::{MAX_READABLE_INDEX_BYTES, ReadIndex, Remembered, RepositoryError};
use crate::unpublished::Unpublished;

/// The start of an edit.
#[derive(Debug)]
pub(in crate::publish) struct EditBase {
    /// The index.
    pub(in crate::publish) state: IndexState,
    /// Entries for archives that no index lists: the index was lost, or the run that stored the
    /// first archive was killed.
    pub(in crate::publish) recovered: Vec<Entry>,
    /// Versions that were published according to their receipts but cannot be listed in the rebuilt
    /// index.
    pub(in crate::publish) lost: Vec<Remembered>,
}

/// The index for all uploads of a batch, or why it could not be read: one failed read is enough.
pub(in crate::publish) type StateCell = OnceCell<Result<EditBase, Arc<PublishError>>>;

impl Publisher {
    /// Reads the index on first use.
    pub(in crate::publish) async fn index_state<'a>(
        &self,
        repository: &Repository,
        cell: &'a StateCell,
    ) -> Result<&'a IndexState, PublishError> {
        let read = async || self.edit_base(repository).await.map_err(Arc::new);
        match cell.get_or_init(read).await {
            Ok(base) => Ok(&base.state),
            Err(error) => Err(PublishError::Shared(Arc::clone(error))),
        }
    }

    /// Reads the index that versions are to be added to.
    pub(in crate::publish) async fn edit_base(&self, repository: &Repository) -> Result<EditBase, PublishError> {
        let limit = self.settings.max_index_bytes.min(MAX_READABLE_INDEX_BYTES);
        match self.repositories.read_index(repository, limit).await? {
            ReadIndex::Found(state) => Ok(EditBase {
                state: *state,
                recovered: Vec::new(),
                lost: Vec::new(),
            }),
            ReadIndex::Missing => self.rebuilt_base(repository).await,
            ReadIndex::TooLarge { size, .. } => Err(self.index_full(repository, size)),
            ReadIndex::Damaged { error, .. } => Err(RepositoryError::index(repository)(error).into()),
        }
    }

    /// Derives the contents of a missing index. It is written with the next upload.
    async fn rebuilt_base(&self, repository: &Repository) -> Result<EditBase, PublishError> {
        let Recovered {
            entries,
            unpublished,
            rebuilt,
            lost,
        } = self.recover(repository).await?;
        Ok(EditBase {
            state: IndexState {
                index: self.new_index(repository, &unpublished, rebuilt.as_ref())?,
                etag: None,
                unpublished,
                rebuilt,
            },
            recovered: entries,
            lost,
        })
    }

    /// Why nothing can be added to an index of this size.
    pub(in crate::publish) fn index_full(&self, repository: &Repository, size: u64) -> PublishError {
        PublishError::IndexFull {
            repository: repository.clone(),
            size,
            limit: self.settings.max_index_bytes,
        }
    }

    /// An empty index that still remembers that there was an index, and which versions were
    /// unpublished.
    fn new_index(
        &self,
        repository: &Repository,
        unpublished: &BTreeMap<String, Unpublished>,
        rebuilt: Option<&Rebuilt>,
    ) -> Result<Index, RepositoryError> {
        let annotations = unpublished
            .iter()
            .map(|(file, unpublished)| unpublished.annotation(file))
            .chain(rebuilt.map(Rebuilt::annotation));
        Index::with_annotations(self.settings.index_format, &annotations.collect())
            .map_err(RepositoryError::index(repository))
    }
}
