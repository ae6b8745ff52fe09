//! A stored archive that is not the one that its entry names: whoever uploads the right one repairs it.
//!
//! It is replaced only in the state that was read, and only after a look at the index that is newer than that state: an index
//! that was read before may name an archive that was unpublished and brought back in another packaging since. The edge may
//! have the wrong bytes for a year, so a note is written whose event makes it drop them.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::json;

use super::candidate::{Candidate, Origin, Prepared};
use super::compare::digest_or_size;
use super::metadata::{REPAIRED_METADATA, RETURNED_METADATA};
use super::recover::Stored;
use super::upload::Upload;
use super::{PublishError, Publisher, command};
use crate::archive::Archive;
use crate::keys::{Headers, repaired_key};
use crate::store::{Replaced, StoreError};
use crate::unpublished::Unpublished;

/// Runs that note the repair of the same archive at the same time.
const NOTE_ATTEMPTS: u32 = 5;

impl Publisher {
    /// Puts the archive that the index names into the place of another one.
    pub(super) async fn repair(
        &self,
        upload: Upload,
        own: Archive,
        bytes: Bytes,
        key: String,
        damaged: Stored,
    ) -> Result<Prepared, PublishError> {
        let state = self.read_existing_index(&upload.repository).await?;
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
        let mut metadata = HashMap::from([(REPAIRED_METADATA.to_owned(), upload.identity())]);
        metadata.extend(returned_after.clone().map(|id| (RETURNED_METADATA.to_owned(), id)));
        let replaced = self
            .store
            .repair(&key, bytes, own.digest, &Headers::archive(), metadata, &damaged.etag)
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
            taken_along: false,
        })))
    }

    /// Each note is another object than those before it, so that its event makes an invalidation of its own.
    pub(super) async fn note_repair(&self, key: &str, upload: &Upload, archive: &Archive) -> Result<(), StoreError> {
        let note = json!({
            "archive": key,
            "digest": archive.digest,
            "upload": upload.staged.key(),
            "uploadedAt": upload.uploaded,
            "notedAt": (self.clock)(),
        });
        let note = Bytes::from(format!("{note}\n"));
        let (key, mut earlier) = (repaired_key(key), None);
        for _ in 0..NOTE_ATTEMPTS {
            let (pieces, headers) = (vec![note.clone()], Headers::receipt());
            if self.store.replace(&key, pieces, &headers, earlier.as_ref()).await? == Replaced::Done {
                return Ok(());
            }
            earlier = self.store.head(&key).await?.map(|(etag, _)| etag);
        }
        // So many others have noted it since, after the archive was in place.
        Ok(())
    }
}

/// What the uploader is told.
pub(super) fn repaired(key: &str, damaged: Option<&Stored>) -> String {
    let had = damaged.map(|damaged| format!(" (its digest was {})", digest_or_size(damaged)));
    format!(
        "{key} was damaged or tampered with{}; this upload is the archive that the index names, and has repaired it. Find \
         out who wrote to charts/ since it was published",
        had.unwrap_or_default()
    )
}

/// The same content is there, and nothing says whether it is what was published.
pub(super) fn no_digest(upload: &Upload, archive: &Archive) -> String {
    let metadata = &archive.metadata;
    format!(
        "the index lists {} {} without a digest that can be compared; run {}, which adds it",
        metadata.name,
        metadata.version,
        command::reindex(&upload.repository)
    )
}

/// Nobody can install it.
pub(super) fn no_url(upload: &Upload, archive: &Archive) -> String {
    let metadata = &archive.metadata;
    format!(
        "the index lists {} {} without a URL, so nobody can install it; run {}, which adds it",
        metadata.name,
        metadata.version,
        command::reindex(&upload.repository)
    )
}

/// The very archive is there, and the index names another one.
pub(super) fn other_digest(upload: &Upload, archive: &Archive, listed: Option<&str>) -> String {
    let metadata = &archive.metadata;
    format!(
        "this very archive is published as {} {}, but the index lists it with another digest, {}: either the entry is old, \
         or somebody has replaced the archive. Run {}, which says what to do",
        metadata.name,
        metadata.version,
        listed.unwrap_or_default(),
        command::verify(&upload.repository)
    )
}
