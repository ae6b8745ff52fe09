//! The index as it is now; where it is missing, what it must have held.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::memory::Remembered;
use super::recover::Recovered;
use super::{PublishError, Publisher};
use crate::index::{Entry, Index, IndexError};
use crate::keys::Repository;
use crate::rebuilt::Rebuilt;
use crate::store::{ETag, Got};
use crate::unpublished::Unpublished;

/// An index larger than this is not read: Helm clients could not load it either. Publishing stops long before
/// (`MAX_INDEX_BYTES`), so that `unpublish`, `verify` and `reindex` can work on whatever uploads have made.
pub(crate) const LARGEST_INDEX: u64 = 1024 * 1024 * 1024;

/// What an edit starts from.
#[derive(Debug)]
pub(crate) struct IndexState {
    /// The index that was read, or one that does not exist yet.
    pub(crate) index: Index,
    /// Which state of it; `None` if there is none.
    pub(crate) etag: Option<ETag>,
    /// Entries for archives that are published although no index lists them: it was lost, or the run that stored the
    /// first one was killed.
    pub(crate) recovered: Vec<Entry>,
    /// The versions that were taken back, by archive name.
    pub(crate) unpublished: BTreeMap<String, Unpublished>,
    /// That the index was lost once, or is now.
    pub(crate) rebuilt: Option<Rebuilt>,
    /// Versions that receipts say were published, and that cannot be listed in the index that is rebuilt now.
    pub(crate) lost: Vec<Remembered>,
}

impl IndexState {
    /// An index that was read.
    pub(crate) fn of(index: Index, etag: ETag) -> Self {
        let annotations = index.annotations();
        IndexState {
            unpublished: Unpublished::in_annotations(&annotations),
            rebuilt: Rebuilt::in_annotations(&annotations),
            index,
            etag: Some(etag),
            recovered: Vec::new(),
            lost: Vec::new(),
        }
    }
}

/// What reading came to.
enum Read {
    Found(Box<IndexState>),
    Missing,
    /// So many bytes.
    TooLarge(u64),
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

    /// The index that versions are to be added to.
    pub(crate) async fn read_index(&self, repository: &Repository) -> Result<IndexState, PublishError> {
        let limit = self.settings.max_index_bytes.min(LARGEST_INDEX);
        match self.read_up_to(repository, limit).await? {
            Read::Found(state) => return Ok(*state),
            Read::TooLarge(size) => return Err(self.index_full(repository, size)),
            Read::Missing => {}
        }
        let Recovered {
            entries,
            unpublished,
            rebuilt,
            lost,
        } = self.recover(repository).await?;
        Ok(IndexState {
            index: self.new_index(repository, &unpublished, rebuilt.as_ref())?,
            etag: None,
            recovered: entries,
            unpublished,
            rebuilt,
            lost,
        })
    }

    /// The index as it is now; `None` if there is none.
    pub(crate) async fn read_existing_index(
        &self,
        repository: &Repository,
    ) -> Result<Option<IndexState>, PublishError> {
        match self.read_up_to(repository, LARGEST_INDEX).await? {
            Read::Found(state) => Ok(Some(*state)),
            Read::Missing => Ok(None),
            Read::TooLarge(size) => Err(PublishError::index(repository)(IndexError::too_large(size))),
        }
    }

    async fn read_up_to(&self, repository: &Repository, limit: u64) -> Result<Read, PublishError> {
        Ok(match self.store.get(&repository.index_key(), limit).await? {
            Got::Found(object) => {
                let index = Index::read(object.bytes).map_err(PublishError::index(repository))?;
                Read::Found(Box::new(IndexState::of(index, object.etag)))
            }
            Got::Missing => Read::Missing,
            Got::TooLarge { size, .. } => Read::TooLarge(size),
        })
    }

    /// Why nothing is added to an index of so many bytes.
    pub(super) fn index_full(&self, repository: &Repository, size: u64) -> PublishError {
        PublishError::IndexFull {
            repository: repository.clone(),
            size,
            limit: self.settings.max_index_bytes,
        }
    }

    /// An index that lists nothing yet, but knows what was taken back and that there was one before.
    pub(crate) fn new_index(
        &self,
        repository: &Repository,
        unpublished: &BTreeMap<String, Unpublished>,
        rebuilt: Option<&Rebuilt>,
    ) -> Result<Index, PublishError> {
        let annotations = unpublished
            .iter()
            .map(|(file, unpublished)| unpublished.annotation(file))
            .chain(rebuilt.map(Rebuilt::annotation));
        Index::with_annotations(self.settings.index_format, &annotations.collect())
            .map_err(PublishError::index(repository))
    }
}
