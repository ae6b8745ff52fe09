//! Storing the archive of an upload, once.

use bytes::Bytes;

use super::candidate::{Candidate, Origin, Prepared};
use super::compare::{holds, reject_other_content, with_warnings_of};
use super::repair::repaired;
use super::upload::Upload;
use crate::archive::Archive;
use crate::keys::Headers;
use crate::publish::{PublishError, Publisher};
use crate::repository::Marks;
use crate::store::Created;

/// Where to store an archive, and what the index says about it.
pub(in crate::publish) struct Destination {
    pub(in crate::publish) key: String,
    /// The index lists this key with the digest of the upload.
    pub(in crate::publish) is_listed: bool,
    /// See [`Marks::returned_after`].
    pub(in crate::publish) returned_after: Option<String>,
}

impl Destination {
    /// The index does not list the version.
    pub(in crate::publish) fn new(key: String) -> Self {
        Self {
            key,
            is_listed: false,
            returned_after: None,
        }
    }
}

impl Publisher {
    /// Stores the archive unless one of that name exists. An existing one stays and must have the
    /// same content, unless the index lists exactly the uploaded archive: then the stored one is
    /// repaired.
    pub(in crate::publish) async fn store_archive(
        &self,
        upload: Upload,
        own: Archive,
        bytes: Bytes,
        destination: Destination,
    ) -> Result<Prepared, PublishError> {
        let Destination {
            key,
            is_listed,
            returned_after,
        } = destination;
        let marks = Marks {
            upload: Some(upload.identity()),
            returned_after: returned_after.clone(),
            ..Marks::default()
        };
        let created = self
            .store
            .create(
                &key,
                bytes.clone(),
                own.digest,
                &Headers::archive(),
                marks.into_metadata(),
            )
            .await?;
        let restored = is_listed && created == Created::New;
        let (archive, origin, returned_after) = match created {
            Created::New => (own, Origin::ThisUpload, returned_after),
            Created::Exists => {
                let stored = self.repositories.read_archive(&key).await?;
                if stored.is_missing() {
                    return Err(PublishError::Vanished { key });
                }
                if is_listed && stored.digest() != Some(own.digest) {
                    return self.repair(upload, own, bytes, key, stored).await;
                }
                let marks = stored.marks().cloned().unwrap_or_default();
                // Whether the version was unpublished matters only if the index does not list it.
                if !is_listed && returned_after.is_some() && marks.returned_after != returned_after {
                    return Err(upload.being_unpublished(&own));
                }
                let Some(archive) = holds(&stored, &own) else {
                    return Ok(reject_other_content(upload, own, &stored));
                };
                let mut archive = with_warnings_of(archive, &own);
                if marks.repaired_by == Some(upload.identity()) {
                    self.note_repair(&key, &upload, &archive).await?;
                    archive.warnings.push(repaired(&key, None));
                }
                let origin = match marks.upload {
                    Some(identity) if identity == upload.identity() => Origin::ThisUpload,
                    _ => Origin::EarlierUpload,
                };
                (archive, origin, marks.returned_after)
            }
        };
        Ok(Prepared::Candidate(Box::new(Candidate {
            upload,
            archive,
            key,
            origin,
            returned_after,
            restored,
            was_waiting: false,
        })))
    }
}
