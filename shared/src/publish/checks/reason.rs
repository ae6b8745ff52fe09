//! The reasons for rejecting an upload, with messages for its packager.

use jiff::Timestamp;

use super::images::in_one_line;
use crate::archive::ArchiveError;
use crate::chart::FileNameError;
use crate::digest::{Digest, short};
use crate::keys::{BadRepository, StagedKey};
use crate::provenance::ProvenanceError;
use crate::publish::prepare::unreadable::UnreadableError;
use crate::version_check::VersionCheckError;

/// Why an upload is rejected. The same upload would be rejected again.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The archive is invalid.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The file's name does not match the chart in it.
    #[error(transparent)]
    FileName(#[from] FileNameError),
    /// The folder below `staging/` cannot be a repository.
    #[error(transparent)]
    BadRepository(#[from] BadRepository),
    /// The key leaves no room for the keys derived from it, such as the receipt's.
    #[error(
        "the key of the upload has {bytes} bytes; the limit is {}. Choose a shorter version or folder, and upload again",
        StagedKey::MAX_BYTES
    )]
    KeyTooLong {
        /// The length of the key, in bytes.
        bytes: usize,
    },
    /// S3 does not return the bytes.
    #[error(transparent)]
    Unreadable(#[from] UnreadableError),
    /// The chart's versions do not match its release, or each other.
    #[error(transparent)]
    Versions(#[from] VersionCheckError),
    /// The provenance file is invalid.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
    /// A provenance file is required and none arrived.
    #[error(
        "this repository publishes signed charts only, and {file}.prov did not arrive in time. Package with `helm package \
         --sign`, and upload both files"
    )]
    NoProvenance {
        /// The archive's name.
        file: String,
    },
    /// An unsigned archive is stored under the name, with the same content but packaged at another
    /// time, and the wait for its signature is over.
    #[error(
        "this repository publishes signed charts only, and an interrupted run left {file} with the same content, packaged at another \
         time (digest {}), without a signature. The provenance file of this upload is for the digest {}. Upload the archive with the \
         digest {} and its provenance file, or ask the operator to delete {key}, which no index lists, and upload again",
        stored.short(),
        own.short(),
        stored.short()
    )]
    UnsignedArchive {
        /// The archive's name.
        file: String,
        /// The digest of the stored archive.
        stored: Digest,
        /// The digest of the upload.
        own: Digest,
        /// The key of the stored archive.
        key: String,
    },
    /// The chart's images cannot be checked.
    #[error("the chart's images cannot be checked: {}", in_one_line(problems))]
    Images {
        /// A description of each problem.
        problems: Vec<String>,
    },
    /// Images did not appear in time.
    #[error(
        "the chart cannot be installed, because its images did not arrive in time: {}. Push them, and upload the chart again",
        in_one_line(problems)
    )]
    NoImage {
        /// Each image with what is missing.
        problems: Vec<String>,
    },
    /// The version is already published with other content.
    #[error(
        "{chart} {version} is already published with other content (digest {}, yours has {}). A published version never \
         changes: raise `version` in Chart.yaml, and package again",
        short(published),
        own.short()
    )]
    OtherContent {
        /// The chart.
        chart: String,
        /// The version.
        version: String,
        /// Digest of the published archive.
        published: String,
        /// Digest of the upload.
        own: Digest,
    },
    /// Another chart has this file name: both `a` version `1-2` and `a-1` version `2` are
    /// `a-1-2.tgz`.
    #[error(
        "the file name {file} belongs to {chart} {version}, which is already published. Choose another version, and package again"
    )]
    FileNameTaken {
        /// The file name.
        file: String,
        /// The chart that has the file name.
        chart: String,
        /// The version of that chart.
        version: String,
    },
    /// The receipt of this very upload already records a rejection.
    #[error("{reason}")]
    Recorded {
        /// The recorded message.
        reason: String,
        /// The recorded short code.
        code: String,
    },
    /// The version was published with other content and then unpublished.
    #[error(
        "{chart} {version} was published with other content (digest {}, yours has {}) and unpublished at {at}. Its version \
         cannot be reused, because caches may still have it: raise `version` in Chart.yaml, and package again",
        short(published),
        own.short()
    )]
    Unpublished {
        /// The chart.
        chart: String,
        /// The version.
        version: String,
        /// When it was unpublished.
        at: Timestamp,
        /// The digest of the archive that was published.
        published: String,
        /// The digest of the upload.
        own: Digest,
    },
    /// The index lists the version, but its archive is not in the bucket and cannot be compared.
    #[error(
        "the index already lists {chart} {version} {} (yours has {}), and its archive is not in this bucket{}. A published \
         version never changes: raise `version` in Chart.yaml, and package again",
        with_digest(listed.as_deref()),
        own.short(),
        at_url(url.as_deref())
    )]
    ListedElsewhere {
        /// The chart.
        chart: String,
        /// The version.
        version: String,
        /// The digest in the index.
        listed: Option<String>,
        /// The URL in the index.
        url: Option<String>,
        /// The digest of the upload.
        own: Digest,
    },
    /// The stored archive is not the one that the index lists, and neither is the upload.
    #[error(
        "{chart} {version} is already published, but its stored archive was damaged or replaced: {key} has the digest {}, the \
         index lists {}, and yours has {}. Ask the operator of this repository, or upload the archive with the digest {} to \
         repair it. For other content, raise `version` in Chart.yaml, and package again",
        short(stored),
        short(listed),
        own.short(),
        short(listed)
    )]
    StoredArchiveChanged {
        /// The chart.
        chart: String,
        /// The version.
        version: String,
        /// The key of the stored archive.
        key: String,
        /// The digest in the index.
        listed: String,
        /// The digest of the stored archive.
        stored: String,
        /// The digest of the upload.
        own: Digest,
    },
}

fn with_digest(listed: Option<&str>) -> String {
    listed.map_or_else(
        || "without a digest".to_owned(),
        |listed| format!("with the digest {}", short(listed)),
    )
}

fn at_url(url: Option<&str>) -> String {
    url.map_or_else(String::new, |url| format!(": its entry points to {url}"))
}

impl Reason {
    /// A short, stable code for logs, metrics and receipts.
    pub fn code(&self) -> &str {
        match self {
            Self::Archive(error) => error.code(),
            Self::FileName(_) => "file-name",
            Self::BadRepository(_) => "repository-name",
            Self::KeyTooLong { .. } => "key-too-long",
            Self::Unreadable(error) => error.code(),
            Self::UnsignedArchive { .. } => "unsigned-archive",
            Self::Versions(error) => error.code(),
            Self::Provenance(error) => error.code(),
            Self::NoProvenance { .. } => "no-provenance",
            Self::Images { .. } => "images",
            Self::NoImage { .. } => "no-image",
            Self::OtherContent { .. } => "other-content",
            Self::FileNameTaken { .. } => "file-name-taken",
            Self::Recorded { code, .. } => code,
            Self::Unpublished { .. } => "unpublished",
            Self::ListedElsewhere { .. } => "listed-elsewhere",
            Self::StoredArchiveChanged { .. } => "stored-archive-changed",
        }
    }
}
