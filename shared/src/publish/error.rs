//! Why uploads stay in staging, with messages for the operator.

use std::sync::Arc;

use crate::keys::Repository;
use crate::repository::{RepositoryError, command};
use crate::secret::SecretError;
use crate::size::OverLimit;
use crate::store::StoreError;

/// Why uploads could not be processed. A retry may succeed once the cause in the message is fixed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A request to S3 failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret cannot be read, or lacks something that a setting needs.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The repository could not be read or written.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The index has reached its size limit.
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
        /// Its size with this upload, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The index is missing, and too many archives exist to rebuild it during an upload.
    #[error(
        "{} is missing, and {archives} published archives are too many to rebuild it during an upload. The upload stays in \
         staging. Restore an earlier version of the index, or run {}",
        repository.index_key(),
        command::reindex(repository)
    )]
    TooManyToRecover {
        /// The repository whose index is missing.
        repository: Repository,
        /// The number of archives that it must have listed.
        archives: usize,
    },
    /// The version was removed from the index, but its archive still exists. It must not be listed
    /// until that is deleted.
    #[error(
        "{chart} {version} is being unpublished, and its archive is not deleted yet. The upload stays in staging until then. If \
         the archive stays, the unpublish was interrupted: run {}",
        command::unpublish(repository, chart, version)
    )]
    BeingUnpublished {
        /// The repository.
        repository: Repository,
        /// The chart.
        chart: String,
        /// The version.
        version: String,
    },
    /// The failure of another upload that needs the same index.
    #[error(transparent)]
    Shared(#[from] Arc<Self>),
    /// An archive disappeared during the run.
    #[error("{key} was changed or deleted while it was compared with an upload. The next run retries")]
    Vanished {
        /// The key of the archive.
        key: String,
    },
}
