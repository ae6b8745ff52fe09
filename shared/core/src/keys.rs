//! The layout of the bucket: every object that is read or written has its key, and its headers, from here.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::digest::Digest;
use crate::printable::printable;

/// Where uploads wait. The prefix is the queue.
pub const STAGING: &str = "staging/";
/// What the CDN serves.
pub const CHARTS: &str = "charts/";
/// The last outcome of each upload.
pub const RECEIPTS: &str = "receipts/";
/// What was refused, kept for a while.
pub const REJECTED: &str = "rejected/";
/// What a registry still has to get of what is published: an object for each archive.
pub const MIRROR: &str = "mirror/";
/// Which archives were repaired: an object for each, whose event makes the edge drop what it had.
pub const REPAIRED: &str = "repaired/";
/// The longest key that S3 takes, in bytes.
const MAX_KEY: usize = 1_024;
/// Name of the index in its repository's folder.
pub const INDEX: &str = "index.yaml";
/// Ending of a chart archive.
pub const ARCHIVE_SUFFIX: &str = ".tgz";

/// What a provenance file has behind the name of its archive.
pub const PROVENANCE_SUFFIX: &str = ".prov";
/// The certificates of those who sign, for `helm --keyring`.
pub const KEYRING: &str = "charts/keyring.gpg";

/// A repository: a folder of published archives with one index. The root one has the empty name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Repository(String);

impl Repository {
    /// A repository by the name of its folder, without slashes around it.
    ///
    /// # Errors
    ///
    /// [`BadRepository`] if the name could not be a folder in a URL as it is.
    pub fn new(name: &str) -> Result<Self, BadRepository> {
        let good = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if name.is_empty() || (name.len() <= 200 && name.split('/').all(good)) {
            return Ok(Repository(name.to_owned()));
        }
        Err(BadRepository { name: name.to_owned() })
    }

    /// A repository that is not the root one: `staging//x.tgz` lies in a folder without a name.
    fn of_folder(name: &str) -> Result<Self, BadRepository> {
        if name.is_empty() {
            return Err(BadRepository { name: name.to_owned() });
        }
        Repository::new(name)
    }

    /// The name: empty, or `team-a`, or `teams/a`.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The folder in a key or a URL path: empty, or the name with a slash behind it.
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

    /// The prefix of its receipts (and of those of the repositories in folders below).
    pub fn receipts_prefix(&self) -> String {
        format!("{RECEIPTS}{}", self.folder())
    }

    /// Where its index is kept when a damaged one was mended.
    pub fn damaged_index_key(&self) -> String {
        format!("{REJECTED}{}{INDEX}", self.folder())
    }

    /// The prefix of its staged uploads (and of those of the repositories in folders below).
    pub fn staging_prefix(&self) -> String {
        format!("{STAGING}{}", self.folder())
    }

    /// The repositories whose folders this one lies in, and that of no other: `""` and `teams` for `teams/a`.
    fn parents(&self) -> impl Iterator<Item = Repository> + '_ {
        let slashes = self.0.match_indices('/').filter_map(|(at, _)| self.0.get(..at));
        let root = (!self.0.is_empty()).then_some("");
        root.into_iter().chain(slashes).map(|name| Repository(name.to_owned()))
    }

    /// The repositories that an archive of this key may belong to: those in whose folders it lies.
    pub fn around(archive: &str) -> Vec<Self> {
        let folder = archive.strip_prefix(CHARTS).and_then(|rest| rest.rsplit_once('/'));
        let own = Repository(folder.map(|(folder, _)| folder.to_owned()).unwrap_or_default());
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
            None => folder.is_empty().then(Repository::default),
            Some(name) => Repository::of_folder(name).ok(),
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
    "the folder {name:?} can't be a repository: its name becomes part of URLs, so it may hold only letters, digits, \
     '-', '_' and '.', not start with '.', and be at most 200 characters long"
)]
pub struct BadRepository {
    name: String,
}

/// A staged upload: an object below `staging/` whose name ends with `.tgz`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StagedKey {
    key: String,
}

impl StagedKey {
    /// The staged upload with this key; `None` if the key is none of one (another prefix, another ending, a folder).
    pub fn new(key: &str) -> Option<Self> {
        let rest = key.strip_prefix(STAGING)?;
        let file = rest.rsplit('/').next().unwrap_or(rest);
        (file.len() > ARCHIVE_SUFFIX.len() && file.ends_with(ARCHIVE_SUFFIX)).then(|| StagedKey { key: key.to_owned() })
    }

