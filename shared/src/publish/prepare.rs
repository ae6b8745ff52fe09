//! One upload on its way up to the index: read, checked, its archive stored.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::conclude::Decided;
use super::images::Gate;
use super::index_state::{IndexState, StateCell};
use super::provenance::{Attached, Checked, LateProvenance};
use super::recover::Stored;
use super::repair::{no_digest, no_url, other_digest, repaired};
use super::unreadable::Unreadable;
use super::{PublishError, Publisher, Refusal};
use crate::archive::{self, Archive, ArchiveError, Limits};
use crate::chart;
use crate::digest::Digest;
use crate::index::Promise;
use crate::keys::{Headers, Repository, StagedKey};
use crate::receipt::Outcome;
use crate::settings::{ImageCheck, ProvenanceMode};
use crate::store::{Created, Described, ETag, Got, StoreError};
use crate::unpublished::Unpublished;

/// The largest object of which a copy is kept under `rejected/`. S3 copies no object over 5 GB, and a function does not wait for one of
/// some: what is larger than this, or what S3 does not read, is rejected without a copy. Its earlier version stays for 30 days.
pub(super) const MAX_COPIED: u64 = 512 * 1024 * 1024;
/// User metadata of a published archive: which upload it came from.
pub(super) const UPLOAD_METADATA: &str = "chartdrop-upload";
/// User metadata of an upload: the tag of the release that it belongs to.
const RELEASE_METADATA: &str = "release";
/// User metadata of an archive whose version had been taken back: which removal the publisher knew of when it stored it.
///
/// An archive without it, or with another removal's, is the one that was taken back and is about to be deleted. An index
/// that listed it would soon promise bytes that are gone.
pub(crate) const RETURNED_METADATA: &str = "chartdrop-returned-after";
/// User metadata of an archive that was repaired: by which upload.
pub(crate) const REPAIRED_METADATA: &str = "chartdrop-repaired-by";

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
    pub(super) fn identity(&self) -> String {
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

impl Prepared {
    /// Bytes that the metadata of its archive takes in an index, and so a measure of its memory.
    pub(super) fn listed_bytes(&self) -> usize {
        let archive = match self {
            Prepared::Candidate(candidate) => Some(&candidate.archive),
            Prepared::Decided(decided) => decided.archive.as_ref(),
            Prepared::Late(_) | Prepared::Gone => None,
        };
        archive.map_or(0, |archive| archive.listed_bytes)
    }
}

/// An upload whose archive is in place.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) upload: Upload,
    /// The published archive: the upload's own, or an earlier packaging of the same content.
    pub(super) archive: Archive,
    /// Where it is stored.
    pub(super) key: String,
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

    /// Puts an upload that has passed beside what is published.
    async fn place(
        &self,
        state: &IndexState,
        upload: Upload,
        archive: Archive,
        bytes: Bytes,
    ) -> Result<Prepared, PublishError> {
        let file_name = upload.staged.file_name();
        let own_key = upload.staged.archive_key();
        match (promise(state, &archive), state.unpublished.get(file_name)) {
            (Some(promise), _) => self.place_listed(state, upload, archive, bytes, promise).await,
            (None, Some(unpublished)) => self.bring_back(upload, archive, bytes, unpublished).await,
            (None, None) => {
                self.store_archive(upload, archive, bytes, Destination::new(own_key))
                    .await
            }
        }
    }

    /// The index lists the version: what counts is the archive that its entry names, wherever that lies.
    async fn place_listed(
        &self,
        state: &IndexState,
        upload: Upload,
        own: Archive,
        bytes: Bytes,
        promise: Promise,
    ) -> Result<Prepared, PublishError> {
        let mut own = own;
        if promise.url.is_none() {
            let warning = no_url(&upload, &own);
            own.warnings.push(warning);
        }
        let key = match &promise.url {
            Some(url) => self.settings.key_at(&upload.repository, url),
            // Without a URL it can mean only the archive of its name.
            None => Some(upload.staged.archive_key()),
        };
        if promise.comparable() != Some(own.digest) {
            let key = match key {
                None => self.under_an_earlier_address(&upload, &promise).await?,
                key => key,
            };
            return self.compare_with_listed(upload, own, promise, key).await;
        }
        match key {
            Some(key) => {
                let returned_after = state.unpublished.get(upload.staged.file_name()).map(Unpublished::id);
                let destination = Destination {
                    key,
                    is_listed: true,
                    returned_after,
                };
                self.store_archive(upload, own, bytes, destination).await
            }
            // The entry points elsewhere: a second copy here would be one that nobody asks for.
            None => Ok(unchanged(upload, own, promise.url, false)),
        }
    }

    /// Where the archive of an entry lies that points to another host, if it lies here: the repository may have had another address
    /// when the version was published.
    async fn under_an_earlier_address(
        &self,
        upload: &Upload,
        promise: &Promise,
    ) -> Result<Option<String>, PublishError> {
        let Some(listed) = promise.comparable() else {
            return Ok(None);
        };
        let key = upload.staged.archive_key();
        let stored = self.stored(&key).await?;
        Ok(stored
            .is_some_and(|stored| stored.digest == Some(listed))
            .then_some(key))
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
                url: receipt.url,
                may_mirror: true,
            })));
        }
        let destination = Destination {
            returned_after: Some(unpublished.id()),
            ..Destination::new(upload.staged.archive_key())
        };
        self.store_archive(upload, own, bytes, destination).await
    }

    /// The index lists the version with another digest or without one: what is stored under its URL (nothing of ours if
    /// `key` is `None`) is the same content packed again, other content, or not what the entry names.
    async fn compare_with_listed(
        &self,
        upload: Upload,
        own: Archive,
        promise: Promise,
        key: Option<String>,
    ) -> Result<Prepared, PublishError> {
        let stored = match &key {
            Some(key) => self.stored(key).await?,
            None => None,
        };
        let (Some(stored), Some(key)) = (stored, key) else {
            let refusal = Refusal::ListedElsewhere {
                chart: own.metadata.name.clone(),
                version: own.metadata.version.clone(),
                listed: promise.digest,
                url: promise.url,
                own: own.digest,
            };
            return Ok(refused(upload, Some(own), refusal));
        };
        let listed = promise.comparable();
        let is_sound = listed.is_none() || listed == stored.digest;
        match stored.holds(&own) {
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
            _ if is_sound => Ok(refuse_other_content(upload, own, &stored)),
            _ => {
                let refusal = Refusal::StoredArchiveChanged {
                    chart: own.metadata.name.clone(),
                    version: own.metadata.version.clone(),
                    key,
                    listed: promise.digest.unwrap_or_default(),
                    stored: digest_or_size(&stored),
                    own: own.digest,
                };
                Ok(refused(upload, Some(own), refusal))
            }
        }
    }

    /// Publishes the archive, once. Where one of that name is there already, it stays, and must be the same chart; unless the
    /// index lists the very archive of this upload, which is then repaired.
    async fn store_archive(
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
                    return Ok(refuse_other_content(upload, own, &stored));
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

/// Where an archive is to be stored.
struct Destination {
    key: String,
    /// The index lists it there, with the digest of the upload.
    is_listed: bool,
    /// See [`RETURNED_METADATA`].
    returned_after: Option<String>,
}

impl Destination {
    /// Of a version that the index does not list.
    fn new(key: String) -> Self {
        Destination {
            key,
            is_listed: false,
            returned_after: None,
        }
    }
}

impl Stored {
    /// The stored archive if it is the same chart, packed at whatever time.
    fn holds(&self, own: &Archive) -> Option<Archive> {
        let archive = self.archive.as_ref().ok()?;
        let same = archive.content_digest == own.content_digest && is_same_version(archive, own);
        same.then(|| archive.clone())
    }
}

/// The published archive, with what its packager should know of the upload.
fn with_warnings_of(published: Archive, own: &Archive) -> Archive {
    let warnings = own.warnings.clone();
    Archive { warnings, ..published }
}

/// The index has it already, at `url`.
fn unchanged(upload: Upload, archive: Archive, url: Option<String>, may_mirror: bool) -> Prepared {
    Prepared::Decided(Box::new(Decided {
        upload,
        digest: Some(archive.digest),
        archive: Some(archive),
        outcome: Outcome::Unchanged,
        refusal: None,
        url,
        may_mirror,
    }))
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

/// What the index promises of this version, if it lists it.
fn promise(state: &IndexState, archive: &Archive) -> Option<Promise> {
    let metadata = &archive.metadata;
    state.index.promise(&metadata.name, &metadata.version)
}

fn refuse_other_content(upload: Upload, own: Archive, stored: &Stored) -> Prepared {
    let refusal = match &stored.archive {
        Ok(other) if !is_same_version(other, &own) => Refusal::FileNameTaken {
            file: upload.staged.file_name().to_owned(),
            chart: other.metadata.name.clone(),
            version: other.metadata.version.clone(),
        },
        _ => Refusal::OtherContent {
            chart: own.metadata.name.clone(),
            version: own.metadata.version.clone(),
            published: digest_or_size(stored),
            own: own.digest,
        },
    };
    refused(upload, Some(own), refusal)
}

/// The digest of a stored archive, for people.
pub(super) fn digest_or_size(stored: &Stored) -> String {
    match (stored.digest, &stored.archive) {
        (Some(digest), _) => digest.to_string(),
        (None, Err(unreadable)) => format!("unknown, {}", unreadable.problem),
        (None, Ok(_)) => "unknown".to_owned(),
    }
}

fn refused(upload: Upload, archive: Option<Archive>, refusal: impl Into<Refusal>) -> Prepared {
    Prepared::Decided(Box::new(Decided::refused(upload, archive, refusal.into())))
}
