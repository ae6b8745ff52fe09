//! Preparing an upload: it is read and checked, and its archive is stored.
//!
//! [`upload`] is one state of an upload, [`unreadable`] one whose bytes S3 does not return.
//! [`place`] looks up what the index lists, and [`compare`] what is stored. [`store_archive`]
//! stores the archive, and [`repair`] replaces a damaged one. The result is a [`candidate`] for the
//! index, or is decided.

pub(in crate::publish) mod candidate;
mod compare;
mod place;
mod repair;
mod store_archive;
pub(in crate::publish) mod unreadable;
pub(in crate::publish) mod upload;

use bytes::Bytes;

use crate::archive::{self, Archive, ArchiveError, Limits};
use crate::chart::{self, Values};
use crate::digest::Digest;
use crate::image::ImageCheck;
use crate::keys::{ChartFile, Repository, StagedKey};
use crate::provenance::ProvenanceMode;
use crate::publish::checks::provenance::Signature;
use crate::publish::checks::verdict::Verdict;
use crate::publish::decided::Decided;
use crate::publish::index::state::{IndexState, StateCell};
use crate::publish::{PublishError, Publisher};
use crate::store::{Got, StoreError};
use candidate::{Candidate, Prepared};
use place::promise;
use unreadable::Unreadable;
use upload::{MAX_COPIED, Upload, release_in};

/// The result of reading an upload.
enum ReadUpload {
    Found(Upload, Bytes),
    /// There is no archive to continue with.
    Done(Prepared),
}

/// An archive, with its `values.yaml` as far as that has to be checked.
struct ReadArchive {
    archive: Archive,
    values: Values,
}

impl Publisher {
    /// Reads an upload, checks it, and stores its archive.
    pub(in crate::publish) async fn prepare(
        &self,
        file: &ChartFile,
        state: &StateCell,
    ) -> Result<Prepared, PublishError> {
        let (mut upload, bytes) = match self.read_upload(file).await? {
            ReadUpload::Found(upload, bytes) => (upload, bytes),
            ReadUpload::Done(prepared) => return Ok(prepared),
        };
        let mut read = match archive::read_with_values(&bytes, &self.limits) {
            Ok((archive, values)) => ReadArchive { archive, values },
            Err(error) => match self.read_as_published(file.repository(), &bytes, state).await? {
                Some(read) => read,
                None => return Ok(Decided::rejected_unread(upload, Some(Digest::of(&bytes)), error).into()),
            },
        };
        let verdict = self.check(&mut upload, &mut read, state).await?;
        let archive = read.archive;
        let signature = match verdict {
            Verdict::Pass(signature) => signature,
            Verdict::Hold(wait) => return Ok(Decided::held(upload, archive, wait).into()),
            Verdict::Reject(reason) => return Ok(Decided::rejected(upload, archive, reason).into()),
        };
        let state = self.index_state(file.repository(), state).await?;
        let own = archive.digest;
        match self.place(state, upload, archive, bytes).await? {
            Prepared::Candidate(candidate) => self.publish_signed(candidate, signature, own).await,
            other => Ok(other),
        }
    }

    async fn read_upload(&self, file: &ChartFile) -> Result<ReadUpload, PublishError> {
        let (repository, staged) = (file.repository(), file.upload());
        let limit = self.limits.packed_bytes;
        let done = match self.store.get(staged.key(), limit).await {
            Ok(Got::Found(object)) => {
                let upload = Upload {
                    version: object.version,
                    release: release_in(&object.metadata),
                    ..Upload::new(repository, &staged, object.etag, object.modified)
                };
                return Ok(ReadUpload::Found(upload, object.bytes));
            }
            Ok(Got::Missing) if self.settings.provenance != ProvenanceMode::Off => self.late_provenance(file).await?,
            Ok(Got::Missing) => Prepared::Gone,
            Ok(Got::TooLarge { size, etag, modified }) => {
                let upload = Upload {
                    is_copied: size <= MAX_COPIED,
                    ..Upload::new(repository, &staged, etag, modified)
                };
                Decided::rejected_unread(upload, None, ArchiveError::TooLarge { size, limit }).into()
            }
            Err(error) => self.reject_unreadable(repository, &staged, error).await?,
        };
        Ok(ReadUpload::Done(done))
    }

    /// Rejects an upload whose bytes S3 will never return. Any other failed read stays a failure.
    async fn reject_unreadable(
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
            ..Upload::new(repository, staged, etag, modified)
        };
        Ok(Decided::rejected_unread(upload, None, why).into())
    }

    /// Reads an upload that would be rejected but is already published: it is `unchanged` if the
    /// index lists it, and restores its archive if that is missing.
    async fn read_as_published(
        &self,
        repository: &Repository,
        bytes: &Bytes,
        state: &StateCell,
    ) -> Result<Option<ReadArchive>, PublishError> {
        let Ok(archive) = archive::read_published(bytes, &Limits::of_published()) else {
            return Ok(None);
        };
        let is_listed = lists(self.index_state(repository, state).await?, &archive);
        let values = Values::default();
        Ok(is_listed.then_some(ReadArchive { archive, values }))
    }

    /// Runs all checks on a readable upload. Passes with what has to be done about its signature.
    async fn check(
        &self,
        upload: &mut Upload,
        read: &mut ReadArchive,
        state: &StateCell,
    ) -> Result<Verdict<Signature>, PublishError> {
        let ReadArchive { archive, values } = read;
        if let Err(error) = chart::check_file_name(upload.staged.file_name(), &archive.metadata) {
            return Ok(Verdict::Reject(error.into()));
        }
        let versions = self.settings.version_check;
        if let Err(error) = versions.check(&archive.metadata, values, upload.release.as_deref()) {
            return Ok(Verdict::Reject(error.into()));
        }
        let checks_images = self.settings.image_check != ImageCheck::Off;
        if checks_images && !lists(self.index_state(&upload.repository, state).await?, archive) {
            match self.check_images(upload, archive, values).await? {
                Verdict::Pass(warnings) => archive.warnings.extend(warnings),
                Verdict::Hold(wait) => return Ok(Verdict::Hold(wait)),
                Verdict::Reject(reason) => return Ok(Verdict::Reject(reason)),
            }
        }
        // The values take many times the memory of their text.
        *values = Values::default();
        let (verdict, attached) = self.check_provenance(upload, archive).await?;
        upload.provenance = attached;
        Ok(verdict)
    }

    /// Publishes or makes the signature of a candidate, or decides that it must not be listed.
    /// `own` is the digest of the upload, which may differ from that of the stored archive.
    async fn publish_signed(
        &self,
        candidate: Box<Candidate>,
        signature: Signature,
        own: Digest,
    ) -> Result<Prepared, PublishError> {
        let mut candidate = candidate;
        match self.publish_provenance(&mut candidate, signature, own).await? {
            Verdict::Pass(()) => Ok(Prepared::Candidate(candidate)),
            Verdict::Hold(wait) => {
                let (upload, archive) = candidate.withdrawn(own);
                Ok(Decided::held(upload, archive, wait).into())
            }
            Verdict::Reject(reason) => {
                let (upload, archive) = candidate.withdrawn(own);
                Ok(Decided::rejected(upload, archive, reason).into())
            }
        }
    }
}

/// Whether the index lists exactly this archive.
fn lists(state: &IndexState, archive: &Archive) -> bool {
    let promise = promise(state, archive);
    promise.is_some_and(|promise| promise.comparable() == Some(archive.digest))
}
