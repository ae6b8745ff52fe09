//! Compares an upload with the published archive by content, because `helm package` stamps the time
//! into each archive.

use super::candidate::Prepared;
use super::place::unchanged;
use super::repair::{no_digest, other_digest};
use super::upload::Upload;
use crate::archive::Archive;
use crate::index::Promise;
use crate::publish::decided::Decided;
use crate::publish::{PublishError, Publisher, Reason};
use crate::repository::PublishedArchive;

impl Publisher {
    /// Handles a version that the index lists with another digest or none. The archive under its
    /// URL (not in this bucket if `key` is `None`) is the same content in another packaging, other
    /// content, or not what the entry names.
    pub(in crate::publish) async fn compare_with_listed(
        &self,
        upload: Upload,
        own: Archive,
        promise: Promise,
        key: Option<String>,
    ) -> Result<Prepared, PublishError> {
        let stored = match &key {
            Some(key) => self.repositories.read_archive(key).await?,
            None => PublishedArchive::Missing,
        };
        let Some(key) = key.filter(|_| !stored.is_missing()) else {
            let reason = Reason::ListedElsewhere {
                chart: own.metadata.name.clone(),
                version: own.metadata.version.clone(),
                listed: promise.digest,
                url: promise.url,
                own: own.digest,
            };
            return Ok(Decided::rejected(upload, own, reason).into());
        };
        let listed = promise.comparable();
        let is_sound = listed.is_none() || listed == stored.digest();
        match holds(&stored, &own) {
            Some(archive) if is_sound => {
                let mut archive = with_warnings_of(archive, &own);
                if listed.is_none() {
                    let warning = no_digest(&upload, &archive);
                    archive.warnings.push(warning);
                }
                Ok(unchanged(upload, archive, promise.url, true))
            }
            Some(archive) if archive.digest == own.digest => {
                let mut archive = with_warnings_of(archive, &own);
                let warning = other_digest(&upload, &archive, promise.digest.as_deref());
                archive.warnings.push(warning);
                Ok(unchanged(upload, archive, promise.url, false))
            }
            _ if is_sound => Ok(reject_other_content(upload, own, &stored)),
            _ => {
                let reason = Reason::StoredArchiveChanged {
                    chart: own.metadata.name.clone(),
                    version: own.metadata.version.clone(),
                    key,
                    listed: promise.digest.unwrap_or_default(),
                    stored: digest_or_size(&stored),
                    own: own.digest,
                };
                Ok(Decided::rejected(upload, own, reason).into())
            }
        }
    }
}

/// Returns the stored archive if it has the same content, whenever it was packaged.
pub(in crate::publish) fn holds(stored: &PublishedArchive, own: &Archive) -> Option<Archive> {
    let archive = stored.archive()?;
    let same = archive.content_digest == own.content_digest && is_same_version(archive, own);
    same.then(|| archive.clone())
}

/// The published archive, with a warning for the packager.
pub(in crate::publish) fn with_warnings_of(published: Archive, own: &Archive) -> Archive {
    let warnings = own.warnings.clone();
    Archive { warnings, ..published }
}

fn is_same_version(a: &Archive, b: &Archive) -> bool {
    a.metadata.name == b.metadata.name && a.metadata.version == b.metadata.version
}

pub(in crate::publish) fn reject_other_content(upload: Upload, own: Archive, stored: &PublishedArchive) -> Prepared {
    let reason = match stored.archive() {
        Some(other) if !is_same_version(other, &own) => Reason::FileNameTaken {
            file: upload.staged.file_name().to_owned(),
            chart: other.metadata.name.clone(),
            version: other.metadata.version.clone(),
        },
        _ => Reason::OtherContent {
            chart: own.metadata.name.clone(),
            version: own.metadata.version.clone(),
            published: digest_or_size(stored),
            own: own.digest,
        },
    };
    Decided::rejected(upload, own, reason).into()
}

/// The digest of a stored archive, for a message.
pub(in crate::publish) fn digest_or_size(stored: &PublishedArchive) -> String {
    match (stored.digest(), stored.problem()) {
        (Some(digest), _) => digest.short(),
        (None, Some(problem)) => format!("unknown, {problem}"),
        (None, None) => "unknown".to_owned(),
    }
}
