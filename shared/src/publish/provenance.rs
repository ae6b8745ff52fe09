//! Provenance on its way: found beside an upload or made, published beside the archive before the index lists that.
//!
//! The file may come before its archive, with it or long after. A run that finds the upload takes the file along; a file
//! whose archive is published already is checked against that one ([`Publisher::late_provenance`]); one whose archive is not
//! there yet waits for it, for a day.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::candidate::{Candidate, Prepared};
use super::unreadable::Unreadable;
use super::upload::{MAX_COPIED, Upload};
use super::{PublishError, Publisher, Refusal};
use crate::archive::Archive;
use crate::digest::Digest;
use crate::keys::{Headers, KEYRING, PROVENANCE_SUFFIX, StagedKey};
use crate::provenance::{Keyring, MAX_BYTES, ProvenanceError, SigningKey, Subject};
use crate::receipt::Receipt;
use crate::secret::{Secret, SecretError};
use crate::settings::ProvenanceMode;
use crate::store::{ETag, Got, Replaced, StoreError};

/// A provenance file without an archive is kept in staging for so long.
const LONE: Duration = Duration::from_secs(24 * 3600);
/// A keyring larger than this is not ours.
const MAX_KEYRING_BYTES: u64 = 8 * 1024 * 1024;

/// What is known of an upload's provenance before its archive is stored.
#[derive(Debug)]
pub(super) enum Checked {
    /// There is none to publish.
    None,
    /// Checked against the upload.
    Good(Provenance),
    /// To be made, once it is certain which archive stands under the name.
    ToSign,
    /// It may still come.
    Awaited(Refusal),
    /// The upload must not be published.
    Bad(Refusal),
}

/// The provenance file that lies beside an upload and goes with it.
#[derive(Debug, Clone)]
pub(super) struct Attached {
    /// Which state of it.
    pub(super) etag: ETag,
    /// Whether a copy is kept if the upload is rejected: see [`MAX_COPIED`].
    pub(super) is_copied: bool,
}

/// A provenance file that was checked or made.
#[derive(Debug)]
pub(super) struct Provenance {
    text: Bytes,
    /// Of the archive that it is about.
    digest: Digest,
    signed_by: String,
}

/// A provenance file that came after its archive was published, and what became of it.
#[derive(Debug, Clone)]
pub struct LateProvenance {
    /// The upload that it belongs to.
    pub staged: StagedKey,
    /// Who signed it, or why it was refused.
    pub result: Result<String, String>,
}

/// The keys that count now.
struct Keys {
    secret: Arc<Secret>,
    keyring: Arc<Keyring>,
    signing: Option<Arc<SigningKey>>,
}

impl Publisher {
    /// Looks for the provenance file beside an upload and checks it. Its state too, so that it goes with the upload.
    pub(super) async fn check_provenance(
        &self,
        upload: &Upload,
        archive: &Archive,
    ) -> Result<(Checked, Option<Attached>), PublishError> {
        let mode = self.settings.provenance;
        if mode == ProvenanceMode::Off {
            return Ok((Checked::None, None));
        }
        let key = upload.staged.staged_provenance_key();
        let (checked, attached) = match self.store.get(&key, MAX_BYTES).await {
            Ok(Got::Missing) => return Ok((self.without_provenance(upload), None)),
            Ok(Got::TooLarge { size, etag, .. }) => {
                let is_copied = size <= MAX_COPIED;
                (Err(ProvenanceError::TooLarge { size }), Attached { etag, is_copied })
            }
            Err(error) => {
                return Ok(match self.unreadable(&key, error).await? {
                    None => (self.without_provenance(upload), None),
                    Some(Unreadable { why, etag, .. }) => {
                        let is_copied = false;
                        (Checked::Bad(why.into()), Some(Attached { etag, is_copied }))
                    }
                });
            }
            Ok(Got::Found(object)) => {
                let signed_by = self.verify_provenance(&object.bytes, &upload.staged, archive).await?;
                let provenance = signed_by.map(|signed_by| Provenance {
                    text: object.bytes,
                    digest: archive.digest,
                    signed_by,
                });
                let (etag, is_copied) = (object.etag, true);
                (provenance, Attached { etag, is_copied })
            }
        };
        let checked = match checked {
            Ok(provenance) => Checked::Good(provenance),
            Err(error) => Checked::Bad(error.into()),
        };
        Ok((checked, Some(attached)))
    }

