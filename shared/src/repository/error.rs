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
        "{}: {problem}, or run {} to repair it from the published archives",
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
    #[error("other runs wrote the index of {repository} {attempts} times in a row. The next run retries")]
    Contention {
        /// The repository whose index this is.
        repository: Repository,
        /// Compare-and-swaps that lost their race.
        attempts: u32,
    },
    /// Other runs with an upload of the same name wrote the receipt first, each time.
    #[error("other runs kept writing {key}. The next run retries")]
    ReceiptContention {
        /// The receipt.
        key: String,
    },
    /// The function's time is nearly over.
    #[error("the time ended before the work was done. The next run continues")]
    NoTime,
}

impl RepositoryError {
    /// What a defect of a repository's index becomes.
    pub(crate) fn index(repository: &Repository) -> impl FnOnce(IndexError) -> Self {
        let repository = repository.clone();
        move |problem| Self::Index { repository, problem }
    }
}
