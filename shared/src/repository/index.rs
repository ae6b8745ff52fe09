//! The index of a repository: read, and replaced only in the state that was read.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Repositories, RepositoryError};
use crate::index::{Index, IndexError, Spliced};
use crate::keys::{Headers, Repository};
use crate::rebuilt::Rebuilt;
use crate::store::{ETag, Got, Replaced, StoreError};
use crate::unpublished::Unpublished;

/// A larger index is not read, because Helm clients could not load it either. Publishing stops long
/// before (`MAX_INDEX_BYTES`), so that `unpublish`, `verify` and `reindex` can handle every index
/// that uploads can produce.
pub(crate) const MAX_READABLE_INDEX_BYTES: u64 = 1024 * 1024 * 1024;

/// An index, with the state of its object.
#[derive(Debug)]
pub(crate) struct IndexState {
    /// The index that was read, or an empty one if none exists yet.
    pub(crate) index: Index,
    /// Identifies the state that was read; `None` if there is no index.
    pub(crate) etag: Option<ETag>,
    /// The versions that were unpublished, by archive name.
    pub(crate) unpublished: BTreeMap<String, Unpublished>,
    /// Whether the index was lost once, or is missing now.
    pub(crate) rebuilt: Option<Rebuilt>,
}

/// The result of reading an index.
#[derive(Debug)]
pub(crate) enum ReadIndex {
    /// The index was read.
    Found(Box<IndexState>),
    /// S3 reported that there is none.
    Missing,
    /// The index is larger than what may be read.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// Identifies the state that was read.
        etag: ETag,
    },
    /// Helm could not load it.
    Damaged {
        /// What is wrong with it.
        error: IndexError,
        /// Its bytes.
        bytes: Bytes,
        /// Identifies the state that was read.
        etag: ETag,
    },
}

impl IndexState {
    /// An index with the contents of its annotations; `etag` as in [`IndexState::etag`].
    pub(crate) fn of(index: Index, etag: Option<ETag>) -> Self {
        let annotations = index.annotations();
        Self {
            unpublished: Unpublished::in_annotations(&annotations),
            rebuilt: Rebuilt::in_annotations(&annotations),
            index,
            etag,
        }
    }
}

impl Repositories {
    /// Reads the index, up to `max_bytes`.
    pub(crate) async fn read_index(&self, repository: &Repository, max_bytes: u64) -> Result<ReadIndex, StoreError> {
        let object = match self.store.get(&repository.index_key(), max_bytes).await? {
            Got::Found(object) => object,
            Got::Missing => return Ok(ReadIndex::Missing),
            Got::TooLarge { size, etag, .. } => return Ok(ReadIndex::TooLarge { size, etag }),
        };
        let (bytes, etag) = (object.bytes, object.etag);
        Ok(match Index::read(bytes.clone()) {
            Ok(index) => ReadIndex::Found(Box::new(IndexState::of(index, Some(etag)))),
            Err(error) => ReadIndex::Damaged { error, bytes, etag },
        })
    }

    /// Reads the index, which must be readable; `None` if there is none.
    pub(crate) async fn existing_index(&self, repository: &Repository) -> Result<Option<IndexState>, RepositoryError> {
        let error = match self.read_index(repository, MAX_READABLE_INDEX_BYTES).await? {
            ReadIndex::Found(state) => return Ok(Some(*state)),
            ReadIndex::Missing => return Ok(None),
            ReadIndex::TooLarge { size, .. } => IndexError::too_large(size),
            ReadIndex::Damaged { error, .. } => error,
        };
        Err(RepositoryError::index(repository)(error))
    }

    /// Replaces the index if it is still in the state that was read (`None`: it did not exist).
    pub(crate) async fn replace_index(
        &self,
        repository: &Repository,
        text: &Spliced,
        read: Option<&ETag>,
    ) -> Result<Replaced, StoreError> {
        let headers = Headers::index(self.settings.index_max_age);
        let pieces = text.pieces().to_vec();
        self.store
            .replace(&repository.index_key(), pieces, &headers, read)
            .await
    }
}
