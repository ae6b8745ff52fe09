//! The keys of an upload and of the objects that belong to it.

use std::fmt;

use super::{ARCHIVE_SUFFIX, BadRepository, MAX_KEY, PROVENANCE_SUFFIX, RECEIPTS, REJECTED, Repository, STAGING};
use crate::digest::Digest;
use crate::printable::printable;

/// The key of an upload: an object below `staging/` whose name ends with `.tgz`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StagedKey {
    key: String,
}

impl StagedKey {
    /// The upload with this key; `None` if it has another prefix or ending, or is a folder.
    pub fn new(key: &str) -> Option<Self> {
        let rest = key.strip_prefix(STAGING)?;
        let file = rest.rsplit('/').next().unwrap_or(rest);
        (file.len() > ARCHIVE_SUFFIX.len() && file.ends_with(ARCHIVE_SUFFIX)).then(|| Self { key: key.to_owned() })
    }

    /// The upload with this key after `staging/`.
    pub(super) fn of_rest(rest: &str) -> Self {
        Self {
            key: format!("{STAGING}{rest}"),
        }
    }

    /// The whole key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The part below `staging/`.
    fn rest(&self) -> &str {
        self.key.strip_prefix(STAGING).unwrap_or(&self.key)
    }

    /// The file name: the last part of the key.
    pub fn file_name(&self) -> &str {
        self.rest().rsplit('/').next().unwrap_or_default()
    }

    /// The repository that it belongs to.
    ///
    /// # Errors
    ///
    /// [`BadRepository`] if its folder cannot be a repository.
    pub(super) fn repository(&self) -> Result<Repository, BadRepository> {
        match self.rest().rsplit_once('/') {
            None => Ok(Repository::default()),
            Some((folder, _)) => Repository::of_folder(folder),
        }
    }

    /// The longest key of an upload that leaves room for the keys of its receipt and of its
    /// rejected provenance file.
    pub const MAX_BYTES: usize = MAX_KEY - (REJECTED.len() - STAGING.len()) - PROVENANCE_SUFFIX.len();

    /// Whether the key leaves no room for the keys derived from it.
    pub fn is_too_long(&self) -> bool {
        self.key.len() > Self::MAX_BYTES
    }

    /// The key of its receipt. If that would be too long, it ends with a digest of the upload's
    /// key, so that such an upload has a receipt too.
    pub fn receipt_key(&self) -> String {
        if !self.is_too_long() {
            return format!("{RECEIPTS}{}.json", self.rest());
        }
        let ending = format!("-{}.json", Digest::of(self.key.as_bytes()));
        let most = MAX_KEY - RECEIPTS.len() - ending.len();
        let rest = self.rest();
        let end = (0..=most.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end));
        let (start, _) = rest.split_at(end.unwrap_or_default());
        format!("{RECEIPTS}{start}{ending}")
    }

    /// The key of its copy if it is rejected.
    pub fn rejected_key(&self) -> String {
        format!("{REJECTED}{}", self.rest())
    }

    /// The upload that a provenance file belongs to; `None` if the key is not of one.
    pub fn of_provenance(key: &str) -> Option<Self> {
        Self::new(key.strip_suffix(PROVENANCE_SUFFIX)?)
    }

    /// The key of its provenance file.
    pub fn staged_provenance_key(&self) -> String {
        format!("{}{PROVENANCE_SUFFIX}", self.key)
    }

    /// The key of the copy of its provenance file if it is rejected.
    pub fn rejected_provenance_key(&self) -> String {
        format!("{}{PROVENANCE_SUFFIX}", self.rejected_key())
    }
}

/// Escaped for display: an uploader chooses the key, and S3 accepts nearly any character in it.
impl fmt::Display for StagedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::ChartFile;

    #[test]
    fn the_keys_of_an_upload_lie_in_the_folder_of_its_repository() {
        let staged = StagedKey::new("staging/team-a/demo-1.0.0.tgz").unwrap();
        assert_eq!(staged.repository().unwrap().name(), "team-a");
        assert_eq!(staged.file_name(), "demo-1.0.0.tgz");
        assert_eq!(staged.receipt_key(), "receipts/team-a/demo-1.0.0.tgz.json");
        assert_eq!(staged.rejected_key(), "rejected/team-a/demo-1.0.0.tgz");
        let root = StagedKey::new("staging/demo-1.0.0.tgz").unwrap();
        assert_eq!(root.repository().unwrap(), Repository::default());
        assert!(StagedKey::new("staging//demo-1.0.0.tgz").unwrap().repository().is_err());
    }

    #[test]
    fn what_is_no_archive_in_staging_is_no_upload() {
        for key in [
            "charts/a-1.tgz",
            "staging/a-1.tgz.prov",
            "staging/",
            "staging/.tgz",
            "staging/a.tgz/",
            "a.tgz",
        ] {
            assert_eq!(StagedKey::new(key), None, "{key}");
        }
    }

    #[test]
    fn every_key_that_s3_takes_has_a_receipt_whose_key_s3_takes() {
        let keys = |length: usize| {
            let key = |filler: &str| {
                let name = filler.repeat(length - STAGING.len() - ARCHIVE_SUFFIX.len());
                let end = length - STAGING.len() - ARCHIVE_SUFFIX.len();
                let end = (0..=end).rev().find(|end| name.is_char_boundary(*end)).unwrap();
                StagedKey::new(&format!("{STAGING}{}{ARCHIVE_SUFFIX}", &name[..end])).unwrap()
            };
            [key("a"), key("ä"), key("€")]
        };
        let mut receipts = std::collections::BTreeSet::new();
        for length in 1_000..=MAX_KEY {
            for staged in keys(length) {
                let receipt = staged.receipt_key();
                assert!(receipt.len() <= MAX_KEY, "{length}: {}", receipt.len());
                assert!(receipt.ends_with(".json"));
                let file = ChartFile::of_upload(&staged).unwrap();
                let others = [
                    staged.rejected_provenance_key(),
                    file.provenance_key(),
                    file.mirror_key(),
                ];
                let fit = others.iter().all(|key| key.len() <= MAX_KEY);
                assert!(fit || staged.is_too_long(), "{length}");
                receipts.insert((staged.key().to_owned(), receipt));
            }
        }
        let keys: std::collections::BTreeSet<_> = receipts.iter().map(|(_, receipt)| receipt).collect();
        assert_eq!(keys.len(), receipts.len(), "no two uploads share a receipt");
    }
}
