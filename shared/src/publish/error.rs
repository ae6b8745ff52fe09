//! Why uploads stay in staging, in words for the person who runs the repository.

use std::sync::Arc;

use super::command;
use crate::index::IndexError;
use crate::keys::Repository;
use crate::secret::SecretError;
use crate::store::StoreError;

/// Why uploads could not be dealt with now. Another try may succeed, once what the message says is mended.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// S3 did not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret can't be had, or lacks what a setting needs.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The index is there, but Helm could not load it. It stays as it is.
    #[error(
        "{}: {source}, or run {} to rebuild it from the published archives",
        repository.index_key(),
        command::reindex(repository)
    )]
    Index {
        /// Whose index.
        repository: Repository,
        /// What is wrong with it.
        source: IndexError,
    },
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
    /// An index that lists nothing yet is written whole or not at all.
    #[error(
        "the index of {repository} has to be rebuilt whole, and the time was over after {compared} of {archives} archives; \
         nothing was written. Give publish-chart more time (Lambda allows 15 minutes) and run {} again",
        command::reindex(repository)
    )]
    NoTimeToRebuild {
        /// Whose index.
        repository: Repository,
        /// Archives that were read.
        compared: usize,
        /// Archives that there are.
        archives: usize,
    },
    /// The version was taken out of the index, but its archive is still there: until it is gone, nobody may list it.
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
    /// A slip in a name, most likely.
    #[error(
        "there is no repository {repository}: nothing lies below {}. {}",
        repository.charts_prefix(),
        there_are(known)
    )]
    NoRepository {
        /// Whose index was asked for.
        repository: Repository,
        /// Those that there are.
        known: Vec<Repository>,
    },
    /// Others were faster each time.
    #[error("the index of {repository} was written by others {attempts} times in a row; the next run tries again")]
    Contention {
        /// Whose index.
        repository: Repository,
        /// Compare-and-swaps that lost their race.
        attempts: u32,
    },
    /// Other runs with an upload of the same name were faster each time.
    #[error("{key} was written by others again and again; the next run tries again")]
    ReceiptContention {
        /// The receipt.
        key: String,
    },
    /// The function's time is nearly over.
    #[error("no time left to publish; the next run tries again")]
    NoTime,
    /// The same failure for every upload that needs that index.
    #[error(transparent)]
    Shared(#[from] Arc<PublishError>),
    /// An archive was there and then was not.
    #[error("{key} was changed or removed while it was compared with an upload; the next run tries again")]
    Vanished {
        /// The archive.
        key: String,
    },
}

/// Repositories that are named where the one that was asked for is not there.
const NAMED_REPOSITORIES: usize = 50;

fn there_are(known: &[Repository]) -> String {
    let names = known.iter().take(NAMED_REPOSITORIES);
    let names: Vec<String> = names.map(|known| format!("{:?}", known.name())).collect();
    match known.len() {
        0 => "No repository has an index yet; \"\" is the root one".to_owned(),
        many if many > names.len() => format!("There are {} and {} more", names.join(", "), many - names.len()),
        _ => format!("There are {}", names.join(", ")),
    }
}

impl PublishError {
    /// What a defect of a repository's index becomes.
    pub(crate) fn index(repository: &Repository) -> impl FnOnce(IndexError) -> Self {
        let repository = repository.clone();
        move |source| PublishError::Index { repository, source }
    }
}
