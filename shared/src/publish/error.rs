//! Why uploads stay in staging, in words for the person who runs the repository.

use std::sync::Arc;

use crate::keys::Repository;
use crate::repository::{RepositoryError, command};
use crate::secret::SecretError;
use crate::size::OverLimit;
use crate::store::StoreError;

/// Why uploads could not be processed now. A retry may succeed once the cause in the message is fixed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// S3 did not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret cannot be read, or a setting needs something that it does not contain.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The repository could not be read or written.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The index has reached its limit.
    #[error(
        "{} has, or would have with this upload, {} (MAX_INDEX_BYTES), because every client downloads all of it. The upload \
         stays in staging. Run {} for versions that are not needed, or raise MAX_INDEX_BYTES",
        repository.index_key(),
        OverLimit { size: *size, limit: *limit },
        command::unpublish(repository, "NAME", "VERSION")
    )]
    IndexFull {
        /// The repository whose index is full.
        repository: Repository,
        /// Its size in bytes after this upload.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The index is missing, and there are too many archives to rebuild it during an upload.
    #[error(
        "{} is missing, and {archives} published archives are too many to rebuild it during an upload. The upload stays in \
         staging. Restore an earlier version of the index, or run {}",
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
        "{chart} {version} is being unpublished, and its archive is not deleted yet. The upload stays in staging until then. If \
         the archive stays, the unpublish was interrupted: run {}",
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
    #[error("{key} was changed or deleted while it was compared with an upload. The next run retries")]
    Vanished {
        /// The archive.
        key: String,
    },
}
