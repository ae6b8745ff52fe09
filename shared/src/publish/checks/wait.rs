//! What an upload waits for, in words for the person who packaged it.

use jiff::Timestamp;

use super::images::in_one_line;
use crate::digest::Digest;

/// Why an upload is held. The next run looks again.
#[derive(Debug, thiserror::Error)]
pub enum Wait {
    /// It must have a provenance file, which may still come.
    #[error("waits until {until} for its provenance file, {file}.prov")]
    Provenance {
        /// The archive's name.
        file: String,
        /// When it is rejected.
        until: Timestamp,
    },
    /// An archive without a signature stands under its name, of the same content but packed at
    /// another time.
    #[error(
        "only signed charts are published here, and another packaging of the same content (digest {stored}) is stored as {file} without a \
         signature. The provenance file of this upload is about digest {own}. Waits until {until}: the run that stored it may be about to \
         sign it"
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
    #[error("waits until {until} for its images: {}", in_one_line(problems))]
    Images {
        /// Each, with what is missing of it.
        problems: Vec<String>,
        /// When it is rejected.
        until: Timestamp,
    },
    /// A registry gives no answer that says whether the images are there.
    #[error("waits for an answer about its images: {}", in_one_line(problems))]
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
