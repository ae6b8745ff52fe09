//! One upload on its way up to the index: read, checked, its archive stored.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::conclude::Decided;
use super::images::Gate;
use super::index_state::{IndexState, StateCell};
use super::provenance::{Attached, Checked, LateProvenance};
use super::unreadable::Unreadable;
use super::{PublishError, Publisher, Refusal};
use crate::archive::{self, Archive, ArchiveError, Limits};
use crate::chart;
use crate::digest::Digest;
use crate::keys::{Headers, Repository, StagedKey};
use crate::receipt::Outcome;
use crate::settings::{ImageCheck, ProvenanceMode};
use crate::store::{Created, Described, ETag, Got, StoreError};
use crate::unpublished::Unpublished;

/// The largest object of which a copy is kept under `rejected/`. S3 copies no object over 5 GB, and a function does not wait for one of
/// some: what is larger than this, or what S3 does not read, is rejected without a copy. Its earlier version stays for 30 days.
pub(super) const MAX_COPIED: u64 = 512 * 1024 * 1024;
/// User metadata of a published archive: which upload it came from.
const UPLOAD_METADATA: &str = "chartdrop-upload";
/// User metadata of an upload: the tag of the release that it belongs to.
const RELEASE_METADATA: &str = "release";
/// User metadata of an archive whose version had been taken back: which removal the publisher knew of when it stored it.
///
/// An archive without it, or with another removal's, is the one that was taken back and is about to be deleted. An index
/// that listed it would soon promise bytes that are gone.
pub(crate) const RETURNED_METADATA: &str = "chartdrop-returned-after";

/// One state of a staged object. The same key may be uploaded again, and then is another upload.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) staged: StagedKey,
    pub(super) repository: Repository,
    pub(super) etag: ETag,
    pub(super) uploaded: Timestamp,
    /// Which of the object's versions it is, in a bucket that keeps versions.
    pub(super) version: Option<String>,
    /// The release that it says it belongs to.
    pub(super) release: Option<String>,
    /// Whether a copy of it is kept if it is rejected: see [`MAX_COPIED`].
    pub(super) is_copied: bool,
    /// Which state of its provenance file goes with it.
    pub(super) provenance: Option<Attached>,
    /// Whose signature is published with it.
    pub(super) signed_by: Option<String>,
}

impl Upload {
    /// What tells this upload from every other: it marks the archive that it became.
    fn identity(&self) -> String {
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

    /// Whether an object is this upload still. The same bytes may be uploaded again within the second that S3's clock tells, with
    /// another release.
    pub(super) fn is(&self, described: &Described) -> bool {
        described.etag == self.etag
            && described.modified == self.uploaded
            && described.version == self.version
            && release(&described.metadata) == self.release
    }

    pub(super) fn being_unpublished(&self, archive: &Archive) -> PublishError {
        PublishError::BeingUnpublished {
            repository: self.repository.clone(),
            chart: archive.metadata.name.clone(),
            version: archive.metadata.version.clone(),
        }
    }
}

/// What preparing an upload came to.
#[derive(Debug)]
pub(super) enum Prepared {
    /// Its archive is published; the index has to list it.
    Candidate(Box<Candidate>),
    /// Its outcome does not depend on the index any more.
    Decided(Box<Decided>),
    /// Only its provenance file is there, or was.
    Late(LateProvenance),
    /// It is not there.
    Gone,
}

/// An upload whose archive is in place.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) upload: Upload,
    /// The published archive: the upload's own, or an earlier packaging of the same content.
    pub(super) archive: Archive,
    pub(super) origin: Origin,
    /// After which removal the published archive was stored, if its version had been taken back.
    pub(super) returned_after: Option<String>,
    /// The index listed it, but there was no archive: what removed that may have taken it out of the index since.
    pub(super) restored: bool,
    /// Taken along from staging after a lost race, not asked for: another run answers for it unless this one lists it.
    pub(super) taken_along: bool,
}

