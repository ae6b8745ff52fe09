//! The receipts of a repository: read, and edited by compare-and-swap.

use bytes::Bytes;

use super::{Attempts, Repositories};
use crate::keys::Headers;
use crate::store::{ETag, Got, Replaced, StoreError};

/// A larger object is not a receipt. Receipts are much smaller
/// ([`Receipt::bounded`](crate::receipt::Receipt::bounded)), but those of earlier versions of
/// Chartdrop had no such bound, and their notes about unpublished versions still count.
const MAX_RECEIPT_BYTES: u64 = 16 * 1024 * 1024;

/// The object under the key of a receipt.
#[derive(Debug)]
pub(crate) enum StoredReceipt {
    /// S3 reported that there is none.
    Missing,
    /// A receipt, possibly damaged.
    Found {
        /// Its bytes.
        bytes: Bytes,
        /// Identifies the state that was read.
        etag: ETag,
    },
    /// It has more bytes than a receipt can have.
    TooLarge {
        /// Identifies the state that was read.
        etag: ETag,
    },
}

impl StoredReceipt {
    /// Its bytes, if it is small enough to be a receipt.
    pub(crate) fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Found { bytes, .. } => Some(bytes),
            Self::Missing | Self::TooLarge { .. } => None,
        }
    }

    fn etag(&self) -> Option<&ETag> {
        match self {
            Self::Found { etag, .. } | Self::TooLarge { etag } => Some(etag),
            Self::Missing => None,
        }
    }
}

/// The result of an edit function.
#[derive(Debug)]
pub(crate) enum ReceiptEdit<T> {
    /// Replace the receipt by these bytes.
    Write(Vec<u8>),
    /// Keep the receipt, with the reason.
    Keep(T),
}

/// The result of editing a receipt.
#[derive(Debug)]
pub(crate) enum EditedReceipt<T> {
    /// The new bytes were written.
    Written,
    /// The receipt was kept, with the reason.
    Kept(T),
    /// Other runs won every race.
    Contention,
}

impl Repositories {
    /// Reads the object under the key of a receipt.
    pub(crate) async fn read_receipt(&self, key: &str) -> Result<StoredReceipt, StoreError> {
        Ok(match self.store.get(key, MAX_RECEIPT_BYTES).await? {
            Got::Missing => StoredReceipt::Missing,
            Got::TooLarge { etag, .. } => StoredReceipt::TooLarge { etag },
            Got::Found(object) => StoredReceipt::Found {
                bytes: object.bytes,
                etag: object.etag,
            },
        })
    }

    /// Reads a receipt and replaces it by the result of `edit`. After a lost race, `edit` gets what
    /// the other run has written.
    pub(crate) async fn edit_receipt<T>(
        &self,
        key: &str,
        edit: impl FnMut(&StoredReceipt) -> ReceiptEdit<T>,
    ) -> Result<EditedReceipt<T>, StoreError> {
        let stored = self.read_receipt(key).await?;
        self.try_edits(key, stored, edit, Attempts::at_receipt()).await
    }

    /// Edits a receipt without reading it first: most uploads are the first of their name.
    pub(crate) async fn create_or_edit_receipt<T>(
        &self,
        key: &str,
        edit: impl FnMut(&StoredReceipt) -> ReceiptEdit<T>,
    ) -> Result<EditedReceipt<T>, StoreError> {
        let attempts = Attempts::at_receipt().without_first_read();
        self.try_edits(key, StoredReceipt::Missing, edit, attempts).await
    }

    async fn try_edits<T>(
        &self,
        key: &str,
        stored: StoredReceipt,
        mut edit: impl FnMut(&StoredReceipt) -> ReceiptEdit<T>,
        mut attempts: Attempts,
    ) -> Result<EditedReceipt<T>, StoreError> {
        let mut stored = stored;
        loop {
            let bytes = match edit(&stored) {
                ReceiptEdit::Write(bytes) => vec![Bytes::from(bytes)],
                ReceiptEdit::Keep(why) => return Ok(EditedReceipt::Kept(why)),
            };
            let replaced = self
                .store
                .replace(key, bytes, &Headers::receipt(), stored.etag())
                .await?;
            if replaced == Replaced::Done {
                return Ok(EditedReceipt::Written);
            }
            if attempts.again().await.is_err() {
                return Ok(EditedReceipt::Contention);
            }
            stored = self.read_receipt(key).await?;
        }
    }
}
