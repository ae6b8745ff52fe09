//! The receipts of a repository: read, and edited by compare-and-swap.

use bytes::Bytes;

use super::{Attempts, Repositories};
use crate::keys::Headers;
use crate::store::{ETag, Got, Replaced, StoreError};

/// A larger object is no receipt. What is written is far smaller
/// ([`Receipt::bounded`](crate::receipt::Receipt::bounded)); earlier versions of Chartdrop had no
/// such bound, and what their receipts say of an unpublish still counts.
const MAX_RECEIPT_BYTES: u64 = 16 * 1024 * 1024;

/// What lies under the key of a receipt.
#[derive(Debug)]
pub(crate) enum StoredReceipt {
    /// S3 said that there is nothing.
    Missing,
    /// A receipt, or what is left of one.
    Found {
        /// Its bytes.
        bytes: Bytes,
        /// Which state this is.
        etag: ETag,
    },
    /// More bytes than a receipt has.
    TooLarge {
        /// Which state this is.
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

/// What an edit makes of a receipt.
#[derive(Debug)]
pub(crate) enum ReceiptEdit<T> {
    /// These bytes replace it.
    Write(Vec<u8>),
    /// It stays; this is why.
    Keep(T),
}

/// What editing a receipt came to.
#[derive(Debug)]
pub(crate) enum EditedReceipt<T> {
    /// It has the new bytes.
    Written,
    /// It stays, as the edit said.
    Kept(T),
    /// Other runs wrote it first, each time.
    Contention,
}

impl Repositories {
    /// What lies under the key of a receipt.
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

    /// Reads a receipt and replaces it by what `edit` makes of it. After a lost race `edit` gets
    /// what the other run has written.
    pub(crate) async fn edit_receipt<T>(
        &self,
        key: &str,
        edit: impl FnMut(&StoredReceipt) -> ReceiptEdit<T>,
    ) -> Result<EditedReceipt<T>, StoreError> {
        let stored = self.read_receipt(key).await?;
        self.try_edits(key, stored, edit, Attempts::at_receipt()).await
    }

    /// The same without a read before the first write: most uploads are the first of their name.
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
