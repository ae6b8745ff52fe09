//! The file of a chart in its repository, and the keys that follow from it.

use std::fmt;

use super::{ARCHIVE_SUFFIX, BadRepository, CHARTS, MIRROR, PROVENANCE_SUFFIX, Repository, STAGING, StagedKey};
use crate::chart::archive_name;

/// An archive in a repository's own folder, by its file name, whether uploaded, published or gone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChartFile {
    repository: Repository,
    file_name: String,
}

impl ChartFile {
    /// `None` if no archive of this repository can have this name: it has another ending, or a
    /// slash in it would make it another repository's.
    pub fn new(repository: &Repository, file_name: &str) -> Option<Self> {
        let is_archive = file_name.len() > ARCHIVE_SUFFIX.len() && file_name.ends_with(ARCHIVE_SUFFIX);
        (is_archive && !file_name.contains('/')).then(|| Self {
            repository: repository.clone(),
            file_name: file_name.to_owned(),
        })
    }

    /// The archive of a version.
    pub fn of_version(repository: &Repository, chart: &str, version: &str) -> Option<Self> {
        Self::new(repository, &archive_name(chart, version))
    }

    /// The archive that an upload becomes.
    ///
    /// # Errors
    ///
    /// [`BadRepository`] if its folder cannot be a repository.
    pub fn of_upload(staged: &StagedKey) -> Result<Self, BadRepository> {
        Ok(Self::in_repository(&staged.repository()?, staged))
    }

    /// The archive that an upload becomes, in the given repository.
    pub fn in_repository(repository: &Repository, staged: &StagedKey) -> Self {
        Self {
            repository: repository.clone(),
            file_name: staged.file_name().to_owned(),
        }
    }

    /// The archive of a note about a chart that is pending for the mirror; `None` if the key is not
    /// of such a note.
    pub fn of_mirror(key: &str) -> Option<Self> {
        let staged = StagedKey::new(&format!("{STAGING}{}", key.strip_prefix(MIRROR)?))?;
        Self::of_upload(&staged).ok()
    }

    /// The repository of the archive.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The file name, which is the last part of each of its keys.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The part of its keys after their prefixes.
    fn rest(&self) -> String {
        format!("{}{}", self.repository.folder(), self.file_name)
    }

    /// The key of its upload.
    pub fn upload(&self) -> StagedKey {
        StagedKey::of_rest(&self.rest())
    }

    /// The key of the published archive.
    pub fn archive_key(&self) -> String {
        format!("{CHARTS}{}", self.rest())
    }

    /// The key of its provenance file.
    pub fn provenance_key(&self) -> String {
        format!("{}{PROVENANCE_SUFFIX}", self.archive_key())
    }

    /// The key of its receipt.
    pub fn receipt_key(&self) -> String {
        self.upload().receipt_key()
    }

    /// The key of the note that it is pending for the mirror.
    pub fn mirror_key(&self) -> String {
        format!("{MIRROR}{}", self.rest())
    }
}

/// Shown as the key of its upload, which people know.
impl fmt::Display for ChartFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.upload().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_an_archive_lie_in_the_folder_of_its_repository() {
        let staged = StagedKey::new("staging/team-a/demo-1.0.0.tgz").unwrap();
        let file = ChartFile::of_upload(&staged).unwrap();
        assert_eq!(file.repository().name(), "team-a");
        assert_eq!(file.file_name(), "demo-1.0.0.tgz");
        assert_eq!(file.archive_key(), "charts/team-a/demo-1.0.0.tgz");
        assert_eq!(file.provenance_key(), "charts/team-a/demo-1.0.0.tgz.prov");
        assert_eq!(file.receipt_key(), staged.receipt_key());
        assert_eq!(file.mirror_key(), "mirror/team-a/demo-1.0.0.tgz");
        assert_eq!(ChartFile::of_mirror(&file.mirror_key()), Some(file.clone()));
        assert_eq!(file.upload(), staged);
        assert_eq!(ChartFile::of_version(file.repository(), "demo", "1.0.0"), Some(file));
        let root = StagedKey::new("staging/demo-1.0.0.tgz").unwrap();
        let root = ChartFile::of_upload(&root).unwrap();
        assert_eq!(
            (root.repository().name(), root.archive_key().as_str()),
            ("", "charts/demo-1.0.0.tgz")
        );
        let no_folder = StagedKey::new("staging//demo-1.0.0.tgz").unwrap();
        assert!(ChartFile::of_upload(&no_folder).is_err());
    }

    #[test]
    fn an_archive_name_with_a_slash_belongs_to_no_repository() {
        let root = Repository::default();
        let file = ChartFile::new(&root, "demo-1.0.0+b.tgz").unwrap();
        assert_eq!(file.archive_key(), "charts/demo-1.0.0+b.tgz");
        for name in [
            "team-a/demo-1.0.0.tgz",
            "../demo-1.0.0.tgz",
            "/demo.tgz",
            ".tgz",
            "demo-1.0.0",
            "",
        ] {
            assert_eq!(ChartFile::new(&root, name), None, "{name}");
        }
    }
}
