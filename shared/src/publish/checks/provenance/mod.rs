//! Provenance: found beside an upload or made, and published beside the archive before the index
//! lists it.
//!
//! A provenance file may arrive before its archive, with it, or long after. A run that finds the
//! upload handles both. A file whose archive is already published is checked against that archive
//! ([`Publisher::late_provenance`]). A file whose archive has not arrived waits for it, up to a
//! day.

mod keys;
mod late;

use std::time::Duration;

use bytes::Bytes;

use crate::archive::Archive;
use crate::digest::Digest;
use crate::keys::{Headers, PROVENANCE_SUFFIX};
use crate::provenance::{MAX_BYTES, ProvenanceError, ProvenanceMode, Subject};
use crate::publish::checks::verdict::Verdict;
use crate::publish::prepare::candidate::Candidate;
use crate::publish::prepare::unreadable::Unreadable;
use crate::publish::prepare::upload::{MAX_COPIED, Upload};
use crate::publish::{PublishError, Publisher, Reason, Wait};
use crate::secret::SecretError;
use crate::store::{ETag, Got};

pub use late::LateProvenance;

/// The signature to publish with an upload that has passed.
#[derive(Debug)]
pub(in crate::publish) enum Signature {
    /// No signature.
    Absent,
    /// The uploaded file, checked against the upload.
    Uploaded(Provenance),
    /// Made by Chartdrop, once it is certain which archive is stored under the name.
    ToMake,
}

/// The provenance file beside an upload. It is removed with the upload.
#[derive(Debug, Clone)]
pub(in crate::publish) struct Attached {
    /// Identifies the state that was read.
    pub(in crate::publish) etag: ETag,
    /// Whether a copy is kept if the upload is rejected; see [`MAX_COPIED`].
    pub(in crate::publish) is_copied: bool,
}

/// A provenance file that was checked or made.
#[derive(Debug)]
pub(in crate::publish) struct Provenance {
    text: Bytes,
    /// The digest of the archive that it signs.
    digest: Digest,
    signed_by: String,
}

/// What a provenance file proves about an archive.
enum Verified {
    /// Signed by the key with this fingerprint.
    SignedBy(String),
    /// Nothing.
    Not(ProvenanceError),
}

impl From<Result<String, ProvenanceError>> for Verified {
    fn from(result: Result<String, ProvenanceError>) -> Self {
        match result {
            Ok(signed_by) => Self::SignedBy(signed_by),
            Err(error) => Self::Not(error),
        }
    }
}

impl Publisher {
    /// Finds and checks the provenance file beside an upload. Its state is returned as well, so
    /// that it can be removed with the upload.
    pub(in crate::publish) async fn check_provenance(
        &self,
        upload: &Upload,
        archive: &Archive,
    ) -> Result<(Verdict<Signature>, Option<Attached>), PublishError> {
        if self.settings.provenance == ProvenanceMode::Off {
            return Ok((Verdict::Pass(Signature::Absent), None));
        }
        let key = upload.staged.staged_provenance_key();
        let (verdict, attached) = match self.store.get(&key, MAX_BYTES).await {
            Ok(Got::Missing) => return Ok((self.without_provenance(upload), None)),
            Ok(Got::TooLarge { size, etag, .. }) => {
                let is_copied = size <= MAX_COPIED;
                let error = ProvenanceError::TooLarge { size };
                (Verdict::Reject(error.into()), Attached { etag, is_copied })
            }
            Ok(Got::Found(object)) => {
                let verdict = match self
                    .verify_provenance(&object.bytes, upload.staged.file_name(), archive)
                    .await?
                {
                    Verified::SignedBy(signed_by) => Verdict::Pass(Signature::Uploaded(Provenance {
                        text: object.bytes,
                        digest: archive.digest,
                        signed_by,
                    })),
                    Verified::Not(error) => Verdict::Reject(error.into()),
                };
                let (etag, is_copied) = (object.etag, true);
                (verdict, Attached { etag, is_copied })
            }
            Err(error) => match self.unreadable(&key, error).await? {
                None => return Ok((self.without_provenance(upload), None)),
                Some(Unreadable { why, etag, .. }) => {
                    let is_copied = false;
                    (Verdict::Reject(why.into()), Attached { etag, is_copied })
                }
            },
        };
        Ok((verdict, Some(attached)))
    }

    fn without_provenance(&self, upload: &Upload) -> Verdict<Signature> {
        let wait = self.settings.provenance_wait;
        let file = upload.staged.file_name().to_owned();
        match self.settings.provenance {
            ProvenanceMode::Off | ProvenanceMode::Verify => Verdict::Pass(Signature::Absent),
            ProvenanceMode::Sign => Verdict::Pass(Signature::ToMake),
            ProvenanceMode::Require if self.is_within(wait, upload.uploaded) => {
                let until = upload.uploaded + wait;
                Verdict::Hold(Wait::Provenance { file, until })
            }
            ProvenanceMode::Require => Verdict::Reject(Reason::NoProvenance { file }),
        }
    }

