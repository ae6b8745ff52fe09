//! Why a command could not be carried out.

use crate::keys::Repository;
use crate::repository::{RepositoryError, command};
use crate::store::StoreError;

/// A command could not be completed. A retry may succeed once the cause in the message is fixed.
#[derive(Debug, thiserror::Error)]
pub enum MaintainError {
    /// The repository could not be read or written.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// An index that lists nothing yet is written whole or not at all.
    #[error(
        "the index of {repository} must be rebuilt in one run, but the time ended after {compared} of {archives} archives, so \
         nothing was written. Raise the timeout of publish-chart (Lambda allows 15 minutes), and run {} again",
        command::reindex(repository)
    )]
    NoTimeToRebuild {
        /// The repository whose index this is.
        repository: Repository,
        /// Archives that were read.
        compared: usize,
        /// Archives that there are.
        archives: usize,
    },
    /// A typing error in the name, most likely.
    #[error(
        "the repository {repository} does not exist: there are no objects below {}. {}",
        repository.charts_prefix(),
        there_are(known)
    )]
    NoRepository {
        /// The repository that was named.
        repository: Repository,
        /// Those that there are.
        known: Vec<Repository>,
    },
}

impl From<StoreError> for MaintainError {
    fn from(error: StoreError) -> Self {
        Self::Repository(error.into())
    }
}

/// Repositories that are named where the one that was asked for is not there.
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
