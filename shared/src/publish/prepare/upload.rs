//! One upload: which state of which staged object.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::archive::Archive;
use crate::digest::Digest;
use crate::keys::{ChartFile, Repository, StagedKey};
use crate::publish::PublishError;
use crate::publish::checks::provenance::Attached;
use crate::store::{Described, ETag};

/// The largest object of which a copy is kept under `rejected/`. S3 copies no object over 5 GB, and
/// a function does not wait for one of some: what is larger than this, or what S3 does not read, is
/// rejected without a copy. Its earlier version stays for 30 days.
pub(in crate::publish) const MAX_COPIED: u64 = 512 * 1024 * 1024;

/// One state of a staged object. The same key may be uploaded again, and then is another upload.
#[derive(Debug, Clone)]
pub(in crate::publish) struct Upload {
    pub(in crate::publish) staged: StagedKey,
    pub(in crate::publish) repository: Repository,
    pub(in crate::publish) etag: ETag,
    pub(in crate::publish) uploaded: Timestamp,
    /// Which of the object's versions it is, in a bucket that keeps versions.
    pub(in crate::publish) version: Option<String>,
    /// The release that it says it belongs to.
    pub(in crate::publish) release: Option<String>,
    /// Whether a copy of it is kept if it is rejected: see [`MAX_COPIED`].
    pub(in crate::publish) is_copied: bool,
    /// Which state of its provenance file goes with it.
    pub(in crate::publish) provenance: Option<Attached>,
    /// Whose signature is published with it.
    pub(in crate::publish) signed_by: Option<String>,
}

impl Upload {
    /// An upload of which nothing more is known yet.
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

    /// What tells this upload from every other: it marks the archive that it became.
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

    /// Whether an object is this upload still. The same bytes may be uploaded again within the
    /// second that S3's clock tells, with another release.
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

/// The release that an upload names in its metadata.
pub(in crate::publish) fn release_in(metadata: &HashMap<String, String>) -> Option<String> {
    metadata.get(RELEASE_METADATA).cloned()
}
