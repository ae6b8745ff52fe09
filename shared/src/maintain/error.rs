//! Why a command failed.

use crate::keys::Repository;
use crate::repository::{RepositoryError, command};
use crate::store::StoreError;

/// A command could not be completed. A retry may succeed once the cause in the message is fixed.
#[derive(Debug, thiserror::Error)]
pub enum MaintainError {
    /// The repository could not be read or written.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// Time ran out before all archives of a missing index were read. Such an index is written
    /// completely or not at all.
    #[error(
        "the index of {repository} must be rebuilt in one run, but the time ended after {compared} of {archives} archives, so \
         nothing was written. Raise the timeout of publish-chart (Lambda allows 15 minutes), and run {} again",
        command::reindex(repository)
    )]
    NoTimeToRebuild {
        /// The repository whose index this is.
        repository: Repository,
        /// The number of archives that were read.
        compared: usize,
        /// The number of archives in the bucket.
        archives: usize,
    },
    /// The repository does not exist; its name is probably misspelled.
    #[error(
        "the repository {repository} does not exist: there are no objects below {}. {}",
        repository.charts_prefix(),
        there_are(known)
    )]
    NoRepository {
        /// The repository in the command.
        repository: Repository,
        /// The existing repositories.
        known: Vec<Repository>,
    },
}

impl From<StoreError> for MaintainError {
    fn from(error: StoreError) -> Self {
        Self::Repository(error.into())
    }
}

/// The most existing repositories that a message names.
const MAX_NAMED_REPOSITORIES: usize = 50;

fn there_are(known: &[Repository]) -> String {
    let names = known.iter().take(MAX_NAMED_REPOSITORIES);
    let names: Vec<String> = names.map(|known| format!("{:?}", known.name())).collect();
    match known.len() {
        0 => "No repository has an index yet; \"\" is the root repository".to_owned(),
        many if many > names.len() => format!(
            "The repositories are {} and {} more",
            names.join(", "),
            many - names.len()
        ),
        _ => format!("The repositories are {}", names.join(", ")),
    }
}