/// Where the published archive of a candidate came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// From this very upload, in this run or in one that was killed.
    ThisUpload,
    /// From an earlier one.
    EarlierUpload,
}

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
        let (mut archive, values) = match archive::read_with_values(&object.bytes, &self.limits) {
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
        let is_published = |state: &IndexState| listed(state, &archive) == Some(archive.digest.to_string());
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

    /// Puts an upload that has passed beside what is published.
    async fn place(
        &self,
        state: &IndexState,
        upload: Upload,
        archive: Archive,
        bytes: Bytes,
    ) -> Result<Prepared, PublishError> {
        let file_name = upload.staged.file_name();
        match (listed(state, &archive), state.unpublished.get(file_name)) {
            (Some(listed), _) if listed != archive.digest.to_string() => {
                self.compare_with_listed(upload, archive, listed).await
            }
            (None, Some(unpublished)) => self.bring_back(upload, archive, bytes, unpublished).await,
            (listed, _) => self.store_archive(upload, archive, bytes, listed.is_some(), None).await,
        }
    }

    /// The version was taken back: only the same content may have its name again.
    async fn bring_back(
        &self,
        upload: Upload,
        own: Archive,
        bytes: Bytes,
        unpublished: &Unpublished,
    ) -> Result<Prepared, PublishError> {
        if !unpublished.allows(&own) {
            let refusal = Refusal::Unpublished {
                chart: own.metadata.name.clone(),
                version: own.metadata.version.clone(),
                at: unpublished.at,
                published: unpublished.digest.map(|digest| digest.to_string()).unwrap_or_default(),
                own: own.digest,
            };
            return Ok(refused(upload, Some(own), refusal));
        }
        // This very upload may be what was taken back, by a run that was killed before it removed the upload.
        if let Some(receipt) = self.recorded(&upload).await? {
            return Ok(Prepared::Decided(Box::new(Decided {
                upload,
                digest: Some(own.digest),
                archive: Some(own),
                outcome: receipt.outcome,
                refusal: None,
            })));
        }
        self.store_archive(upload, own, bytes, false, Some(unpublished.id()))
            .await
    }

    /// The index lists the version with another digest: the same content packed again, or other content.
    async fn compare_with_listed(
        &self,
        upload: Upload,
        own: Archive,
        listed: String,
    ) -> Result<Prepared, PublishError> {
        match self.published(&upload.staged).await? {
            None => {
                let refusal = Refusal::ListedElsewhere {
                    chart: own.metadata.name.clone(),
                    version: own.metadata.version.clone(),
                    listed,
                    own: own.digest,
                };
                Ok(refused(upload, Some(own), refusal))
            }
            Some(published) => match published.holds(&own) {
                // The index must not promise bytes that are not there.
                Some(archive) if archive.digest.to_string() == listed => Ok(Prepared::Decided(Box::new(Decided {
                    upload,
                    digest: Some(archive.digest),
                    archive: Some(Archive {
                        warnings: own.warnings,
                        ..archive
                    }),
                    outcome: Outcome::Unchanged,
                    refusal: None,
                }))),
                _ => Ok(refuse_other_content(upload, own, &published)),
            },
        }
    }

    /// Publishes the archive, once. Where one of that name is there already, it stays, and must be the same chart.
    async fn store_archive(
        &self,
        upload: Upload,
        own: Archive,
        bytes: Bytes,
        is_listed: bool,
        returned_after: Option<String>,
    ) -> Result<Prepared, PublishError> {
        let key = upload.staged.archive_key();
        let mut metadata = HashMap::from([(UPLOAD_METADATA.to_owned(), upload.identity())]);
        metadata.extend(returned_after.clone().map(|id| (RETURNED_METADATA.to_owned(), id)));
        let created = self
            .store
            .create(&key, bytes, own.digest, &Headers::archive(), metadata)
            .await?;
        let restored = is_listed && created == Created::New;
        let (archive, origin, returned_after) = match created {
            Created::New => (own, Origin::ThisUpload, returned_after),
            Created::Exists => {
                let published = self
                    .published(&upload.staged)
                    .await?
                    .ok_or(PublishError::Vanished { key })?;
                if returned_after.is_some() && published.returned_after != returned_after {
                    return Err(upload.being_unpublished(&own));
                }
                let Some(archive) = published.holds(&own) else {
                    return Ok(refuse_other_content(upload, own, &published));
                };
                let origin = match published.upload {
                    Some(identity) if identity == upload.identity() => Origin::ThisUpload,
                    _ => Origin::EarlierUpload,
                };
                let warnings = own.warnings;
                (Archive { warnings, ..archive }, origin, published.returned_after)
            }
        };
        Ok(Prepared::Candidate(Box::new(Candidate {
            upload,
            archive,
            origin,
            returned_after,
            restored,
            taken_along: false,
        })))
    }

    /// The archive that is published under the name of this upload.
    async fn published(&self, staged: &StagedKey) -> Result<Option<Published>, PublishError> {
        match self
            .store
            .get(&staged.archive_key(), Limits::default().unpacked_bytes)
            .await?
        {
            Got::Found(object) => {
                let limits = Limits {
                    packed_bytes: u64::MAX,
                    ..self.limits
                };
                Ok(Some(Published {
                    digest: Digest::of(&object.bytes),
                    archive: archive::read_published(&object.bytes, &limits).ok(),
                    upload: object.metadata.get(UPLOAD_METADATA).cloned(),
                    returned_after: object.metadata.get(RETURNED_METADATA).cloned(),
                }))
            }
            Got::Missing => Ok(None),
            Got::TooLarge { size, .. } => Ok(Some(Published {
                digest: Digest::of(&size.to_le_bytes()),
                archive: None,
                upload: None,
                returned_after: None,
            })),
        }
    }
}

