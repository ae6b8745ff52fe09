//! The reasons for holding an upload, with messages for its packager.

use jiff::Timestamp;

use super::images::in_one_line;
use crate::digest::Digest;

/// Why an upload is held. The next run checks again.
#[derive(Debug, thiserror::Error)]
pub enum Wait {
    /// A provenance file is required and may still arrive.
    #[error("the chart is held until {until} for its provenance file. Upload {file}.prov")]
    Provenance {
        /// The archive's name.
        file: String,
        /// When the upload is rejected if nothing changes.
        until: Timestamp,
    },
    /// An unsigned archive is stored under the name, with the same content but packaged at another
    /// time.
    #[error(
        "the chart is held until {until}: this repository publishes signed charts only, and {file} is stored with the same content, \
         packaged at another time (digest {}), without a signature. The provenance file of this upload is for the digest {}. The run \
         that stored the other archive may be about to sign it",
        stored.short(),
        own.short()
    )]
    OtherProvenance {
        /// The archive's name.
        file: String,
        /// The digest of the stored archive.
        stored: Digest,
        /// The digest of the upload.
        own: Digest,
        /// When the upload is rejected if nothing changes.
        until: Timestamp,
    },
    /// Images do not exist yet.
    #[error("the chart is held until {until} for its images: {}", in_one_line(problems))]
    Images {
        /// Each image with what is missing.
        problems: Vec<String>,
        /// When the upload is rejected if nothing changes.
        until: Timestamp,
    },
    /// A registry does not answer whether the images exist.
    #[error("the chart is held until the registry answers: {}", in_one_line(problems))]
    SilentRegistry {
        /// Each image with the reason.
        problems: Vec<String>,
    },
}

impl Wait {
    /// A short, stable code for logs, metrics and receipts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Provenance { .. } | Self::OtherProvenance { .. } => "awaits-provenance",
            Self::Images { .. } => "awaits-image",
            Self::SilentRegistry { .. } => "registry-silent",
        }
    }
}
