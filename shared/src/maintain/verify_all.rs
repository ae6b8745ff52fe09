//! Verifies every repository of the bucket, one after the other, for the daily schedule.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Maintainer;
use super::verify::Verified;
use crate::deadline::Deadline;
use crate::keys::{CHARTS, INDEX, Repository, is_published};
use crate::store::StoreError;

/// The result of verifying all repositories.
#[derive(Debug)]
pub struct AllVerified {
    /// The result for each repository, ordered by name.
    pub verified: Vec<Verified>,
    /// The repositories that could not be compared, each with the reason.
    pub failed: Vec<FailedVerification>,
    /// Whether every repository was compared completely.
    pub complete: bool,
}

/// A repository that could not be compared.
#[derive(Debug, Serialize)]
pub struct FailedVerification {
    /// The repository, empty for the root one.
    pub repository: String,
    /// The reason.
    pub error: String,
}

impl Maintainer {
    /// Verifies every repository that has an index or archives, as far as time allows. A failure in
    /// one does not stop the others.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the bucket cannot be listed.
    pub async fn verify_all(&self, deadline: Deadline) -> Result<AllVerified, StoreError> {
        let mut all = AllVerified {
            verified: Vec::new(),
            failed: Vec::new(),
            complete: true,
        };
        for repository in self.repositories().await? {
            if !deadline.has_time() {
                all.complete = false;
                break;
            }
            match Box::pin(self.verify(&repository, None, false, deadline)).await {
                Ok(verified) => {
                    all.complete &= verified.complete;
                    all.verified.push(verified);
                }
                Err(error) => {
                    all.complete = false;
                    all.failed.push(FailedVerification {
                        repository: repository.name().to_owned(),
                        error: error.to_string(),
                    });
                }
            }
        }
        Ok(all)
    }

    async fn repositories(&self) -> Result<BTreeSet<Repository>, StoreError> {
        let listed = self.store.list(CHARTS, usize::MAX).await?;
        Ok(listed.iter().filter_map(|object| repository_of(&object.key)).collect())
    }
}

/// The repository that an index or an archive belongs to; `None` for any other object.
fn repository_of(key: &str) -> Option<Repository> {
    let (folder, name) = key.rsplit_once('/')?;
    if name != INDEX && !is_published(key) {
        return None;
    }
    Repository::of_index_key(&format!("{folder}/{INDEX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_and_an_archive_tell_which_repository_there_is() {
        let of = |key| repository_of(key).map(|repository| repository.name().to_owned());
        assert_eq!(of("charts/index.yaml").as_deref(), Some(""));
        assert_eq!(of("charts/demo-1.0.0.tgz").as_deref(), Some(""));
        assert_eq!(of("charts/team-a/index.yaml").as_deref(), Some("team-a"));
        assert_eq!(of("charts/team-a/demo-1.0.0.tgz").as_deref(), Some("team-a"));
        assert_eq!(of("charts/a/b/demo-1.0.0.tgz").as_deref(), Some("a/b"));
        for other in [
            "charts/keyring.gpg",
            "charts/team a/x-1.tgz",
            "charts//x-1.tgz",
            "staging/x-1.tgz",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
