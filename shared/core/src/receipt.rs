//! The outcome of an upload, for people and tools: in its receipt, the log and a metric.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::brief;
use crate::digest::Digest;
use crate::printable::escape_json;
use crate::unpublished::Unpublished;

/// The longest name and version. Those of published charts are part of a key, which has at most
/// 1,024 bytes.
const NAME: usize = 1_024;
/// The longest reason.
pub const TEXT: usize = 4_000;
/// The most warnings in a receipt, and the longest of them.
const WARNINGS: usize = 20;
const WARNING: usize = 1_000;

/// The outcome of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is in the index now.
    Published,
    /// The index already listed the same chart, which is unchanged.
    Unchanged,
    /// It was rejected. The reason says why and how to fix it.
    Rejected,
    /// It is held for something; the sweep tries again.
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

/// The JSON object at `receipts/[REPO/]NAME-VERSION.tgz.json`: the last outcome of an upload with
/// that name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The key of the upload.
    pub upload: String,
    /// The ETag of the upload, without quotes.
    pub upload_etag: String,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
    /// The release that the upload names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
    /// The repository, empty for the root one.
    pub repository: String,
    /// The chart's name, as far as it is readable.
    pub chart: Option<String>,
    /// Its version, as far as it is readable.
    pub version: Option<String>,
    /// SHA-256 of the archive that the index lists or, for a rejected upload, of the upload itself.
    pub digest: Option<Digest>,
    /// The content digest, which recognises another packaging of the same content.
    pub content_digest: Option<Digest>,
    /// The URL of the chart, for `published` and `unchanged`.
    pub url: Option<String>,
    /// Why it was rejected or is held, for its packager.
    pub reason: Option<String>,
    /// The reason as a short, stable code.
    pub reason_code: Option<String>,
    /// The fingerprint of the certificate whose signature is published beside the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Its reference in the mirror's registry, once it was pushed: `oci://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<String>,
    /// Why it was not pushed to the mirror yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_problem: Option<String>,
    /// Warnings for the packager of an accepted chart: the first of them.
    pub warnings: Vec<String>,
    /// The number of further warnings.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_warnings: u64,
    /// When this receipt was written.
    pub recorded_at: Timestamp,
    /// What was published under this name and then unpublished. Later receipts of the name keep it,
    /// whatever they record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpublished: Option<Unpublished>,
}

impl Receipt {
    /// Whether this is about exactly that upload: the same file name may be uploaded again.
    ///
    /// S3 has times in whole seconds, so the same bytes may occur twice with the same ETag and
    /// time. Such uploads may still differ in the release that they name.
    pub fn is_of(&self, etag: &str, uploaded_at: Timestamp, release: Option<&str>) -> bool {
        self.upload_etag == etag && self.uploaded_at == uploaded_at && self.release.as_deref() == release
    }

    /// Whether users can install the chart.
    pub fn is_visible(&self) -> bool {
        matches!(self.outcome, Outcome::Published | Outcome::Unchanged)
    }

    /// Shortens each text and list to the limits of a receipt. An upload decides what they quote,
    /// and a receipt that is too large to be read would lose the note about an unpublished version.
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

    /// What was unpublished according to the object with these bytes: a receipt, or what is left of
    /// one.
    pub fn unpublished_in(bytes: &[u8]) -> Option<Unpublished> {
        #[derive(Deserialize)]
        struct Kept {
            unpublished: Option<Unpublished>,
        }
        serde_json::from_slice::<Kept>(bytes).ok()?.unpublished
    }

    /// The bytes of the object. Its fields are exact, and the bytes are safe to show in a terminal
    /// or on a page.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serializing cannot fail: there are only strings, numbers and times.
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
        // A control character takes six bytes in JSON.
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
