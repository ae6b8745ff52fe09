//! Why a repository could not be read or written.

use super::command;
use crate::index::IndexError;
use crate::keys::Repository;
use crate::store::StoreError;

/// A repository could not be read or written now. Another try may succeed, once what the message
/// names is corrected.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// S3 did not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index is there, but Helm could not load it. It stays as it is.
    #[error(
        "{}: {problem}, or run {} to rebuild it from the published archives",
        repository.index_key(),
        command::reindex(repository)
    )]
    Index {
        /// The repository whose index this is.
        repository: Repository,
        /// What is wrong with it.
        problem: IndexError,
    },
    /// Other runs wrote the index first, each time.
    #[error("the index of {repository} was written by others {attempts} times in a row; the next run tries again")]
    Contention {
        /// The repository whose index this is.
        repository: Repository,
        /// Compare-and-swaps that lost their race.
        attempts: u32,
    },
    /// Other runs with an upload of the same name wrote the receipt first, each time.
    #[error("{key} was written by others again and again; the next run tries again")]
    ReceiptContention {
        /// The receipt.
        key: String,
    },
    /// The function's time is nearly over.
    #[error("no time left to publish; the next run tries again")]
    NoTime,
}

impl RepositoryError {
    /// What a defect of a repository's index becomes.
    pub(crate) fn index(repository: &Repository) -> impl FnOnce(IndexError) -> Self {
        let repository = repository.clone();
        move |problem| Self::Index { repository, problem }
    }
}