    /// The upload that an archive of this name in this repository comes from.
    pub fn of_archive(repository: &Repository, file_name: &str) -> Option<Self> {
        let staged = StagedKey::new(&format!("{}{file_name}", repository.staging_prefix()))?;
        // A slash in the name would make it another repository's.
        (staged.file_name() == file_name && staged.repository().as_ref() == Ok(repository)).then_some(staged)
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

    /// The repository that it is for.
    ///
    /// # Errors
    ///
    /// [`BadRepository`] if its folder cannot be one.
    pub fn repository(&self) -> Result<Repository, BadRepository> {
        match self.rest().rsplit_once('/') {
            None => Ok(Repository::default()),
            Some((folder, _)) => Repository::of_folder(folder),
        }
    }

    /// Where its archive is published.
    pub fn archive_key(&self) -> String {
        format!("{CHARTS}{}", self.rest())
    }

    /// The longest key that an upload may have, so that those of its receipt and of its rejected provenance file fit.
    pub const MOST: usize = MAX_KEY - (REJECTED.len() - STAGING.len()) - PROVENANCE_SUFFIX.len();

    /// Whether there is no room for what else has its name in its key.
    pub fn is_too_long(&self) -> bool {
        self.key.len() > StagedKey::MOST
    }

    /// Where its outcome is recorded. One that would be too long ends with a digest of the upload's key instead, so that such an
    /// upload has a receipt too.
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

    /// Where its archive's provenance file is published.
    pub fn provenance_key(&self) -> String {
        format!("{}{PROVENANCE_SUFFIX}", self.archive_key())
    }

    /// Where it is kept if it is refused.
    pub fn rejected_key(&self) -> String {
        format!("{REJECTED}{}", self.rest())
    }

    /// The upload that a staged provenance file belongs to; `None` if the key is none of one.
    pub fn of_provenance(key: &str) -> Option<Self> {
        StagedKey::new(key.strip_suffix(PROVENANCE_SUFFIX)?)
    }

    /// Where its provenance file waits.
    pub fn staged_provenance_key(&self) -> String {
        format!("{}{PROVENANCE_SUFFIX}", self.key)
    }

    /// Where it is noted that a registry still has to get its archive.
    pub fn mirror_key(&self) -> String {
        format!("{MIRROR}{}", self.rest())
    }

    /// The upload that such a note is about; `None` if the key is none of one.
    pub fn of_mirror(key: &str) -> Option<Self> {
        StagedKey::new(&format!("{STAGING}{}", key.strip_prefix(MIRROR)?))
    }

    /// Where its provenance file is kept if it is refused.
    pub fn rejected_provenance_key(&self) -> String {
        format!("{}{PROVENANCE_SUFFIX}", self.rejected_key())
    }
}

/// For people: whoever may upload chooses the key, and S3 takes nearly any character in it.
impl fmt::Display for StagedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.key))
    }
}

/// What stays as it is in the path of an absolute URL. `+` does not: S3 reads a `+` in a path as a space, and an edge other
/// than ours hands it through (<https://github.com/hypnoglow/helm-s3/issues/158>).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// What stays as it is in a relative URL. Here `+` does: Helm 3's `dependency build`, Artifact Hub and Kubeapps escape a
/// relative URL once more, which makes `%252B` of `%2B` and nothing of `+`. The edge reads it as a plus.
const RELATIVE: &AsciiSet = &PATH.remove(b'+');

/// A file name as a URL relative to the index beside it.
pub fn relative_url(file_name: &str) -> String {
    utf8_percent_encode(file_name, RELATIVE).to_string()
}

/// A key as the path of an absolute URL.
pub fn url_path(key: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(key, PATH)
}

/// Where it is noted that the archive of this key was repaired.
pub fn repaired_key(archive: &str) -> String {
    format!("{REPAIRED}{}", archive.strip_prefix(CHARTS).unwrap_or(archive))
}

/// The archive that such a note is about; `None` if the key is none of one.
pub fn of_repaired(key: &str) -> Option<String> {
    let rest = key.strip_prefix(REPAIRED)?;
    rest.ends_with(ARCHIVE_SUFFIX).then(|| format!("{CHARTS}{rest}"))
}