    fn is_within(&self, wait: Duration, since: jiff::Timestamp) -> bool {
        (self.clock)() < since + wait
    }

    /// Checks a provenance file against an archive. An unknown signer may have been added to the
    /// secret recently, so the secret is read again.
    async fn verify_provenance(
        &self,
        file: &[u8],
        file_name: &str,
        archive: &Archive,
    ) -> Result<Verified, PublishError> {
        let subject = subject(file_name, archive);
        let now = (self.clock)();
        let keys = self.keys().await?;
        let verified = keys.keyring.verify(file, subject, now);
        if matches!(verified, Err(ProvenanceError::UnknownSigner { .. }))
            && let Some(secret) = self.secrets()?.reread(&keys.secret).await?
        {
            return Ok(self.keys_in(secret)?.keyring.verify(file, subject, now).into());
        }
        Ok(verified.into())
    }

    /// Publishes the signature beside the stored archive, before the index lists it. `own` is the
    /// digest of the upload. Passes if the archive may be listed.
    pub(in crate::publish) async fn publish_provenance(
        &self,
        candidate: &mut Candidate,
        signature: Signature,
        own: Digest,
    ) -> Result<Verdict<()>, PublishError> {
        let file_name = candidate.upload.staged.file_name();
        let archive = &candidate.archive;
        let provenance = match signature {
            Signature::Absent => return Ok(Verdict::Pass(())),
            Signature::Uploaded(provenance) if provenance.digest == archive.digest => provenance,
            Signature::ToMake => self.sign(file_name, archive).await?,
            Signature::Uploaded(_) => {
                candidate.archive.warnings.push(
                    "the provenance file was not published, because it is for the same content packaged at another time"
                        .to_owned(),
                );
                return self.about_another_packaging(candidate, own).await;
            }
        };
        let key = format!("{}{PROVENANCE_SUFFIX}", candidate.key);
        self.store_provenance(&key, &provenance).await?;
        candidate.upload.signed_by = Some(provenance.signed_by);
        Ok(Verdict::Pass(()))
    }

    /// The stored archive is another packaging than the signed upload, and the index does not list
    /// it: another run has stored it and was killed, or is still working. That archive may have a
    /// signature of its own.
    async fn about_another_packaging(
        &self,
        candidate: &mut Candidate,
        own: Digest,
    ) -> Result<Verdict<()>, PublishError> {
        let (upload, archive) = (&candidate.upload, &candidate.archive);
        let file_name = upload.staged.file_name();
        let key = format!("{}{PROVENANCE_SUFFIX}", candidate.key);
        if let Got::Found(object) = self.store.get(&key, MAX_BYTES).await?
            && let Verified::SignedBy(signed_by) = self.verify_provenance(&object.bytes, file_name, archive).await?
        {
            candidate.upload.signed_by = Some(signed_by);
            return Ok(Verdict::Pass(()));
        }
        let wait = self.settings.provenance_wait;
        let (file, stored) = (file_name.to_owned(), archive.digest);
        match self.settings.provenance {
            ProvenanceMode::Off | ProvenanceMode::Verify => Ok(Verdict::Pass(())),
            ProvenanceMode::Sign => {
                let provenance = self.sign(file_name, archive).await?;
                self.store_provenance(&key, &provenance).await?;
                candidate.upload.signed_by = Some(provenance.signed_by);
                Ok(Verdict::Pass(()))
            }
            ProvenanceMode::Require if self.is_within(wait, upload.uploaded) => {
                let until = upload.uploaded + wait;
                Ok(Verdict::Hold(Wait::OtherProvenance {
                    file,
                    stored,
                    own,
                    until,
                }))
            }
            ProvenanceMode::Require => {
                let key = candidate.key.clone();
                Ok(Verdict::Reject(Reason::UnsignedArchive { file, stored, own, key }))
            }
        }
    }

    async fn sign(&self, file_name: &str, archive: &Archive) -> Result<Provenance, PublishError> {
        let keys = self.keys().await?;
        let signing = keys.signing.ok_or(SecretError::NoSecret)?;
        let text = signing.sign(subject(file_name, archive), (self.clock)());
        let text = text.map_err(|problem| self.wrong_key("signingKey", problem))?;
        let provenance = Provenance {
            text: text.into(),
            digest: archive.digest,
            signed_by: signing.fingerprint(),
        };
        Ok(provenance)
    }

    async fn store_provenance(&self, key: &str, provenance: &Provenance) -> Result<(), PublishError> {
        self.publish_keyring().await?;
        let text = provenance.text.clone();
        let digest = Digest::of(&text);
        // An existing provenance file stays, as the archive does.
        self.store
            .create(key, text, digest, &Headers::provenance(), Default::default())
            .await?;
        Ok(())
    }
}

fn subject<'a>(file_name: &'a str, archive: &'a Archive) -> Subject<'a> {
    Subject {
        file_name,
        digest: archive.digest,
        metadata: &archive.metadata,
    }
}