/// What is published under an upload's name.
struct Published {
    digest: Digest,
    /// `None` if it cannot be read.
    archive: Option<Archive>,
    upload: Option<String>,
    returned_after: Option<String>,
}

impl Published {
    /// The published archive if it is the same chart, packed at whatever time.
    fn holds(&self, own: &Archive) -> Option<Archive> {
        let archive = self.archive.as_ref()?;
        let same = archive.content_digest == own.content_digest && is_same_version(archive, own);
        same.then(|| archive.clone())
    }
}

fn is_same_version(a: &Archive, b: &Archive) -> bool {
    a.metadata.name == b.metadata.name && a.metadata.version == b.metadata.version
}

pub(super) fn upload(repository: &Repository, staged: &StagedKey, etag: ETag, uploaded: Timestamp) -> Upload {
    Upload {
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

/// The release that an upload names.
pub(super) fn release(metadata: &HashMap<String, String>) -> Option<String> {
    metadata.get(RELEASE_METADATA).cloned()
}

/// The digest that the index lists for this version, if it lists it.
fn listed(state: &IndexState, archive: &Archive) -> Option<String> {
    let metadata = &archive.metadata;
    let listed = state.index.digest_of(&metadata.name, &metadata.version)?;
    Some(listed.unwrap_or_default().to_ascii_lowercase())
}

fn refuse_other_content(upload: Upload, own: Archive, published: &Published) -> Prepared {
    let refusal = match &published.archive {
        Some(other) if !is_same_version(other, &own) => Refusal::FileNameTaken {
            file: upload.staged.file_name().to_owned(),
            chart: other.metadata.name.clone(),
            version: other.metadata.version.clone(),
        },
        _ => Refusal::OtherContent {
            chart: own.metadata.name.clone(),
            version: own.metadata.version.clone(),
            published: published.digest.to_string(),
            own: own.digest,
        },
    };
    refused(upload, Some(own), refusal)
}

fn refused(upload: Upload, archive: Option<Archive>, refusal: impl Into<Refusal>) -> Prepared {
    Prepared::Decided(Box::new(Decided::refused(upload, archive, refusal.into())))
}