    fn without_provenance(&self, upload: &Upload) -> Checked {
        let wait = self.settings.provenance_wait;
        match self.settings.provenance {
            ProvenanceMode::Off | ProvenanceMode::Verify => Checked::None,
            ProvenanceMode::Sign => Checked::ToSign,
            ProvenanceMode::Require if self.is_within(wait, upload.uploaded) => {
                Checked::Awaited(Refusal::AwaitsProvenance {
                    file: upload.staged.file_name().to_owned(),
                    until: upload.uploaded + wait,
                })
            }
            ProvenanceMode::Require => Checked::Bad(Refusal::NoProvenance {
                file: upload.staged.file_name().to_owned(),
            }),
        }
    }

    fn is_within(&self, wait: Duration, since: jiff::Timestamp) -> bool {
        (self.clock)() < since + wait
    }

    /// Checks a provenance file against an archive; the signer. A signer who is not known may be new in the secret.
    async fn verify_provenance(
        &self,
        file: &[u8],
        staged: &StagedKey,
        archive: &Archive,
    ) -> Result<Result<String, ProvenanceError>, PublishError> {
        let subject = subject(staged, archive);
        let now = (self.clock)();
        let keys = self.keys().await?;
        let verified = keys.keyring.verify(file, subject, now);
        if matches!(verified, Err(ProvenanceError::UnknownSigner { .. }))
            && let Some(secret) = self.secrets()?.again(&keys.secret).await?
        {
            return Ok(self.keys_in(secret)?.keyring.verify(file, subject, now));
        }
        Ok(verified)
    }

    /// Publishes what was checked or makes it, beside an archive that is stored and before the index lists it. `own` is the digest of
    /// the upload. What comes back is why the archive must not be listed, if it must not.
    pub(super) async fn publish_provenance(
        &self,
        candidate: &mut Candidate,
        checked: Checked,
        own: Digest,
    ) -> Result<Checked, PublishError> {
        let staged = &candidate.upload.staged;
        let archive = &candidate.archive;
        let provenance = match checked {
            Checked::None | Checked::Awaited(_) | Checked::Bad(_) => return Ok(Checked::None),
            Checked::Good(provenance) if provenance.digest == archive.digest => provenance,
            Checked::ToSign => self.sign(staged, archive).await?,
            Checked::Good(_) => {
                candidate.archive.warnings.push(
                    "the provenance file was not published: it is about another packaging of the same content"
                        .to_owned(),
                );
                return self.about_another_packaging(candidate, own).await;
            }
        };
        let key = format!("{}{PROVENANCE_SUFFIX}", candidate.key);
        self.store_provenance(&key, &provenance).await?;
        candidate.upload.signed_by = Some(provenance.signed_by);
        Ok(Checked::None)
    }

    /// The archive under the name is another packaging than the one whose provenance file came, and not listed yet: a run that was cut
    /// short has left it, or one that is at work has stored it. It may have a signature of its own.
    async fn about_another_packaging(&self, candidate: &mut Candidate, own: Digest) -> Result<Checked, PublishError> {
        let (upload, archive) = (&candidate.upload, &candidate.archive);
        let staged = &upload.staged;
        let key = format!("{}{PROVENANCE_SUFFIX}", candidate.key);
        let published = match self.store.get(&key, MAX_BYTES).await? {
            Got::Found(object) => self.verify_provenance(&object.bytes, staged, archive).await?.ok(),
            Got::Missing | Got::TooLarge { .. } => None,
        };
        if published.is_some() {
            candidate.upload.signed_by = published;
            return Ok(Checked::None);
        }
        let wait = self.settings.provenance_wait;
        let (file, stored) = (staged.file_name().to_owned(), archive.digest);
        match self.settings.provenance {
            ProvenanceMode::Off | ProvenanceMode::Verify => Ok(Checked::None),
            ProvenanceMode::Sign => {
                let provenance = self.sign(staged, archive).await?;
                self.store_provenance(&key, &provenance).await?;
                candidate.upload.signed_by = Some(provenance.signed_by);
                Ok(Checked::None)
            }
            ProvenanceMode::Require if self.is_within(wait, upload.uploaded) => {
                let until = upload.uploaded + wait;
                Ok(Checked::Awaited(Refusal::AwaitsOtherProvenance {
                    file,
                    stored,
                    own,
                    until,
                }))
            }
            ProvenanceMode::Require => {
                let key = candidate.key.clone();
                Ok(Checked::Bad(Refusal::UnsignedArchive { file, stored, own, key }))
            }
        }
    }

