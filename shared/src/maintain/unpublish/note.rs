//! The notes about an unpublished version, in the index and in its receipt.

use serde_json::{Map, Value};

use super::reach::Reach;
use super::report::Target;
use crate::index::ListedVersion;
use crate::keys::ChartFile;
use crate::maintain::{MaintainError, Maintainer};
use crate::receipt::Receipt;
use crate::repository::{EditedReceipt, PublishedArchive, ReceiptEdit, Remembered, RepositoryError, StoredReceipt};
use crate::unpublished::Unpublished;

impl Maintainer {
    /// The note about a version: from its archive or, if that is gone, from the index and the
    /// receipt.
    pub(super) async fn remember(
        &self,
        target: Target<'_>,
        staged: &ChartFile,
        listed: &ListedVersion,
        reach: &Reach,
    ) -> Result<Unpublished, MaintainError> {
        let at = self.repositories.now();
        let own_key = staged.archive_key();
        let archives: Vec<String> = reach.delete.iter().filter(|key| **key != own_key).cloned().collect();
        for key in std::iter::once(&own_key).chain(&archives) {
            if let PublishedArchive::Known(known) = self.repositories.read_archive(key).await?
                && let archive = &known.archive
                && archive.metadata.name == target.chart
                && archive.metadata.version == target.version
            {
                return Ok(Unpublished {
                    digest: Some(archive.digest),
                    content_digest: Some(archive.content_digest),
                    archives,
                    at,
                });
            }
        }
        let digest = listed.comparable();
        let stored = self.repositories.read_receipt(&staged.receipt_key()).await?;
        let receipt = stored
            .bytes()
            .and_then(|bytes| serde_json::from_slice::<Receipt>(bytes).ok());
        // The receipt of a rejected upload is about other content.
        let receipt = receipt.filter(|receipt| digest.is_some() && receipt.digest == digest);
        Ok(Unpublished {
            digest,
            content_digest: receipt.and_then(|receipt| receipt.content_digest),
            archives,
            at,
        })
    }

    /// The note about a version that only its receipt knows, because it is in neither the index nor
    /// the bucket. With it, `verify` does not report the version again.
    pub(super) async fn lost_version(
        &self,
        target: Target<'_>,
        staged: &ChartFile,
    ) -> Result<Option<Unpublished>, MaintainError> {
        if self.store.head(&staged.archive_key()).await?.is_some() {
            return Ok(None);
        }
        let remembered = self.repositories.remembered(staged).await?;
        let is_its = |lost: &Remembered| lost.chart == target.chart && lost.version == target.version;
        Ok(remembered.filter(is_its).map(|lost| Unpublished {
            digest: lost.digest,
            content_digest: lost.content_digest,
            archives: Vec::new(),
            at: self.repositories.now(),
        }))
    }

    /// Adds the note to the receipt and keeps everything else. Without a receipt, writes one that
    /// contains only the note.
    pub(super) async fn note_in_receipt(
        &self,
        staged: &ChartFile,
        unpublished: &Unpublished,
    ) -> Result<(), MaintainError> {
        let edit = |stored: &StoredReceipt| {
            let receipt = stored.bytes().map(|bytes| bytes.as_ref()).unwrap_or_default();
            if Receipt::unpublished_in(receipt).as_ref() == Some(unpublished) {
                return ReceiptEdit::Keep(());
            }
            ReceiptEdit::Write(with_note(receipt, unpublished))
        };
        let key = staged.receipt_key();
        match self.repositories.edit_receipt(&key, edit).await? {
            EditedReceipt::Written | EditedReceipt::Kept(()) => Ok(()),
            EditedReceipt::Contention => Err(RepositoryError::ReceiptContention { key }.into()),
        }
    }
}

fn with_note(receipt: &[u8], unpublished: &Unpublished) -> Vec<u8> {
    if let Ok(mut receipt) = serde_json::from_slice::<Receipt>(receipt) {
        receipt.unpublished = Some(unpublished.clone());
        return receipt.bounded().to_bytes();
    }
    let mut fields: Map<String, Value> = serde_json::from_slice(receipt).unwrap_or_default();
    let note = serde_json::to_value(unpublished).unwrap_or_default();
    fields.insert("unpublished".to_owned(), note);
    let mut bytes = serde_json::to_vec_pretty(&fields).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
