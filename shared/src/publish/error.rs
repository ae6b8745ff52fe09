//! Why uploads stay in staging, in words for the person who runs the repository.

use std::sync::Arc;

use crate::keys::Repository;
use crate::repository::{RepositoryError, command};
use crate::secret::SecretError;
use crate::store::StoreError;

/// Why uploads could not be dealt with now. Another try may succeed, once what the message says is
/// mended.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// S3 did not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret can't be had, or lacks what a setting needs.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The repository could not be read or written.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The index has as many bytes as it may.
    #[error(
        "{} has {size} bytes, or would have them with this upload; MAX_INDEX_BYTES is {limit}, because every client downloads all of it. \
         The upload waits in staging: run {} for versions that nobody needs, or raise MAX_INDEX_BYTES",
        repository.index_key(),
        command::unpublish(repository, "NAME", "VERSION")
    )]
    IndexFull {
        /// Whose index.
        repository: Repository,
        /// The bytes that it would have.
        size: u64,
        /// The bytes that it may have.
        limit: u64,
    },
    /// The index is missing, and there is too much to rebuild it in passing.
    #[error(
        "{} is missing although {archives} archives are published, too many to rebuild it while an upload waits; restore \
         it, or run {}",
        repository.index_key(),
        command::reindex(repository)
    )]
    TooManyToRecover {
        /// Whose index.
        repository: Repository,
        /// Archives that it must have listed.
        archives: usize,
    },
    /// The version was taken out of the index, but its archive is still there: until it is gone,
    /// nobody may list it.
    #[error(
        "{chart} {version} is being unpublished, its archive is still there; once it is gone this upload may bring it \
         back. If it stays, the unpublish was cut short: run {}",
        command::unpublish(repository, chart, version)
    )]
    BeingUnpublished {
        /// Its repository.
        repository: Repository,
        /// The chart.
        chart: String,
        /// The version.
        version: String,
    },
    /// The same failure for every upload that needs that index.
    #[error(transparent)]
    Shared(#[from] Arc<Self>),
    /// An archive was there and then was not.
    #[error("{key} was changed or removed while it was compared with an upload; the next run tries again")]
    Vanished {
        /// The archive.
        key: String,
    },
}
