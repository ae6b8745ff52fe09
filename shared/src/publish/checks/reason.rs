//! The reasons for rejecting an upload, in words for the person who packaged it.

use jiff::Timestamp;

use super::images::in_one_line;
use crate::archive::ArchiveError;
use crate::chart::FileNameError;
use crate::digest::{Digest, short};
use crate::keys::{BadRepository, StagedKey};
use crate::provenance::ProvenanceError;
use crate::publish::prepare::unreadable::UnreadableError;
use crate::version_check::VersionCheckError;

/// A definite no: the same upload would be rejected again.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The archive itself is bad.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The file's name is not the one of the chart in it.
    #[error(transparent)]
    FileName(#[from] FileNameError),
    /// The folder below `staging/` can be no repository.
    #[error(transparent)]
    BadRepository(#[from] BadRepository),
    /// Its key leaves no room for those of its receipt and the rest.
    #[error(
        "the key of the upload has {bytes} bytes; the limit is {}. Choose a shorter version or folder, and upload again",
        StagedKey::MAX_BYTES
    )]
    KeyTooLong {
        /// Its length.
        bytes: usize,
    },
    /// S3 does not give it to us.
    #[error(transparent)]
    Unreadable(#[from] UnreadableError),
    /// Its versions are not those of its release, or not the same.
    #[error(transparent)]
    Versions(#[from] VersionCheckError),
    /// Its provenance file proves nothing.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
    /// It must have a provenance file, and none came.
    #[error(
        "this repository publishes signed charts only, and {file}.prov did not arrive in time. Package with `helm package \
         --sign`, and upload both files"
    )]
    NoProvenance {
        /// The archive's name.
        file: String,
    },
    /// An archive without a signature stands under its name, of the same content but packed at
    /// another time; the wait for its signature is over.
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
        /// Digest of the stored archive.
        stored: Digest,
        /// Digest of the upload.
        own: Digest,
        /// The key of the stored archive.
        key: String,
    },
    /// What it says of its images can't be checked.
    #[error("the chart's images cannot be checked: {}", in_one_line(problems))]
    Images {
        /// Each, in words.
        problems: Vec<String>,
    },
    /// Images did not come.
    #[error(
        "the chart cannot be installed, because its images did not arrive in time: {}. Push them, and upload the chart again",
        in_one_line(problems)
    )]
    NoImage {
        /// Each, with what is missing of it.
        problems: Vec<String>,
    },
    /// The version is published with other content.
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
    /// Another chart has this file name: `a` version `1-2` and `a-1` version `2` are both
    /// `a-1-2.tgz`.
    #[error(
        "the file name {file} belongs to {chart} {version}, which is already published. Choose another version, and package again"
    )]
    FileNameTaken {
        /// The file name.
        file: String,
        /// The chart that has it.
        chart: String,
        /// Its version.
        version: String,
    },
    /// What the receipt of this very upload says already.
    #[error("{reason}")]
    Recorded {
        /// In words.
        reason: String,
        /// As a short stable word.
        code: String,
    },
    /// The version was published with other content and then taken back.
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
        /// When it was taken back.
        at: Timestamp,
        /// Digest of the archive that was published.
        published: String,
        /// Digest of the upload.
        own: Digest,
    },
    /// The index lists the version, but its archive is not here to compare with.
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
        /// Digest of the upload.
        own: Digest,
    },
    /// What is stored is not what the index lists, and neither is the upload.
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
        /// Where the archive is stored.
        key: String,
        /// The digest in the index.
        listed: String,
        /// Digest of what is stored.
        stored: String,
        /// Digest of the upload.
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
    /// A short stable word for logs, metrics and receipts.
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
