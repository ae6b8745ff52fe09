//! What became of an upload, for people and tools to read: in its receipt, in the log, in a metric.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::brief;
use crate::digest::Digest;
use crate::printable::escape_json;
use crate::unpublished::Unpublished;

/// The longest name and version: those of what is published are part of a key, which ends at 1,024
/// bytes.
const NAME: usize = 1_024;
/// The longest reason.
pub const TEXT: usize = 4_000;
/// Warnings in a receipt at most, and the longest of them.
const WARNINGS: usize = 20;
const WARNING: usize = 1_000;

/// What became of one staged upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is in the index now.
    Published,
    /// The same chart was in the index already, and stays as it is.
    Unchanged,
    /// It was refused; the reason says why and how to mend it.
    Rejected,
    /// It waits for something; the sweep tries again.
    Held,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Published => "published",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
            Self::Held => "held",
        })
    }
}

/// The JSON object at `receipts/[REPO/]NAME-VERSION.tgz.json`: the last outcome of the upload of
/// that name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The key of the upload.
    pub upload: String,
    /// Which upload of that key: its ETag without quotes.
    pub upload_etag: String,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
    /// The release that it says it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The repository, empty for the root one.
    pub repository: String,
    /// The chart's name, as far as it could be read.
    pub chart: Option<String>,
    /// Its version, as far as it could be read.
    pub version: Option<String>,
    /// SHA-256 of the archive that the index lists, or for a refused upload of the upload itself.
    pub digest: Option<Digest>,
    /// The digest by which two packagings of the same content are recognised.
    pub content_digest: Option<Digest>,
    /// Where the chart can be downloaded, for `published` and `unchanged`.
    pub url: Option<String>,
    /// Why it was refused or waits, in words for the packager.
    pub reason: Option<String>,
    /// The same as a short stable word.
    pub reason_code: Option<String>,
    /// Fingerprint of the certificate whose signature is published beside the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// What it is called in the registry that mirrors the repository, once it is there: `oci://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<String>,
    /// Why it is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_problem: Option<String>,
    /// What the packager should know although the chart was accepted: the first of it.
    pub warnings: Vec<String>,
    /// How many warnings more there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_warnings: u64,
    /// When this was written.
    pub recorded_at: Timestamp,
    /// What was published under this name and then taken back. Later receipts of the name carry it
    /// over, whatever they record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpublished: Option<Unpublished>,
}

impl Receipt {
    /// Whether this speaks of that very upload: the same file name may be uploaded again.
    ///
    /// S3 tells times in whole seconds, so the same bytes may be there twice with the same ETag and
    /// time. What else they are judged by is the release that they name.
    pub fn is_of(&self, etag: &str, uploaded_at: Timestamp, release: Option<&str>) -> bool {
        self.upload_etag == etag && self.uploaded_at == uploaded_at && self.release.as_deref() == release
    }

    /// Whether users can install what it speaks of.
    pub fn is_visible(&self) -> bool {
        matches!(self.outcome, Outcome::Published | Outcome::Unchanged)
    }

    /// With each text and list as long as a receipt may have it. An upload chooses what they quote,
    /// and a receipt that grows too large to be read would forget what was unpublished.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let cut = |text: &mut String, most: usize| {
            if text.len() > most {
                *text = brief::text(text, most).into_owned();
            }
        };
        for (text, most) in [
            (&mut self.chart, NAME),
            (&mut self.version, NAME),
            (&mut self.reason, TEXT),
            (&mut self.mirror_problem, TEXT),
        ] {
            text.iter_mut().for_each(|text| cut(text, most));
        }
        let more = self.warnings.len().saturating_sub(WARNINGS);
        self.warnings.truncate(WARNINGS);
        self.more_warnings = self.more_warnings.saturating_add(more as u64);
        self.warnings.iter_mut().for_each(|warning| cut(warning, WARNING));
        self
    }

    /// What was taken back according to the object with these bytes: a receipt, or what is left of
    /// one.
    pub fn unpublished_in(bytes: &[u8]) -> Option<Unpublished> {
        #[derive(Deserialize)]
        struct Kept {
            unpublished: Option<Unpublished>,
        }
        serde_json::from_slice::<Kept>(bytes).ok()?.unpublished
    }

    /// The object's bytes. Its fields are exact; the bytes are safe to show on a terminal or a
    /// page.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, numbers and times always serialize.
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        let mut bytes = escape_json(&json).into_owned();
        bytes.push(b'\n');
        bytes
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_receipt_is_far_below_what_is_read_again() {
        // Six bytes in JSON for one.
        let worst = |length: usize| "<".repeat(length);
        let receipt = Receipt {
            upload: worst(1_024),
            upload_etag: worst(64),
            uploaded_at: Timestamp::UNIX_EPOCH,
            release: Some(worst(2_048)),
            outcome: Outcome::Rejected,
            repository: worst(200),
            chart: Some(worst(1_000_000)),
            version: Some(worst(1_000_000)),
            digest: None,
            content_digest: None,
            url: Some(worst(4_000)),
            reason: Some(worst(1_000_000)),
            reason_code: None,
            signed_by: None,
            mirror: Some(worst(2_000)),
            mirror_problem: Some(worst(1_000_000)),
            warnings: vec![worst(100_000); 1_000],
            more_warnings: 5,
            recorded_at: Timestamp::UNIX_EPOCH,
            unpublished: None,
        };
        let bounded = receipt.bounded();
        assert_eq!((bounded.warnings.len(), bounded.more_warnings), (WARNINGS, 985));
        assert!(bounded.to_bytes().len() < 256 * 1024, "{}", bounded.to_bytes().len());
        assert_eq!(bounded.clone().bounded(), bounded, "once is enough");
    }
}
