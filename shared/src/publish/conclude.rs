//! The end of an upload: its outcome is recorded, then it is removed.

use bytes::Bytes;
use jiff::Timestamp;

use super::prepare::{self, Upload};
use super::{PublishError, Publisher, Refusal, Report};
use crate::archive::Archive;
use crate::digest::Digest;
use crate::keys::{Headers, Repository, StagedKey};
use crate::printable::printable;
use crate::receipt::{Outcome, Receipt};
use crate::store::{Got, Replaced, StoreError, jittered};

/// Writes of a receipt that may lose their race; only runs that deal with the same file name race for it.
const RECORD_ATTEMPTS: u32 = 10;
/// Receipts are small; a larger object is none.
pub(crate) const MAX_RECEIPT_BYTES: u64 = 1024 * 1024;

/// An upload whose outcome is certain but not yet recorded.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) upload: Upload,
    /// The published archive, or the refused one as far as it could be read.
    pub(super) archive: Option<Archive>,
    /// SHA-256 of the archive, known even where it could not be read.
    pub(super) digest: Option<Digest>,
    pub(super) outcome: Outcome,
    pub(super) refusal: Option<Refusal>,
}

impl Decided {
    /// It waits: nothing of it is done yet.
    pub(super) fn held(upload: Upload, archive: Archive, awaits: Refusal) -> Self {
        Decided {
            outcome: Outcome::Held,
            ..Decided::refused(upload, Some(archive), awaits)
        }
    }

    pub(super) fn refused(upload: Upload, archive: Option<Archive>, refusal: Refusal) -> Self {
        Decided {
            upload,
            digest: archive.as_ref().map(|archive| archive.digest),
            archive,
            outcome: Outcome::Rejected,
            refusal: Some(refusal),
        }
    }
}

/// An upload that has its outcome.
#[derive(Debug, Clone)]
pub struct Concluded {
    /// What is recorded.
    pub receipt: Receipt,
    /// Whether this run recorded it; otherwise another one has, and has counted it.
    pub recorded: bool,
}

impl Publisher {
    /// Records the outcome, then removes the upload.
    pub(super) async fn conclude(&self, mut decided: Decided) -> Result<Concluded, PublishError> {
        self.owe_to_mirror(&mut decided).await?;
        let Upload {
            staged,
            etag,
            provenance,
            ..
        } = &decided.upload;
        // A refused upload is kept before anything says that it was refused. If it was replaced meanwhile there is
        // nothing to keep, and the new one waits for its own outcome.
        if decided.outcome == Outcome::Rejected {
            self.store.copy(staged.key(), &staged.rejected_key(), etag).await?;
            if let Some(etag) = provenance {
                let key = staged.staged_provenance_key();
                self.store.copy(&key, &staged.rejected_provenance_key(), etag).await?;
            }
        }
        let concluded = self.record(&decided.upload, self.receipt(&decided)).await?;
        if decided.outcome == Outcome::Held {
            return Ok(concluded);
        }
        self.store.delete(staged.key(), etag).await?;
        if let Some(etag) = provenance {
            self.store.delete(&staged.staged_provenance_key(), etag).await?;
        }
        Ok(concluded)
    }

    /// Writes the receipt, unless another run has: whoever is first tells and counts the outcome, and nobody after it.
    async fn record(&self, upload: &Upload, receipt: Receipt) -> Result<Concluded, PublishError> {
        let key = upload.staged.receipt_key();
        let mut receipt = receipt;
        let mut earlier = None;
        for attempt in 0..RECORD_ATTEMPTS {
            // The first race is lost to the receipt of an earlier upload. More of them are lost to other runs.
            if attempt > 1 {
                tokio::time::sleep(jittered(attempt)).await;
            }
            let bytes = vec![Bytes::from(receipt.to_bytes())];
            match self
                .store
                .replace(&key, bytes, &Headers::receipt(), earlier.as_ref())
                .await?
            {
                Replaced::Done => {
                    return Ok(Concluded {
                        receipt,
                        recorded: true,
                    });
                }
                Replaced::LostRace => {}
            }
            earlier = match self.store.get(&key, MAX_RECEIPT_BYTES).await? {
                Got::Missing => None,
                Got::TooLarge { etag, .. } => Some(etag),
                Got::Found(object) => match said_already(upload, &receipt, &object.bytes) {
                    Some(receipt) => {
                        return Ok(Concluded {
                            receipt,
                            recorded: false,
                        });
                    }
                    None => {
                        receipt.unpublished = Receipt::unpublished_in(&object.bytes);
                        Some(object.etag)
                    }
                },
            };
        }
        Err(PublishError::ReceiptContention { key })
    }

