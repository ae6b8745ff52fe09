//! Notes: small objects, each written for its event or as a reminder, such as "this archive was
//! repaired".

use bytes::Bytes;

use super::{Attempts, Repositories};
use crate::keys::Headers;
use crate::store::{Replaced, StoreError};

impl Repositories {
    /// Writes a note, replacing an earlier one.
    ///
    /// If other runs keep winning the race for the same note, their notes serve the purpose: each
    /// was written after what this one is about.
    pub(crate) async fn write_note(&self, key: &str, note: Bytes) -> Result<(), StoreError> {
        let mut attempts = Attempts::at_receipt().without_first_read();
        let mut earlier = None;
        loop {
            let (pieces, headers) = (vec![note.clone()], Headers::receipt());
            let replaced = self.store.replace(key, pieces, &headers, earlier.as_ref()).await?;
            if replaced == Replaced::Done || attempts.again().await.is_err() {
                return Ok(());
            }
            earlier = self.store.head(key).await?.map(|(etag, _)| etag);
        }
    }
}
