//! The reasons for holding an upload, in words for the person who packaged it.

use jiff::Timestamp;

use super::images::in_one_line;
use crate::digest::Digest;

/// Why an upload is held. The next run looks again.
#[derive(Debug, thiserror::Error)]
pub enum Wait {
    /// It must have a provenance file, which may still come.
    #[error("the chart is held until {until} for its provenance file. Upload {file}.prov")]
    Provenance {
        /// The archive's name.
        file: String,
        /// When it is rejected.
        until: Timestamp,
    },
    /// An archive without a signature stands under its name, of the same content but packed at
    /// another time.
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
        /// Digest of the stored archive.
        stored: Digest,
        /// Digest of the upload.
        own: Digest,
        /// When it is rejected.
        until: Timestamp,
    },
    /// Images are not there yet.
    #[error("the chart is held until {until} for its images: {}", in_one_line(problems))]
    Images {
        /// Each, with what is missing of it.
        problems: Vec<String>,
        /// When it is rejected.
        until: Timestamp,
    },
    /// A registry gives no answer that says whether the images are there.
    #[error("the chart is held until the registry answers: {}", in_one_line(problems))]
    SilentRegistry {
        /// Each, with why.
        problems: Vec<String>,
    },
}

impl Wait {
    /// A short stable word for logs, metrics and receipts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Provenance { .. } | Self::OtherProvenance { .. } => "awaits-provenance",
            Self::Images { .. } => "awaits-image",
            Self::SilentRegistry { .. } => "registry-silent",
        }
    }
}