    /// Whether an archive that no index lists must stay out of it: a run that was cut short may leave one before its provenance file,
    /// and `PROVENANCE=require` lists none without. What a receipt says was listed is not asked about: it is older than the setting.
    pub(crate) async fn must_be_signed(&self, staged: &StagedKey) -> Result<bool, StoreError> {
        Ok(self.settings.provenance == ProvenanceMode::Require
            && self.store.head(&staged.provenance_key()).await?.is_none())
    }

    async fn sign(&self, staged: &StagedKey, archive: &Archive) -> Result<Provenance, PublishError> {
        let keys = self.keys().await?;
        let signing = keys.signing.ok_or(SecretError::NoSecret)?;
        let text = signing.sign(subject(staged, archive), (self.clock)());
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
        // Where one is there already it stays, as the archive does.
        self.store
            .create(key, text, digest, &Headers::provenance(), Default::default())
            .await?;
        Ok(())
    }

    /// A provenance file whose upload is gone: of an archive that is published, or that is yet to come.
    pub(super) async fn late_provenance(&self, staged: &StagedKey) -> Result<Prepared, PublishError> {
        let key = staged.staged_provenance_key();
        let copied = |etag| Attached { etag, is_copied: true };
        let (file, attached, modified) = match self.store.get(&key, MAX_BYTES).await {
            Ok(Got::Missing) => return Ok(Prepared::Gone),
            Ok(Got::Found(object)) => (Ok(object.bytes), copied(object.etag), object.modified),
            Ok(Got::TooLarge { size, etag, modified }) => {
                let is_copied = size <= MAX_COPIED;
                let error = ProvenanceError::TooLarge { size }.to_string();
                (Err(error), Attached { etag, is_copied }, modified)
            }
            Err(error) => match self.unreadable(&key, error).await? {
                None => return Ok(Prepared::Gone),
                Some(Unreadable { why, etag, modified }) => {
                    let is_copied = false;
                    (Err(why.to_string()), Attached { etag, is_copied }, modified)
                }
            },
        };
        let result = match self.read_published(staged).await? {
            None if self.is_within(LONE, modified) => return Ok(Prepared::Gone),
            None => Err("its archive did not come within a day".to_owned()),
            Some(Err(unreadable)) => Err(unreadable.problem),
            Some(Ok(archive)) => match file {
                Err(problem) => Err(problem),
                Ok(text) => match self.verify_provenance(&text, staged, &archive).await? {
                    // A run that was cut short has left that archive: the file may be about the upload that is still to come.
                    Err(_) if self.is_within(LONE, modified) && !self.is_listed(staged, &archive).await? => {
                        return Ok(Prepared::Gone);
                    }
                    Err(error) => Err(error.to_string()),
                    Ok(signed_by) => {
                        let provenance = Provenance {
                            text,
                            digest: archive.digest,
                            signed_by: signed_by.clone(),
                        };
                        self.store_provenance(&staged.provenance_key(), &provenance).await?;
                        Ok(signed_by)
                    }
                },
            },
        };
        Ok(Prepared::Late(self.conclude_late(staged, &attached, result).await?))
    }

    async fn is_listed(&self, staged: &StagedKey, archive: &Archive) -> Result<bool, PublishError> {
        let Ok(repository) = staged.repository() else {
            return Ok(false);
        };
        let state = self.read_existing_index(&repository).await?;
        let metadata = &archive.metadata;
        Ok(state.is_some_and(|state| state.index.digest_of(&metadata.name, &metadata.version).is_some()))
    }

