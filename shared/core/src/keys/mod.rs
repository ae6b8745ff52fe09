//! The layout of the bucket: the keys and headers of every object that is read or written.

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

/// Uploads. The prefix is the queue.
pub const STAGING: &str = "staging/";
/// Published objects, which the edge serves.
pub const CHARTS: &str = "charts/";
/// The last outcome of each upload.
pub const RECEIPTS: &str = "receipts/";
/// Rejected uploads, kept for a while.
pub const REJECTED: &str = "rejected/";
/// Notes: one object for each archive that is pending for the mirror.
pub const MIRROR: &str = "mirror/";
/// Notes: one object for each repaired archive, whose event makes the edge drop its cached copy.
pub const REPAIRED: &str = "repaired/";
/// The longest key that S3 takes, in bytes.
const MAX_KEY: usize = 1_024;
/// The name of the index in its repository's folder.
pub const INDEX: &str = "index.yaml";
/// The ending of a chart archive.
pub const ARCHIVE_SUFFIX: &str = ".tgz";

/// The ending of a provenance file, after the name of its archive.
pub const PROVENANCE_SUFFIX: &str = ".prov";
/// The certificates of the signers, for `helm --keyring`.
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
