//! One upload on its way up to the index: read, checked, its archive stored.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::conclude::Decided;
use super::index_state::{IndexState, StateCell};
use super::{PublishError, Publisher, Refusal};
use crate::archive::{self, Archive, ArchiveError, Limits};
use crate::chart;
use crate::digest::Digest;
use crate::keys::{Headers, Repository, StagedKey};
use crate::receipt::Outcome;
use crate::store::{Created, ETag, Got};

/// User metadata of a published archive: which upload it came from.
const UPLOAD_METADATA: &str = "chartdrop-upload";

/// One state of a staged object. The same key may be uploaded again, and then is another upload.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) staged: StagedKey,
    pub(super) repository: Repository,
    pub(super) etag: ETag,
    pub(super) uploaded: Timestamp,
}

impl Upload {
    /// What tells this upload from every other: it marks the archive that it became.
    fn identity(&self) -> String {
        format!("{} {}", self.uploaded, self.etag.unquoted())
    }
}

/// What preparing an upload came to.
#[derive(Debug)]
pub(super) enum Prepared {
    /// Its archive is published; the index has to list it.
    Candidate(Box<Candidate>),
    /// Its outcome does not depend on the index any more.
    Decided(Box<Decided>),
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
        let object = match self.store.get(staged.key(), self.limits.packed_bytes).await? {
            Got::Found(object) => object,
            Got::Missing => return Ok(Prepared::Gone),
            Got::TooLarge { size, etag, modified } => {
                let upload = upload(repository, staged, etag, modified);
                let limit = self.limits.packed_bytes;
                return Ok(refused(upload, None, ArchiveError::TooLarge { size, limit }));
            }
        };
        let upload = upload(repository, staged, object.etag, object.modified);
        let archive = match archive::read(&object.bytes, &self.limits) {
            Ok(archive) => archive,
            Err(error) => {
                let refused = Decided::refused(upload, None, error.into());
                let digest = Some(Digest::of(&object.bytes));
                return Ok(Prepared::Decided(Box::new(Decided { digest, ..refused })));
            }
        };
        if let Err(error) = chart::check_file_name(staged.file_name(), &archive.metadata) {
            return Ok(refused(upload, Some(archive), error));
        }
        let state = self.index_state(repository, state).await?;
        if let Some(listed) = listed_otherwise(state, &archive) {
            return self.compare_with_listed(upload, archive, listed).await;
        }
        self.store_archive(upload, archive, object.bytes).await
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
    async fn store_archive(&self, upload: Upload, own: Archive, bytes: Bytes) -> Result<Prepared, PublishError> {
        let key = upload.staged.archive_key();
        let metadata = HashMap::from([(UPLOAD_METADATA.to_owned(), upload.identity())]);
        let created = self
            .store
            .create(&key, bytes, own.digest, &Headers::archive(), metadata)
            .await?;
        let (archive, origin) = match created {
            Created::New => (own, Origin::ThisUpload),
            Created::Exists => {
                let published = self
                    .published(&upload.staged)
                    .await?
                    .ok_or(PublishError::Vanished { key })?;
                let Some(archive) = published.holds(&own) else {
                    return Ok(refuse_other_content(upload, own, &published));
                };
                let origin = match published.upload {
                    Some(identity) if identity == upload.identity() => Origin::ThisUpload,
                    _ => Origin::EarlierUpload,
                };
                let warnings = own.warnings;
                (Archive { warnings, ..archive }, origin)
            }
        };
        Ok(Prepared::Candidate(Box::new(Candidate {
            upload,
            archive,
            origin,
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
                    archive: archive::read(&object.bytes, &limits).ok(),
                    upload: object.metadata.get(UPLOAD_METADATA).cloned(),
                }))
            }
            Got::Missing => Ok(None),
            Got::TooLarge { size, .. } => Ok(Some(Published {
                digest: Digest::of(&size.to_le_bytes()),
                archive: None,
                upload: None,
            })),
        }
    }
}

/// What is published under an upload's name.
struct Published {
    digest: Digest,
    /// `None` if it is no chart that we would accept.
    archive: Option<Archive>,
    upload: Option<String>,
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

fn upload(repository: &Repository, staged: &StagedKey, etag: ETag, uploaded: Timestamp) -> Upload {
    Upload {
        staged: staged.clone(),
        repository: repository.clone(),
        etag,
        uploaded,
    }
}

/// The digest that the index lists for this version, if it lists another than the archive's.
fn listed_otherwise(state: &IndexState, archive: &Archive) -> Option<String> {
    let metadata = &archive.metadata;
    let listed = state.index.digest_of(&metadata.name, &metadata.version)?;
    let listed = listed.unwrap_or_default().to_ascii_lowercase();
    (listed != archive.digest.to_string()).then_some(listed)
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
