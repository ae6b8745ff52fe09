//! Repairs a stored archive that differs from what its entry names, when the right one is uploaded.
//!
//! The archive is replaced only in the state that was read, and only after a newer look at the
//! index: an index that was read earlier may name an archive that has since been unpublished and
//! published again in another packaging. The edge may cache the wrong bytes for a year, so a note
//! is written whose event starts an invalidation.

use bytes::Bytes;
use serde_json::json;

use super::candidate::{Candidate, Origin, Prepared};
use super::compare::digest_or_size;
use super::upload::Upload;
use crate::archive::Archive;
use crate::digest::short;
use crate::keys::{Headers, repaired_key};
use crate::publish::{PublishError, Publisher};
use crate::repository::{Marks, PublishedArchive, command};
use crate::store::{Replaced, StoreError};
use crate::unpublished::Unpublished;

impl Publisher {
    /// Replaces a stored archive by the one that the index names.
    pub(in crate::publish) async fn repair(
        &self,
        upload: Upload,
        own: Archive,
        bytes: Bytes,
        key: String,
        damaged: PublishedArchive,
    ) -> Result<Prepared, PublishError> {
        let Some(etag) = damaged.etag() else {
            return Err(PublishError::Vanished { key });
        };
        let state = self.repositories.existing_index(&upload.repository).await?;
        let promise = state
            .as_ref()
            .and_then(|state| state.index.promise(&own.metadata.name, &own.metadata.version));
        let names_it = promise.is_some_and(|promise| {
            let at = promise
                .url
                .as_ref()
                .map(|url| self.settings.key_at(&upload.repository, url));
            promise.comparable() == Some(own.digest) && at.is_none_or(|at| at.as_ref() == Some(&key))
        });
        if !names_it {
            return Err(PublishError::Vanished { key });
        }
        let returned_after = state.and_then(|state| {
            let note = state.unpublished.get(upload.staged.file_name())?;
            Some(Unpublished::id(note))
        });
        let marks = Marks {
            returned_after: returned_after.clone(),
            repaired_by: Some(upload.identity()),
            ..Marks::default()
        };
        let replaced = self
            .store
            .repair(
                &key,
                bytes,
                own.digest,
                &Headers::archive(),
                marks.into_metadata(),
                etag,
            )
            .await?;
        if replaced == Replaced::LostRace {
            return Err(PublishError::Vanished { key });
        }
        self.note_repair(&key, &upload, &own).await?;
        let mut archive = own;
        archive.warnings.push(repaired(&key, Some(&damaged)));
        Ok(Prepared::Candidate(Box::new(Candidate {
            upload,
            archive,
            key,
            origin: Origin::EarlierUpload,
            returned_after,
            restored: true,
            was_waiting: false,
        })))
    }

    /// Each note is a new object, so that its event makes an invalidation of its own.
    pub(in crate::publish) async fn note_repair(
        &self,
        key: &str,
        upload: &Upload,
        archive: &Archive,
    ) -> Result<(), StoreError> {
        let note = json!({
            "archive": key,
            "digest": archive.digest,
            "upload": upload.staged.key(),
            "uploadedAt": upload.uploaded,
            "notedAt": (self.clock)(),
        });
        let note = Bytes::from(format!("{note}\n"));
        self.repositories.write_note(&repaired_key(key), note).await
    }
}

/// The warning for the uploader.
pub(in crate::publish) fn repaired(key: &str, damaged: Option<&PublishedArchive>) -> String {
    let had = damaged.map(|damaged| format!(" (its digest was {})", digest_or_size(damaged)));
    format!(
        "{key} was damaged or replaced{}, and this upload, which has the digest in the index, has repaired it. Find out who \
         wrote to charts/ since it was published",
        had.unwrap_or_default()
    )
}

/// The stored archive has the same content, and nothing says whether it is what was published.
pub(in crate::publish) fn no_digest(upload: &Upload, archive: &Archive) -> String {
    let metadata = &archive.metadata;
    format!(
        "the index lists {} {} without a SHA-256 digest. Run {} to add it",
        metadata.name,
        metadata.version,
        command::reindex(&upload.repository)
    )
}

/// The entry has no URL, so the version cannot be installed.
pub(in crate::publish) fn no_url(upload: &Upload, archive: &Archive) -> String {
    let metadata = &archive.metadata;
    format!(
        "the index lists {} {} without a URL, so it cannot be installed. Run {} to add it",
        metadata.name,
        metadata.version,
        command::reindex(&upload.repository)
    )
}

/// The uploaded archive is stored, and the index names another one.
pub(in crate::publish) fn other_digest(upload: &Upload, archive: &Archive, listed: Option<&str>) -> String {
    let metadata = &archive.metadata;
    format!(
        "the stored archive of {} {} is the same as this upload, but the index lists another digest, {}: either the entry is \
         outdated, or somebody has replaced the archive. Run {}, which reports what to do",
        metadata.name,
        metadata.version,
        short(listed.unwrap_or_default()),
        command::verify(&upload.repository)
    )
}
