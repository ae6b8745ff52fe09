//! The archive of an upload is stored, once.

use std::collections::HashMap;

use bytes::Bytes;

use super::candidate::{Candidate, Origin, Prepared};
use super::compare::{reject_other_content, with_warnings_of};
use super::metadata::{RETURNED_METADATA, UPLOAD_METADATA};
use super::repair::repaired;
use super::upload::Upload;
use super::{PublishError, Publisher};
use crate::archive::Archive;
use crate::keys::Headers;
use crate::store::Created;

/// Where an archive is to be stored.
pub(super) struct Destination {
    pub(super) key: String,
    /// The index lists it there, with the digest of the upload.
    pub(super) is_listed: bool,
    /// See [`RETURNED_METADATA`].
    pub(super) returned_after: Option<String>,
}

impl Destination {
    /// Of a version that the index does not list.
    pub(super) fn new(key: String) -> Self {
        Destination {
            key,
            is_listed: false,
            returned_after: None,
        }
    }
}

impl Publisher {
    /// Publishes the archive, once. Where one of that name is there already, it stays, and must be the same chart; unless the
    /// index lists the very archive of this upload, which is then repaired.
    pub(super) async fn store_archive(
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
        let mut metadata = HashMap::from([(UPLOAD_METADATA.to_owned(), upload.identity())]);
        metadata.extend(returned_after.clone().map(|id| (RETURNED_METADATA.to_owned(), id)));
        let created = self
            .store
            .create(&key, bytes.clone(), own.digest, &Headers::archive(), metadata)
            .await?;
        let restored = is_listed && created == Created::New;
        let (archive, origin, returned_after) = match created {
            Created::New => (own, Origin::ThisUpload, returned_after),
            Created::Exists => {
                let Some(stored) = self.stored(&key).await? else {
                    return Err(PublishError::Vanished { key });
                };
                if is_listed && stored.digest != Some(own.digest) {
                    return self.repair(upload, own, bytes, key, stored).await;
                }
                // Whether it came back is of interest only where the index does not list it.
                if !is_listed && returned_after.is_some() && stored.returned_after != returned_after {
                    return Err(upload.being_unpublished(&own));
                }
                let Some(archive) = stored.holds(&own) else {
                    return Ok(reject_other_content(upload, own, &stored));
                };
                let mut archive = with_warnings_of(archive, &own);
                if stored.repaired == Some(upload.identity()) {
                    self.note_repair(&key, &upload, &archive).await?;
                    archive.warnings.push(repaired(&key, None));
                }
                let origin = match stored.upload {
                    Some(identity) if identity == upload.identity() => Origin::ThisUpload,
                    _ => Origin::EarlierUpload,
                };
                (archive, origin, stored.returned_after)
            }
        };
        Ok(Prepared::Candidate(Box::new(Candidate {
            upload,
            archive,
            key,
            origin,
            returned_after,
            restored,
            taken_along: false,
        })))
    }
}
