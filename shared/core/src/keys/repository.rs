//! Repositories: each is a folder with an index.

use std::fmt;

use super::{CHARTS, INDEX, RECEIPTS, REJECTED, STAGING};

/// A repository: a folder of published archives with one index. The root one has the empty name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Repository(String);

impl Repository {
    /// A repository by the name of its folder, without slashes around it.
    ///
    /// # Errors
    ///
    /// [`BadRepository`] if the name cannot be an unencoded folder in a URL.
    pub fn new(name: &str) -> Result<Self, BadRepository> {
        let good = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if name.is_empty() || (name.len() <= 200 && name.split('/').all(good)) {
            return Ok(Self(name.to_owned()));
        }
        Err(BadRepository { name: name.to_owned() })
    }

    /// A repository that is not the root one. (`staging//x.tgz` is in a folder without a name.)
    pub(super) fn of_folder(name: &str) -> Result<Self, BadRepository> {
        if name.is_empty() {
            return Err(BadRepository { name: name.to_owned() });
        }
        Self::new(name)
    }

    /// The name: empty, or `team-a`, or `teams/a`.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The folder in a key or a URL path: empty, or the name with a slash at the end.
    pub fn folder(&self) -> String {
        if self.0.is_empty() {
            String::new()
        } else {
            format!("{}/", self.0)
        }
    }

    /// The prefix of its published objects.
    pub fn charts_prefix(&self) -> String {
        format!("{CHARTS}{}", self.folder())
    }

    /// The prefix of its receipts, and of those of the repositories in subfolders.
    pub fn receipts_prefix(&self) -> String {
        format!("{RECEIPTS}{}", self.folder())
    }

    /// The key of the backup of a damaged index.
    pub fn damaged_index_key(&self) -> String {
        format!("{REJECTED}{}{INDEX}", self.folder())
    }

    /// The prefix of its uploads, and of those of the repositories in subfolders.
    pub fn staging_prefix(&self) -> String {
        format!("{STAGING}{}", self.folder())
    }

    /// The repositories whose folders contain this one: `""` and `teams` for `teams/a`.
    fn parents(&self) -> impl Iterator<Item = Self> + '_ {
        let slashes = self.0.match_indices('/').filter_map(|(at, _)| self.0.get(..at));
        let root = (!self.0.is_empty()).then_some("");
        root.into_iter().chain(slashes).map(|name| Self(name.to_owned()))
    }

    /// The repositories that an archive with this key may belong to: those whose folders contain
    /// it.
    pub fn around(archive: &str) -> Vec<Self> {
        let folder = archive.strip_prefix(CHARTS).and_then(|rest| rest.rsplit_once('/'));
        let own = Self(folder.map(|(folder, _)| folder.to_owned()).unwrap_or_default());
        own.parents().chain([own.clone()]).collect()
    }

    /// The key of its index.
    pub fn index_key(&self) -> String {
        format!("{}{INDEX}", self.charts_prefix())
    }

    /// The repository whose index this key is, if it is one.
    pub fn of_index_key(key: &str) -> Option<Self> {
        let folder = key.strip_prefix(CHARTS)?.strip_suffix(INDEX)?;
        match folder.strip_suffix('/') {
            None => folder.is_empty().then(Self::default),
            Some(name) => Self::of_folder(name).ok(),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(root)" } else { &self.0 })
    }
}

/// The folder below `staging/` cannot be a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the folder {name:?} cannot be a repository, because its name becomes part of URLs. It may contain letters, digits, \
     '-', '_' and '.', must not begin with '.', and may have at most 200 characters"
)]
pub struct BadRepository {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_may_belong_to_each_repository_whose_folder_it_lies_in() {
        let around = |key: &str| -> Vec<String> { Repository::around(key).into_iter().map(|found| found.0).collect() };
        assert_eq!(around("charts/a-1.tgz"), [""]);
        assert_eq!(
            around("charts/teams/a/p/a-1.tgz"),
            ["", "teams", "teams/a", "teams/a/p"]
        );
    }

    #[test]
    fn a_folder_that_would_not_survive_a_url_is_no_repository() {
        for name in [
            "a b", "a//b", "/a", "a/", "..", "a/../b", ".hidden", "ä", "a?b", "a%2fb",
        ] {
            assert!(Repository::new(name).is_err(), "{name}");
        }
        assert!(Repository::new("teams/a_1.x").is_ok());
    }

    #[test]
    fn the_index_of_each_repository_is_recognised_by_its_key() {
        let name = |key: &str| Repository::of_index_key(key).map(|found| found.name().to_owned());
        assert_eq!(name("charts/index.yaml"), Some(String::new()));
        assert_eq!(name("charts/team-a/index.yaml"), Some("team-a".to_owned()));
        for key in [
            "charts/my-index.yaml",
            "staging/index.yaml",
            "charts/index.yaml.bak",
            "charts//index.yaml",
        ] {
            assert_eq!(name(key), None, "{key}");
        }
    }
}
