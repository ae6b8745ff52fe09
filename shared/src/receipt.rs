//! What became of an upload, for people and tools to read: in its receipt, in the log, in a metric.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::printable::escape_json;
use crate::unpublished::Unpublished;

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
            Outcome::Published => "published",
            Outcome::Unchanged => "unchanged",
            Outcome::Rejected => "rejected",
            Outcome::Held => "held",
        })
    }
}

/// The JSON object at `receipts/[REPO/]NAME-VERSION.tgz.json`: the last outcome of the upload of that name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The key of the upload.
    pub upload: String,
    /// Which upload of that key: its ETag without quotes.
    pub upload_etag: String,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
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
    /// What the packager should know although the chart was accepted.
    pub warnings: Vec<String>,
    /// When this was written.
    pub recorded_at: Timestamp,
    /// What was published under this name and then taken back. Later receipts of the name carry it over, whatever they
    /// record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpublished: Option<Unpublished>,
}

impl Receipt {
    /// Whether this speaks of that very upload: the same file name may be uploaded again.
    pub fn is_of(&self, etag: &str, uploaded_at: Timestamp) -> bool {
        self.upload_etag == etag && self.uploaded_at == uploaded_at
    }

    /// What was taken back according to the object with these bytes: a receipt, or what is left of one.
    pub fn unpublished_in(bytes: &[u8]) -> Option<Unpublished> {
        #[derive(Deserialize)]
        struct Kept {
            unpublished: Option<Unpublished>,
        }
        serde_json::from_slice::<Kept>(bytes).ok()?.unpublished
    }

    /// The object's bytes. Its fields are exact; the bytes are safe to show on a terminal or a page.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, numbers and times always serialize.
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        let mut bytes = escape_json(&json).into_owned();
        bytes.push(b'\n');
        bytes
    }
}
