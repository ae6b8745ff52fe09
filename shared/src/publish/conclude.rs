//! The end of an upload: its outcome is recorded, then the upload is removed.

use jiff::Timestamp;

use super::checks::verdict::Verdict;
use super::decided::Decided;
use super::prepare::upload::{MAX_COPIED, Upload, release_in};
use super::{PublishError, Publisher, Reason, Report};
use crate::keys::{Repository, StagedKey};
use crate::printable::printable;
use crate::receipt::{Outcome, Receipt};
use crate::repository::{EditedReceipt, ReceiptEdit, RepositoryError, StoredReceipt};
use crate::store::StoreError;

/// An upload with its outcome.
#[derive(Debug, Clone)]
pub struct Concluded {
    /// The recorded outcome.
    pub receipt: Receipt,
    /// Whether this run recorded it. Otherwise another run did, and has counted it.
    pub recorded: bool,
}

impl Publisher {
    /// Records the outcome, then removes the upload.
    pub(super) async fn conclude(&self, mut decided: Decided) -> Result<Concluded, PublishError> {
        self.owe_to_mirror(&mut decided).await?;
        let upload = &decided.upload;
        // A rejected upload is copied before anything reports that it was rejected.
        let is_rejected = matches!(decided.verdict, Verdict::Reject(_));
        let was_replaced = is_rejected && !self.keep(upload).await?;
        let concluded = self.record(upload, self.receipt(&decided), was_replaced).await?;
        if matches!(decided.verdict, Verdict::Hold(_)) {
            return Ok(concluded);
        }
        // The ETag alone would not tell this upload apart from the same bytes uploaded again with
        // corrected metadata. After a publish that does not matter: nothing is left to do for a
        // second upload.
        if is_rejected && !self.is_still_there(upload).await? {
            return Ok(concluded);
        }
        let staged = &upload.staged;
        self.store.delete(staged.key(), &upload.etag).await?;
        if let Some(provenance) = &upload.provenance {
            self.store
                .delete(&staged.staged_provenance_key(), &provenance.etag)
                .await?;
        }
        Ok(concluded)
    }

    /// Copies a rejected upload. Returns whether it was still there, as far as is known. A replaced
    /// upload is not copied, and the new one gets its own outcome.
    async fn keep(&self, upload: &Upload) -> Result<bool, StoreError> {
        let staged = &upload.staged;
        let was_there = match upload.is_copied {
            true => {
                self.store
                    .copy(staged.key(), &staged.rejected_key(), &upload.etag)
                    .await?
            }
            false => true,
        };
        if let Some(provenance) = upload.provenance.as_ref().filter(|provenance| provenance.is_copied) {
            let key = staged.staged_provenance_key();
            self.store
                .copy(&key, &staged.rejected_provenance_key(), &provenance.etag)
                .await?;
        }
        Ok(was_there)
    }