/// Whether this is the key of a published archive or provenance file.
pub fn is_published(key: &str) -> bool {
    let rest = key.strip_prefix(CHARTS).unwrap_or_default();
    let archive = rest.strip_suffix(PROVENANCE_SUFFIX).unwrap_or(rest);
    archive.ends_with(ARCHIVE_SUFFIX)
}

/// The headers that an object is served with. Never a Content-Encoding: Helm asks for none and saves what it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
}

impl Headers {
    /// A published archive never changes.
    pub fn archive() -> Self {
        Headers {
            content_type: "application/gzip",
            cache_control: Some("public, max-age=31536000, immutable".to_owned()),
        }
    }

    /// A provenance file changes as little as its archive.
    pub fn provenance() -> Self {
        Headers {
            content_type: "text/plain",
            ..Headers::archive()
        }
    }

    /// A keyring may be served from a cache for as long as an index.
    pub fn keyring(max_age: u32) -> Self {
        Headers {
            content_type: "application/octet-stream",
            ..Headers::index(max_age)
        }
    }

    /// An index may be served from a cache for `max_age` seconds where an invalidation does not reach it.
    pub fn index(max_age: u32) -> Self {
        Headers {
            content_type: "application/yaml",
            cache_control: Some(format!("public, max-age={max_age}")),
        }
    }

    /// A receipt is for tools and is never served by the CDN.
    pub fn receipt() -> Self {
        Headers {
            content_type: "application/json",
            cache_control: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_an_upload_lie_in_the_folder_of_its_repository() {
        let staged = StagedKey::new("staging/team-a/demo-1.0.0.tgz").unwrap();
        assert_eq!(staged.repository().unwrap().name(), "team-a");
        assert_eq!(staged.file_name(), "demo-1.0.0.tgz");
        assert_eq!(staged.archive_key(), "charts/team-a/demo-1.0.0.tgz");
        assert_eq!(staged.receipt_key(), "receipts/team-a/demo-1.0.0.tgz.json");
        assert_eq!(staged.rejected_key(), "rejected/team-a/demo-1.0.0.tgz");
        let root = StagedKey::new("staging/demo-1.0.0.tgz").unwrap();
        assert_eq!(root.repository().unwrap(), Repository::default());
        assert!(StagedKey::new("staging//demo-1.0.0.tgz").unwrap().repository().is_err());
    }

    #[test]
    fn an_archive_name_with_a_slash_belongs_to_no_repository() {
        let root = Repository::default();
        let staged = StagedKey::of_archive(&root, "demo-1.0.0+b.tgz").unwrap();
        assert_eq!(staged.archive_key(), "charts/demo-1.0.0+b.tgz");
        for name in [
            "team-a/demo-1.0.0.tgz",
            "../demo-1.0.0.tgz",
            "/demo.tgz",
            ".tgz",
            "demo-1.0.0",
            "",
        ] {
            assert_eq!(StagedKey::of_archive(&root, name), None, "{name}");
        }
    }

    #[test]
    fn archives_and_provenance_files_are_what_is_published() {
        for key in ["charts/team-a/a-1+b.tgz", "charts/a-1.tgz.prov"] {
            assert!(is_published(key), "{key}");
        }
        for key in ["charts/index.yaml", "staging/a-1.tgz", "charts/a-1.prov"] {
            assert!(!is_published(key), "{key}");
        }
    }

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
    fn the_note_of_a_repair_names_its_archive() {
        let note = repaired_key("charts/team-a/a-1+b.tgz");
        assert_eq!(note, "repaired/team-a/a-1+b.tgz");
        assert_eq!(of_repaired(&note).as_deref(), Some("charts/team-a/a-1+b.tgz"));
        assert_eq!(of_repaired("repaired/index.yaml"), None);
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
                let others = [
                    staged.rejected_provenance_key(),
                    staged.provenance_key(),
                    staged.mirror_key(),
                ];
                let fit = others.iter().all(|key| key.len() <= MAX_KEY);
                assert!(fit || staged.is_too_long(), "{length}");
                receipts.insert((staged.key().to_owned(), receipt));
            }
        }
        let keys: std::collections::BTreeSet<_> = receipts.iter().map(|(_, receipt)| receipt).collect();
        assert_eq!(keys.len(), receipts.len(), "no two uploads share a receipt");
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
