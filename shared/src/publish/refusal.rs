//! Why an upload is refused, in words for the person who packaged it.

use jiff::Timestamp;

use crate::archive::ArchiveError;
use crate::chart::FileNameError;
use crate::digest::Digest;
use crate::keys::BadRepository;
use crate::provenance::ProvenanceError;
use crate::versions::VersionError;

/// A definite no: the same upload would be refused again.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The archive itself is bad.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The file's name is not the one of the chart in it.
    #[error(transparent)]
    FileName(#[from] FileNameError),
    /// The folder below `staging/` can be no repository.
    #[error(transparent)]
    BadRepository(#[from] BadRepository),
    /// Its versions are not those of its release, or not the same.
    #[error(transparent)]
    Versions(#[from] VersionError),
    /// Its provenance file proves nothing.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
    /// It must have a provenance file, which may still come.
    #[error("waits until {until} for its provenance file, {file}.prov")]
    AwaitsProvenance {
        /// The archive's name.
        file: String,
        /// When it is refused.
        until: Timestamp,
    },
    /// It must have a provenance file, and none came.
    #[error(
        "only signed charts are published here, and {file}.prov did not come: package with `helm package --sign`, and \
         upload both files"
    )]
    NoProvenance {
        /// The archive's name.
        file: String,
    },
    /// What it says of its images can't be checked.
    #[error("the chart's images can't be checked: {}", problems.join("; "))]
    Images {
        /// Each, in words.
        problems: Vec<String>,
    },
    /// Images are not there yet.
    #[error("waits until {until} for its images: {}", problems.join("; "))]
    AwaitsImage {
        /// Each, with what is missing of it.
        problems: Vec<String>,
        /// When it is refused.
        until: Timestamp,
    },
    /// Images did not come.
    #[error(
        "the chart could not be installed, because its images did not come: {}; push them, and upload the chart again",
        problems.join("; ")
    )]
    NoImage {
        /// Each, with what is missing of it.
        problems: Vec<String>,
    },
    /// Nobody knows whether the images are there.
    #[error("waits for an answer about its images: {}", problems.join("; "))]
    RegistrySilent {
        /// Each, with why.
        problems: Vec<String>,
    },
    /// The version is published with other content.
    #[error(
        "{chart} {version} is published already, with other content (digest {published}, yours has {own}). \
         A published version never changes: raise `version` in Chart.yaml and package again"
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
    /// Another chart has this file name: `a` version `1-2` and `a-1` version `2` are both `a-1-2.tgz`.
    #[error("the file name {file} belongs to {chart} {version}, which is published already; choose another version")]
    FileNameTaken {
        /// The file name.
        file: String,
        /// The chart that has it.
        chart: String,
        /// Its version.
        version: String,
    },
    /// The version was published with other content and then taken back.
    #[error(
        "{chart} {version} was published with other content (digest {published}, yours has {own}) and unpublished at {at}. \
         Its name stays taken, since caches may still hold it: raise `version` in Chart.yaml and package again"
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
        "the index lists {chart} {version} already, with digest {listed} (yours has {own}), and its archive is not in \
         this bucket. A published version never changes: raise `version` in Chart.yaml and package again"
    )]
    ListedElsewhere {
        /// The chart.
        chart: String,
        /// The version.
        version: String,
        /// The digest in the index.
        listed: String,
        /// Digest of the upload.
        own: Digest,
    },
}

impl Refusal {
    /// A short stable word for logs, metrics and receipts.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Archive(error) => error.code(),
            Refusal::FileName(_) => "file-name",
            Refusal::BadRepository(_) => "repository-name",
            Refusal::Versions(error) => error.code(),
            Refusal::Provenance(error) => error.code(),
            Refusal::AwaitsProvenance { .. } => "awaits-provenance",
            Refusal::NoProvenance { .. } => "no-provenance",
            Refusal::Images { .. } => "images",
            Refusal::AwaitsImage { .. } => "awaits-image",
            Refusal::NoImage { .. } => "no-image",
            Refusal::RegistrySilent { .. } => "registry-silent",
            Refusal::OtherContent { .. } => "other-content",
            Refusal::FileNameTaken { .. } => "file-name-taken",
            Refusal::Unpublished { .. } => "unpublished",
            Refusal::ListedElsewhere { .. } => "listed-elsewhere",
        }
    }
}
