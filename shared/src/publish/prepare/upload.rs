//! One upload: an object under `staging/` in one state.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::archive::Archive;
use crate::digest::Digest;
use crate::keys::{ChartFile, Repository, StagedKey};
use crate::publish::PublishError;
use crate::publish::checks::provenance::Attached;
use crate::store::{Described, ETag};

/// The largest object that is copied to `rejected/`. S3 copies no object over 5 GB, and copying one
/// of several takes too long. Larger uploads, and those that S3 cannot read, are rejected without a
/// copy; with versioning, the deleted object is kept for 30 days.
pub(in crate::publish) const MAX_COPIED: u64 = 512 * 1024 * 1024;

/// One state of an object under `staging/`. If the key is uploaded again, that is another upload.
#[derive(Debug, Clone)]
pub(in crate::publish) struct Upload {
    pub(in crate::publish) staged: StagedKey,
    pub(in crate::publish) repository: Repository,
    pub(in crate::publish) etag: ETag,
    pub(in crate::publish) uploaded: Timestamp,
    /// The version ID, in a bucket with versioning.
    pub(in crate::publish) version: Option<String>,
    /// The release that the upload names.
    pub(in crate::publish) release: Option<String>,
    /// Whether a copy is kept if it is rejected; see [`MAX_COPIED`].
    pub(in crate::publish) is_copied: bool,
    /// Identifies the state of its provenance file.
    pub(in crate::publish) provenance: Option<Attached>,
    /// The fingerprint of the key whose signature is published with it.
    pub(in crate::publish) signed_by: Option<String>,
}

impl Upload {
    /// Creates an upload of which only the key and state are known.
    pub(in crate::publish) fn new(
        repository: &Repository,
        staged: &StagedKey,
        etag: ETag,
        uploaded: Timestamp,
    ) -> Self {
        Self {
            staged: staged.clone(),
            repository: repository.clone(),
            etag,
            uploaded,
            version: None,
            release: None,
            is_copied: true,
            provenance: None,
            signed_by: None,
        }
    }

    /// Identifies this upload among all others. The archive that it became is marked with it.
    pub(in crate::publish) fn identity(&self) -> String {
        let release = self
            .release
            .as_deref()
            .map(|release| format!(" {}", Digest::of(release.as_bytes())));
        format!(
            "{} {}{}",
            self.uploaded,
            self.etag.unquoted(),
            release.unwrap_or_default()
        )
    }

    /// Whether an object is still this upload. The same bytes may be uploaded again within one
    /// second of S3's clock, with another release.
    pub(in crate::publish) fn is(&self, described: &Described) -> bool {
        described.etag == self.etag
            && described.modified == self.uploaded
            && described.version == self.version
            && release_in(&described.metadata) == self.release
    }

    /// The archive that it becomes.
    pub(in crate::publish) fn file(&self) -> ChartFile {
        ChartFile::in_repository(&self.repository, &self.staged)
    }

    pub(in crate::publish) fn being_unpublished(&self, archive: &Archive) -> PublishError {
        PublishError::BeingUnpublished {
            repository: self.repository.clone(),
            chart: archive.metadata.name.clone(),
            version: archive.metadata.version.clone(),
        }
    }
}

/// User metadata of an upload: the tag of the release that it belongs to.
const RELEASE_METADATA: &str = "release";

/// The release that an upload names in its user metadata.
pub(in crate::publish) fn release_in(metadata: &HashMap<String, String>) -> Option<String> {
    metadata.get(RELEASE_METADATA).cloned()
}
