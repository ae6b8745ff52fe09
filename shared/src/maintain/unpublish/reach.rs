//! Decides what an unpublish may delete: the archives that the version's entries name, unless
//! another version uses them too.
//!
//! A person who unpublishes a leaked secret has to know what is still served, so the report lists
//! everything that stays and why.

use std::collections::BTreeSet;

use crate::index::{Index, ListedVersion};
use crate::keys::{self, ChartFile, Repository};
use crate::maintain::compare::is_named;
use crate::maintain::{MaintainError, Maintainer};
use crate::repository::{IndexState, RepositoryError};

/// What the entries of a version point to.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// The keys of the archives to delete.
    pub(super) delete: Vec<String>,
    /// What stays, and why.
    pub(super) stays: Vec<String>,
}

impl Maintainer {
    /// Separates the archives of a version whose `listed` entries are removed. `staged` gives its
    /// own archive name. Archives that an earlier run had to delete are included.
    pub(super) async fn reach(
        &self,
        repository: &Repository,
        staged: &ChartFile,
        state: &IndexState,
        listed: &[ListedVersion],
        earlier: &[String],
    ) -> Result<Reach, MaintainError> {
        let mut reach = Reach::default();
        let own_key = staged.archive_key();
        let mut keys: BTreeSet<String> = earlier.iter().cloned().collect();
        keys.insert(own_key.clone());
        for url in listed.iter().filter_map(|listed| listed.url.as_ref()) {
            match self.settings.key_at(repository, url) {
                Some(key) => {
                    keys.insert(key);
                }
                None => reach.stays.push(format!(
                    "its entry pointed to {url}, which is not in this repository and is not deleted"
                )),
            }
        }
        for key in keys {
            match self.why_it_stays(repository, staged, state, listed, &key).await? {
                None => reach.delete.push(key),
                // An archive that has the version's name but is not named by its entries does not
                // belong to it.
                Some(_) if key == own_key && !self.is_named_by(repository, listed, &key) => {}
                Some(why) => reach.stays.push(why),
            }
        }
        Ok(reach)
    }

    fn is_named_by(&self, repository: &Repository, listed: &[ListedVersion], key: &str) -> bool {
        let urls = listed.iter().filter_map(|listed| listed.url.as_ref());
        urls.map(|url| self.settings.key_at(repository, url))
            .any(|named| named.as_deref() == Some(key))
    }

    async fn why_it_stays(
        &self,
        repository: &Repository,
        staged: &ChartFile,
        state: &IndexState,
        listed: &[ListedVersion],
        key: &str,
    ) -> Result<Option<String>, MaintainError> {
        let is_own = |other: &ListedVersion| listed.iter().any(|listed| listed.place == other.place);
        if let Some(other) = self.entry_for(repository, &state.index, key, is_own) {
            return Ok(Some(format!(
                "{key} stays, because the entry of {other} points to it as well"
            )));
        }
        for other in Repository::around(key).iter().filter(|other| *other != repository) {
            match self.repositories.existing_index(other).await {
                Ok(None) => {}
                Ok(Some(theirs)) => {
                    if let Some(entry) = self.entry_for(other, &theirs.index, key, |_| false) {
                        let index = other.index_key();
                        return Ok(Some(format!("{key} stays, because {index} lists it as {entry}")));
                    }
                }
                Err(RepositoryError::Index { .. }) => {
                    let index = other.index_key();
                    return Ok(Some(format!(
                        "{key} stays, because {index}, which may list it, cannot be read"
                    )));
                }
                Err(error) => return Err(error.into()),
            }
        }
        // The edge is invalidated only for the removal of keys that end in `.tgz`.
        if !keys::is_published(key) {
            return Ok(Some(format!(
                "{key} stays, because its name does not end with .tgz. Delete it by hand, and invalidate its path at CloudFront"
            )));
        }
        let stored = self.repositories.read_archive(key).await?;
        Ok((!is_named(&stored, staged.file_name()))
            .then(|| format!("{key} stays, because it is the archive of another version")))
    }

    /// The first entry of an index that points to an archive, as `NAME VERSION`.
    fn entry_for(
        &self,
        repository: &Repository,
        index: &Index,
        key: &str,
        leave_out: impl Fn(&ListedVersion) -> bool,
    ) -> Option<String> {
        let mut entries = index.listed_versions().filter(|listed| !leave_out(listed));
        let found = entries.find(|listed| {
            let url = listed.url.as_ref();
            url.and_then(|url| self.settings.key_at(repository, url)).as_deref() == Some(key)
        })?;
        Some(format!("{} {}", found.chart, found.version))
    }
}
