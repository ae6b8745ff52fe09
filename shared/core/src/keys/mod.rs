//! The layout of the bucket: every object that is read or written has its key, and its headers,
//! from here.

mod chart_file;
mod encoded;
mod headers;
mod repaired;
mod repository;
mod staged;
mod url;

pub use chart_file::ChartFile;
pub use encoded::decode_key;
pub use headers::Headers;
pub use repaired::{of_repaired, repaired_key};
pub use repository::{BadRepository, Repository};
pub use staged::StagedKey;
pub use url::{relative_url, url_path};

/// Where uploads wait. The prefix is the queue.
pub const STAGING: &str = "staging/";
/// What the CDN serves.
pub const CHARTS: &str = "charts/";
/// The last outcome of each upload.
pub const RECEIPTS: &str = "receipts/";
/// What was rejected, kept for a while.
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

/// Whether this is the key of a published archive or provenance file.
pub fn is_published(key: &str) -> bool {
    let rest = key.strip_prefix(CHARTS).unwrap_or_default();
    let archive = rest.strip_suffix(PROVENANCE_SUFFIX).unwrap_or(rest);
    archive.ends_with(ARCHIVE_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_and_provenance_files_are_what_is_published() {
        for key in ["charts/team-a/a-1+b.tgz", "charts/a-1.tgz.prov"] {
            assert!(is_published(key), "{key}");
        }
        for key in ["charts/index.yaml", "staging/a-1.tgz", "charts/a-1.prov"] {
            assert!(!is_published(key), "{key}");
        }
    }
}