    /// A provenance file whose key says that it can belong to no upload; `None` if it is not there.
    pub(super) async fn refuse_provenance(
        &self,
        staged: &StagedKey,
        refusal: &Refusal,
    ) -> Result<Option<LateProvenance>, PublishError> {
        let Some(object) = self.store.find(&staged.staged_provenance_key()).await? else {
            return Ok(None);
        };
        let etag = object.etag;
        let attached = Attached { etag, is_copied: false };
        self.conclude_late(staged, &attached, Err(refusal.to_string()))
            .await
            .map(Some)
    }

    async fn conclude_late(
        &self,
        staged: &StagedKey,
        attached: &Attached,
        result: Result<String, String>,
    ) -> Result<LateProvenance, PublishError> {
        let result = result.map_err(|problem| super::shown(&problem));
        let key = staged.staged_provenance_key();
        if result.is_ok() && self.settings.oci_mirror.is_some() {
            self.note_for_mirror(staged).await?;
        }
        if result.is_err() && attached.is_copied {
            self.store
                .copy(&key, &staged.rejected_provenance_key(), &attached.etag)
                .await?;
        }
        self.note_provenance(staged, &result).await?;
        self.store.delete(&key, &attached.etag).await?;
        Ok(LateProvenance {
            staged: staged.clone(),
            result,
        })
    }

    /// Writes into the archive's receipt what became of its provenance file.
    async fn note_provenance(&self, staged: &StagedKey, result: &Result<String, String>) -> Result<(), StoreError> {
        let note = |receipt: &mut Receipt| match result {
            Ok(signed_by) => receipt.signed_by = Some(signed_by.clone()),
            Err(problem) => {
                let warning = format!("a provenance file that came later was refused: {problem}");
                receipt.warnings.push(warning);
            }
        };
        self.add_to_receipt(staged, note).await
    }

    /// The public keyring, once for each state of the secret that this process knew.
    async fn publish_keyring(&self) -> Result<(), PublishError> {
        let keys = self.keys().await?;
        let bytes = keys.keyring.to_bytes();
        let bytes = Bytes::from(bytes.map_err(|problem| self.wrong_key("keyring", problem))?);
        let digest = Digest::of(&bytes);
        if self.keyring.get() == Some(digest) {
            return Ok(());
        }
        let read = match self.store.get(KEYRING, MAX_KEYRING_BYTES).await? {
            Got::Found(object) if object.bytes == bytes => None,
            Got::Found(object) => Some(Some(object.etag)),
            Got::TooLarge { etag, .. } => Some(Some(etag)),
            Got::Missing => Some(None),
        };
        let replaced = match read {
            None => Replaced::Done,
            Some(etag) => {
                let headers = Headers::keyring(self.settings.index_max_age);
                self.store
                    .replace(KEYRING, vec![bytes], &headers, etag.as_ref())
                    .await?
            }
        };
        // Whoever was faster may have known an older secret: then the next chart tries again.
        if replaced == Replaced::Done {
            self.keyring.set(digest);
        }
        Ok(())
    }

    async fn keys(&self) -> Result<Keys, PublishError> {
        let secret = self.secrets()?.get().await?;
        Ok(self.keys_in(secret)?)
    }

    fn keys_in(&self, secret: Arc<Secret>) -> Result<Keys, SecretError> {
        let mode = self.settings.provenance;
        let wrong = |problem| match self.secrets() {
            Ok(secrets) => secrets.wrong(problem),
            Err(error) => error,
        };
        let signing = match mode {
            ProvenanceMode::Sign => Some(secret.signing_key(mode.setting()).map_err(wrong)?),
            _ => None,
        };
        let keyring = match &signing {
            None => secret.keyring(mode.setting()).map_err(wrong)?,
            Some(signing) => {
                let others = match secret.has_keyring() {
                    true => secret.keyring(mode.setting()).map_err(wrong)?,
                    false => Arc::default(),
                };
                Arc::new(Keyring::clone(&others).with(signing.certificate()))
            }
        };
        Ok(Keys {
            secret,
            keyring,
            signing,
        })
    }
}

fn subject<'a>(staged: &'a StagedKey, archive: &'a Archive) -> Subject<'a> {
    Subject {
        file_name: staged.file_name(),
        digest: archive.digest,
        metadata: &archive.metadata,
    }
}
