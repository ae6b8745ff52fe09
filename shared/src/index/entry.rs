//! A new entry: what the current Helm writes for the same archive with `helm repo index --url`.

use jiff::Timestamp;
use serde::Serialize;

use super::json_text;
use crate::chart::Metadata;
use crate::digest::Digest;

/// One chart version to be listed.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What Helm knows of the chart.
    pub metadata: Metadata,
    /// SHA-256 of the archive.
    pub digest: Digest,
    /// Where the archive can be downloaded: Helm tries the first one only.
    pub url: String,
    /// When the version was published; never changes afterwards.
    pub created: Timestamp,
}

/// The fields in the order of Helm's `ChartVersion`
/// (<https://github.com/helm/helm/blob/main/pkg/repo/v1/index.go>).
#[derive(Serialize)]
struct ChartVersion<'a> {
    #[serde(flatten)]
    metadata: &'a Metadata,
    urls: [&'a str; 1],
    created: String,
    digest: Digest,
}

impl Entry {
    /// The entry as one line of JSON text.
    pub(super) fn to_json(&self) -> Result<String, serde_json::Error> {
        json_text::to_string(&ChartVersion {
            metadata: &self.metadata,
            urls: [&self.url],
            created: self.created.to_string(),
            digest: self.digest,
        })
    }
}
