//! What receipts remember about versions that the index does not list: which were listed before,
//! and which were unpublished.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::{MAX_LISTED, Repositories};
use crate::digest::Digest;
use crate::keys::{ChartFile, Repository};
use crate::receipt::{Outcome, Receipt};
use crate::store::StoreError;
use crate::unpublished::Unpublished;

/// Receipts that are read at the same time.
const CONCURRENT_RECEIPTS: usize = 16;

/// A version that the index listed when its receipt was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// The chart.
    pub(crate) chart: String,
    /// The version.
    pub(crate) version: String,
    /// The digest of the listed archive.
    pub(crate) digest: Option<Digest>,
    /// The digest of its content, which recognises another packaging.
    pub(crate) content_digest: Option<Digest>,
    /// When that was recorded, right after it was listed.
    pub(crate) at: Timestamp,
}

/// What receipts say, by archive name.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The versions that were unpublished.
    pub(crate) unpublished: BTreeMap<String, Unpublished>,
    /// The versions that were listed and not unpublished since.
    pub(crate) listed: BTreeMap<String, Remembered>,
}

impl Remembered {
    /// What a receipt remembers about a version that was visible, if it does.
    fn of(receipt: Receipt) -> Option<Self> {
        let visible = matches!(receipt.outcome, Outcome::Published | Outcome::Unchanged);
        Some(Self {
            chart: receipt.chart.filter(|_| visible)?,
            version: receipt.version?,
            digest: receipt.digest,
            content_digest: receipt.content_digest,
            at: receipt.recorded_at,
        })
    }
}

impl Repositories {
    /// What the receipts of a repository remember about the given archive names.
    pub(crate) async fn memory(
        &self,
        repository: &Repository,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Memory, StoreError> {
        let prefix = repository.receipts_prefix();
        let receipts = self.store.list_folder(&prefix, MAX_LISTED).await?;
        let wanted = receipts.iter().filter_map(|receipt| {
            let file_name = receipt.key.strip_prefix(&prefix)?.strip_suffix(".json")?;
            wanted(file_name).then(|| (file_name.to_owned(), receipt.key.as_str()))
        });
        let found: Vec<_> = stream::iter(wanted.collect::<Vec<_>>())
            .map(|(file_name, key)| async move { Ok::<_, StoreError>((file_name, self.receipt_at(key).await?)) })
            .buffered(CONCURRENT_RECEIPTS)
            .try_collect()
            .await?;
        let mut memory = Memory::default();
        for (file_name, (unpublished, listed)) in found {
            if let Some(unpublished) = unpublished {
                memory.unpublished.insert(file_name.clone(), unpublished);
            }
            if let Some(listed) = listed {
                memory.listed.insert(file_name, listed);
            }
        }
        Ok(memory)
    }

    /// What the receipt of one archive name remembers about a version that was listed and not
    /// unpublished since.
    pub(crate) async fn remembered(&self, staged: &ChartFile) -> Result<Option<Remembered>, StoreError> {
        let (_, listed) = self.receipt_at(&staged.receipt_key()).await?;
        Ok(listed)
    }

    async fn receipt_at(&self, key: &str) -> Result<(Option<Unpublished>, Option<Remembered>), StoreError> {
        let stored = self.read_receipt(key).await?;
        let Some(bytes) = stored.bytes() else {
            return Ok((None, None));
        };
        let unpublished = Receipt::unpublished_in(bytes);
        let listed = serde_json::from_slice(bytes).ok().and_then(Remembered::of);
        // A receipt that was written after the version returned also keeps the note about the
        // removal.
        let listed = listed.filter(|listed| unpublished.as_ref().is_none_or(|taken| taken.at < listed.at));
        Ok((unpublished, listed))
    }
}
