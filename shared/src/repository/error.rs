//! Why a repository could not be read or written.

use super::command;
use crate::index::IndexError;
use crate::keys::Repository;
use crate::store::StoreError;

/// Why a repository could not be read or written. A retry may succeed once the cause in the message
/// is fixed.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// A request to S3 failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Helm could not load the index. It is not changed.
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
    /// Other runs won every race for the index.
    #[error("other runs wrote the index of {repository} {attempts} times in a row. The next run retries")]
    Contention {
        /// The repository whose index this is.
        repository: Repository,
        /// The number of lost races.
        attempts: u32,
    },
    /// Other runs with an upload of the same name won every race for the receipt.
    #[error("other runs kept writing {key}. The next run retries")]
    ReceiptContention {
        /// The key of the receipt.
        key: String,
    },
    /// The function's time is nearly over.
    #[error("the time ended before the work was done. The next run continues")]
    NoTime,
}

impl RepositoryError {
    /// The error that a defect of a repository's index means.
    pub(crate) fn index(repository: &Repository) -> impl FnOnce(IndexError) -> Self {
        let repository = repository.clone();
        move |problem| Self::Index { repository, problem }
    }
}