    async fn is_still_there(&self, upload: &Upload) -> Result<bool, StoreError> {
        let key = upload.staged.key();
        match self.store.describe(key).await {
            Ok(described) => Ok(described.is_some_and(|described| upload.is(&described))),
            // Encrypted with a key that only its uploader has. A listing shows it all the same.
            Err(error) if error.is_bad_request() => {
                let listed = self.store.find(key).await?;
                Ok(listed.is_some_and(|object| object.etag == upload.etag && object.modified == upload.uploaded))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes the receipt, unless another run already has. Only the run that writes it reports and
    /// counts the outcome.
    async fn record(&self, upload: &Upload, receipt: Receipt, was_replaced: bool) -> Result<Concluded, PublishError> {
        let key = upload.staged.receipt_key();
        let mut receipt = receipt;
        let edit = |stored: &StoredReceipt| {
            if let Some(bytes) = stored.bytes() {
                if let Some(there) = stays(bytes, &receipt, was_replaced) {
                    return ReceiptEdit::Keep(there);
                }
                receipt.unpublished = Receipt::unpublished_in(bytes);
            }
            ReceiptEdit::Write(receipt.to_bytes())
        };
        match self.repositories.create_or_edit_receipt(&key, edit).await? {
            EditedReceipt::Written => Ok(Concluded {
                receipt,
                recorded: true,
            }),
            EditedReceipt::Kept(receipt) => Ok(Concluded {
                receipt,
                recorded: false,
            }),
            EditedReceipt::Contention => Err(RepositoryError::ReceiptContention { key }.into()),
        }
    }

    /// The final outcome that is already recorded for this very upload, if there is one.
    pub(super) async fn recorded(&self, upload: &Upload) -> Result<Option<Receipt>, PublishError> {
        let stored = self.repositories.read_receipt(&upload.staged.receipt_key()).await?;
        Ok(stored.bytes().and_then(|bytes| final_receipt_of(upload, bytes)))
    }

    fn receipt(&self, decided: &Decided) -> Receipt {
        let Upload {
            staged,
            repository,
            etag,
            uploaded,
            release,
            signed_by,
            ..
        } = &decided.upload;
        let archive = decided.archive.as_ref();
        let warnings = archive.map(|archive| archive.warnings.iter()).into_iter().flatten();
        let visible = match &decided.verdict {
            Verdict::Pass(visible) => Some(visible),
            Verdict::Hold(_) | Verdict::Reject(_) => None,
        };
        let (reason, reason_code) = decided.why_not().unzip();
        Receipt {
            upload: staged.key().to_owned(),
            upload_etag: etag.unquoted().to_owned(),
            uploaded_at: *uploaded,
            release: release.clone(),
            outcome: decided.outcome(),
            repository: repository.name().to_owned(),
            chart: archive.map(|archive| archive.metadata.name.clone()),
            version: archive.map(|archive| archive.metadata.version.clone()),
            digest: decided.digest,
            content_digest: archive.map(|archive| archive.content_digest),
            url: visible.and_then(|visible| visible.url.clone()),
            // The messages quote names, paths and values of the chart, so they are escaped.
            reason: reason.map(|reason| printable(&reason).into_owned()),
            reason_code,
            signed_by: signed_by.clone().filter(|_| visible.is_some()),
            mirror: None,
            mirror_problem: None,
            warnings: warnings.map(|warning| printable(warning).into_owned()).collect(),
            more_warnings: 0,
            recorded_at: (self.clock)(),
            unpublished: None,
        }
        .bounded()
    }

    /// Records a later event in the receipt of a published archive. If other runs keep winning the
    /// race, the receipt stays as they wrote it; the log has the event too.
    pub(super) async fn add_to_receipt(
        &self,
        staged: &StagedKey,
        note: impl Fn(&mut Receipt),
    ) -> Result<(), StoreError> {
        let mut written = None;
        let edit = |stored: &StoredReceipt| {
            let bytes = stored.bytes().map(|bytes| bytes.as_ref()).unwrap_or_default();
            // The race was lost to this run's own first request, whose answer was lost.
            if written.as_deref() == Some(bytes) {
                return ReceiptEdit::Keep(());
            }
            let Ok(before) = serde_json::from_slice::<Receipt>(bytes) else {
                return ReceiptEdit::Keep(());
            };
            let mut receipt = before.clone();
            note(&mut receipt);
            let receipt = receipt.bounded();
            if receipt == before {
                return ReceiptEdit::Keep(());
            }
            ReceiptEdit::Write(written.insert(receipt.to_bytes()).clone())
        };
        self.repositories.edit_receipt(&staged.receipt_key(), edit).await?;
        Ok(())
    }

    /// Rejects an upload because of its key alone.
    pub(super) async fn reject_unread(&self, staged: &StagedKey, reason: Reason, report: &mut Report) {
        let upload = match self.described_upload(staged).await {
            Ok(Some(upload)) => upload,
            Ok(None) if self.takes_provenance() => {
                return match self.reject_provenance(staged, &reason).await {
                    Ok(Some(late)) => report.late_provenance.push(late),
                    Ok(None) => report.gone.push(staged.clone()),
                    Err(error) => report.fail(staged.clone(), &error),
                };
            }
            Ok(None) => return report.gone.push(staged.clone()),
            Err(error) => return report.fail(staged.clone(), &error),
        };
        match self.conclude(Decided::rejected_unread(upload, None, reason)).await {
            Ok(concluded) => report.concluded.push(concluded),
            Err(error) => report.fail(staged.clone(), &error),
        }
    }

    /// An upload without its bytes.
    async fn described_upload(&self, staged: &StagedKey) -> Result<Option<Upload>, StoreError> {
        let of = |etag, modified| Upload::new(&Repository::default(), staged, etag, modified);
        let described = match self.store.describe(staged.key()).await {
            Ok(described) => described,
            Err(error) if error.is_bad_request() => {
                let listed = self.store.find(staged.key()).await?;
                return Ok(listed.map(|object| Upload {
                    is_copied: false,
                    ..of(object.etag, object.modified)
                }));
            }
            Err(error) => return Err(error),
        };
        Ok(described.map(|described| Upload {
            is_copied: described.size <= MAX_COPIED
                && described.archived.is_none()
                && !described.by_kms
                && !staged.is_too_long(),
            version: described.version,
            release: release_in(&described.metadata),
            ..of(described.etag, described.modified)
        }))
    }
}

/// The existing receipt, if it must stay: it already says the same, or it belongs to a later
/// upload.
fn stays(there: &[u8], receipt: &Receipt, was_replaced: bool) -> Option<Receipt> {
    let there: Receipt = serde_json::from_slice(there).ok()?;
    let (etag, uploaded, release) = (&receipt.upload_etag, receipt.uploaded_at, receipt.release.as_deref());
    let stays = if there.is_of(etag, uploaded, release) {
        match there.outcome {
            Outcome::Published | Outcome::Unchanged => true,
            // The same bytes were uploaded twice within a second. The receipt has to match what the
            // index lists.
            Outcome::Rejected => !receipt.is_visible(),
            Outcome::Held => receipt.outcome == Outcome::Held && there.reason == receipt.reason,
        }
    } else {
        let is_of_same_bytes = there.upload_etag == *etag && there.uploaded_at == uploaded;
        there.uploaded_at > uploaded
            || (was_replaced && there.uploaded_at == uploaded)
            || (is_of_same_bytes && there.is_visible() && !receipt.is_visible())
    };
    stays.then_some(there)
}

/// The recorded outcome of this very upload, if it is final.
fn final_receipt_of(upload: &Upload, bytes: &[u8]) -> Option<Receipt> {
    let receipt: Receipt = serde_json::from_slice(bytes).ok()?;
    let is_of_it = receipt.is_of(upload.etag.unquoted(), upload.uploaded, upload.release.as_deref());
    (receipt.outcome != Outcome::Held && is_of_it).then_some(receipt)
}

impl Concluded {
    /// Milliseconds from the upload to this record.
    pub fn upload_to_outcome_ms(&self) -> u64 {
        let passed = self.receipt.recorded_at.duration_since(self.receipt.uploaded_at);
        u64::try_from(passed.as_millis()).unwrap_or_default()
    }

    /// When it was uploaded.
    pub fn uploaded_at(&self) -> Timestamp {
        self.receipt.uploaded_at
    }
}
