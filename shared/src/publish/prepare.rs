//! One upload on its way up to the index: read, checked, its archive stored.

use bytes::Bytes;

use super::candidate::Prepared;
use super::conclude::Decided;
use super::images::Gate;
use super::index_state::{IndexState, StateCell};
use super::place::promise;
use super::provenance::Checked;
use super::unreadable::Unreadable;
use super::upload::{MAX_COPIED, Upload, release, upload};
use super::{PublishError, Publisher, Refusal};
use crate::archive::{self, Archive, ArchiveError, Limits};
use crate::chart;
use crate::digest::Digest;
use crate::keys::{Repository, StagedKey};
use crate::settings::{ImageCheck, ProvenanceMode};
use crate::store::{Got, StoreError};

impl Publisher {
    pub(super) async fn prepare(
        &self,
        repository: &Repository,
        staged: &StagedKey,
        state: &StateCell,
    ) -> Result<Prepared, PublishError> {
        let object = match self.store.get(staged.key(), self.limits.packed_bytes).await {
            Ok(Got::Found(object)) => object,
            Ok(Got::Missing) if self.settings.provenance != ProvenanceMode::Off => {
                return self.late_provenance(staged).await;
            }
            Ok(Got::Missing) => return Ok(Prepared::Gone),
            Ok(Got::TooLarge { size, etag, modified }) => {
                let is_copied = size <= MAX_COPIED;
                let upload = Upload {
                    is_copied,
                    ..upload(repository, staged, etag, modified)
                };
                let limit = self.limits.packed_bytes;
                return Ok(refused(upload, None, ArchiveError::TooLarge { size, limit }));
            }
            Err(error) => return self.refuse_unreadable(repository, staged, error).await,
        };
        let mut upload = Upload {
            version: object.version,
            release: release(&object.metadata),
            ..upload(repository, staged, object.etag, object.modified)
        };
        let read = match archive::read_with_values(&object.bytes, &self.limits) {
            Ok(read) => Ok(read),
            Err(error) => {
                let published = self.read_as_published(repository, &object.bytes, state);
                published.await?.ok_or(error)
            }
        };
        let (mut archive, values) = match read {
            Ok(read) => read,
            Err(error) => {
                let refused = Decided::refused(upload, None, error.into());
                let digest = Some(Digest::of(&object.bytes));
                return Ok(Prepared::Decided(Box::new(Decided { digest, ..refused })));
            }
        };
        if let Err(error) = chart::check_file_name(staged.file_name(), &archive.metadata) {
            return Ok(refused(upload, Some(archive), error));
        }
        let check = self.settings.version_check;
        if let Err(error) = check.check(&archive.metadata, values.as_deref(), upload.release.as_deref()) {
            return Ok(refused(upload, Some(archive), error));
        }
        let is_published = |state: &IndexState| {
            let promise = promise(state, &archive);
            promise.is_some_and(|promise| promise.comparable() == Some(archive.digest))
        };
        if self.settings.image_check != ImageCheck::Off && !is_published(self.index_state(repository, state).await?) {
            match self.check_images(&upload, &archive, values.as_deref()).await? {
                Gate::Open(warnings) => archive.warnings.extend(warnings),
                Gate::Shut(refusal) => return Ok(refused(upload, Some(archive), refusal)),
                Gate::Awaited(refusal) => {
                    return Ok(Prepared::Decided(Box::new(Decided::held(upload, archive, refusal))));
                }
            }
        }
        let (provenance, attached) = self.check_provenance(&upload, &archive).await?;
        upload.provenance = attached;
        match provenance {
            Checked::Bad(refusal) => return Ok(refused(upload, Some(archive), refusal)),
            Checked::Awaited(refusal) => {
                return Ok(Prepared::Decided(Box::new(Decided::held(upload, archive, refusal))));
            }
            Checked::None | Checked::Good(_) | Checked::ToSign => {}
        }
        let state = self.index_state(repository, state).await?;
        let digest = archive.digest;
        let mut prepared = self.place(state, upload, archive, object.bytes).await?;
        if let Prepared::Candidate(candidate) = &mut prepared {
            let checked = self.publish_provenance(candidate, provenance, digest).await?;
            let (upload, archive) = (candidate.upload.clone(), candidate.archive.clone());
            let own = Archive { digest, ..archive };
            match checked {
                Checked::Bad(refusal) => return Ok(refused(upload, Some(own), refusal)),
                Checked::Awaited(refusal) => {
                    return Ok(Prepared::Decided(Box::new(Decided::held(upload, own, refusal))));
                }
                Checked::None | Checked::Good(_) | Checked::ToSign => {}
            }
        }
        Ok(prepared)
    }

    /// Rejects an upload that S3 will never hand out. Every other failure of a read stays one.
    async fn refuse_unreadable(
        &self,
        repository: &Repository,
        staged: &StagedKey,
        error: StoreError,
    ) -> Result<Prepared, PublishError> {
        let Some(Unreadable { why, etag, modified }) = self.unreadable(staged.key(), error).await? else {
            return Ok(Prepared::Gone);
        };
        let upload = Upload {
            is_copied: false,
            ..upload(repository, staged, etag, modified)
        };
        Ok(refused(upload, None, why))
    }

    /// Reads an upload that would be rejected, but is published: what the index lists is `unchanged`, or brought back where its
    /// archive is gone.
    async fn read_as_published(
        &self,
        repository: &Repository,
        bytes: &Bytes,
        state: &StateCell,
    ) -> Result<Option<(Archive, Option<Vec<u8>>)>, PublishError> {
        let Ok(archive) = archive::read_published(bytes, &Limits::of_published()) else {
            return Ok(None);
        };
        let state = self.index_state(repository, state).await?;
        let promise = promise(state, &archive);
        let is_listed = promise.is_some_and(|promise| promise.comparable() == Some(archive.digest));
        Ok(is_listed.then_some((archive, None)))
    }
}

pub(super) fn refused(upload: Upload, archive: Option<Archive>, refusal: impl Into<Refusal>) -> Prepared {
    Prepared::Decided(Box::new(Decided::refused(upload, archive, refusal.into())))
}
