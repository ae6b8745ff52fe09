//! A new entry: what the current Helm writes for the same archive with `helm repo index --url`.

use jiff::Timestamp;
use serde::Serialize;

use crate::chart::{Metadata, time};
use crate::digest::Digest;
use crate::yaml::json_text;

/// A chart version to list.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The chart's metadata.
    pub metadata: Metadata,
    /// The SHA-256 digest of the archive.
    pub digest: Digest,
    /// The URL of the archive: Helm tries only the first one.
    pub url: String,
    /// When the version was published; never changes afterwards.
    pub created: Created,
}

/// When a version was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    time: Timestamp,
    /// Exactly as an earlier entry of the version says.
    kept: Option<String>,
    uploaded: Option<Timestamp>,
}

impl Created {
    /// At this time. An edit moves it by microseconds if new entries of one chart have the same
    /// time.
    pub fn at(time: Timestamp) -> Self {
        Self {
            time,
            kept: None,
            uploaded: None,
        }
    }

    /// At this time, for an upload from `uploaded`: among versions that differ only in build
    /// metadata, the one that was uploaded last is the newest.
    pub fn by_upload(time: Timestamp, uploaded: Timestamp) -> Self {
        Self {
            uploaded: Some(uploaded),
            ..Self::at(time)
        }
    }

    /// Exactly as an earlier entry of the version says; `None` if that is not a time.
    pub fn kept(text: &str) -> Option<Self> {
        Some(Self {
            kept: Some(text.to_owned()),
            ..Self::at(time::parse(text)?)
        })
    }

    /// The time.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Whether it must not be changed.
    pub(super) fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// When the upload arrived.
    pub(super) fn uploaded(&self) -> Option<Timestamp> {
        self.uploaded
    }
}

impl From<Timestamp> for Created {
    fn from(time: Timestamp) -> Self {
        Self::at(time)
    }
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
    /// The entry as one line of JSON text, created at `time` unless an earlier entry has a time.
    pub(super) fn to_json(&self, time: Timestamp) -> Result<String, serde_json::Error> {
        json_text::to_string(&ChartVersion {
            metadata: &self.metadata,
            urls: [&self.url],
            created: self.created.kept.clone().unwrap_or_else(|| time.to_string()),
            digest: self.digest,
        })
    }
}