    /// The outcome that is recorded of this very upload, if there is one that stays.
    pub(super) async fn recorded(&self, upload: &Upload) -> Result<Option<Receipt>, PublishError> {
        match self.store.get(&upload.staged.receipt_key(), MAX_RECEIPT_BYTES).await? {
            Got::Found(object) => Ok(final_receipt_of(upload, &object.bytes)),
            Got::Missing | Got::TooLarge { .. } => Ok(None),
        }
    }

    fn receipt(&self, decided: &Decided) -> Receipt {
        let Upload {
            staged,
            repository,
            etag,
            uploaded,
            signed_by,
            ..
        } = &decided.upload;
        let archive = decided.archive.as_ref();
        let warnings = archive.map(|archive| archive.warnings.iter()).into_iter().flatten();
        let visible = matches!(decided.outcome, Outcome::Published | Outcome::Unchanged);
        Receipt {
            upload: staged.key().to_owned(),
            upload_etag: etag.unquoted().to_owned(),
            uploaded_at: *uploaded,
            outcome: decided.outcome,
            repository: repository.name().to_owned(),
            chart: archive.map(|archive| archive.metadata.name.clone()),
            version: archive.map(|archive| archive.metadata.version.clone()),
            digest: decided.digest,
            content_digest: archive.map(|archive| archive.content_digest),
            url: visible.then(|| self.settings.archive_url(repository, staged)),
            // The words quote names, paths and values of the chart.
            reason: decided
                .refusal
                .as_ref()
                .map(|refusal| printable(&refusal.to_string()).into_owned()),
            reason_code: decided.refusal.as_ref().map(|refusal| refusal.code().to_owned()),
            signed_by: signed_by.clone().filter(|_| visible),
            mirror: None,
            mirror_problem: None,
            warnings: warnings.map(|warning| printable(warning).into_owned()).collect(),
            recorded_at: (self.clock)(),
            unpublished: None,
        }
    }

    /// Writes into the receipt of a published archive what came later. A receipt that others write at the same time stays theirs:
    /// the log has it too.
    pub(super) async fn add_to_receipt(
        &self,
        staged: &StagedKey,
        note: impl FnOnce(&mut Receipt),
    ) -> Result<(), StoreError> {
        let key = staged.receipt_key();
        let Got::Found(object) = self.store.get(&key, MAX_RECEIPT_BYTES).await? else {
            return Ok(());
        };
        let Ok(before) = serde_json::from_slice::<Receipt>(&object.bytes) else {
            return Ok(());
        };
        let mut receipt = before.clone();
        note(&mut receipt);
        if receipt == before {
            return Ok(());
        }
        let bytes = vec![Bytes::from(receipt.to_bytes())];
        self.store
            .replace(&key, bytes, &Headers::receipt(), Some(&object.etag))
            .await?;
        Ok(())
    }

    /// Refuses an upload for its key alone.
    pub(super) async fn refuse_unread(&self, staged: &StagedKey, refusal: Refusal, report: &mut Report) {
        let upload = match self.store.head(staged.key()).await {
            Ok(Some((etag, uploaded))) => prepare::upload(&Repository::default(), staged, etag, uploaded),
            Ok(None) => return report.gone.push(staged.clone()),
            Err(error) => return report.fail(staged.clone(), &error),
        };
        match self.conclude(Decided::refused(upload, None, refusal)).await {
            Ok(concluded) => report.concluded.push(concluded),
            Err(error) => report.fail(staged.clone(), &error),
        }
    }
}

/// What is recorded of this very upload already, if there is nothing to add: an outcome that stays, or the same wait.
fn said_already(upload: &Upload, receipt: &Receipt, bytes: &[u8]) -> Option<Receipt> {
    final_receipt_of(upload, bytes).or_else(|| {
        let earlier: Receipt = serde_json::from_slice(bytes).ok()?;
        let same_wait = receipt.outcome == Outcome::Held
            && earlier.outcome == Outcome::Held
            && earlier.is_of(upload.etag.unquoted(), upload.uploaded)
            && earlier.reason == receipt.reason;
        same_wait.then_some(earlier)
    })
}

/// The outcome that is recorded of this very upload, if it is one that stays.
fn final_receipt_of(upload: &Upload, bytes: &[u8]) -> Option<Receipt> {
    let receipt: Receipt = serde_json::from_slice(bytes).ok()?;
    let is_final = receipt.outcome != Outcome::Held && receipt.is_of(upload.etag.unquoted(), upload.uploaded);
    is_final.then_some(receipt)
}

impl Concluded {
    /// Milliseconds from the upload to now being recorded.
    pub fn upload_to_outcome_ms(&self) -> u64 {
        let passed = self.receipt.recorded_at.duration_since(self.receipt.uploaded_at);
        u64::try_from(passed.as_millis()).unwrap_or_default()
    }

    /// When it was uploaded.
    pub fn uploaded_at(&self) -> Timestamp {
        self.receipt.uploaded_at
    }
}
