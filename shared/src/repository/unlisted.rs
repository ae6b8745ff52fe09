//! Decides whether an archive that no index lists may be listed, and since when its version has
//! been published.

use jiff::Timestamp;

use super::{Remembered, Repositories};
use crate::archive::Archive;
use crate::digest::Digest;
use crate::index::{Created, Entry};
use crate::keys::ChartFile;
use crate::provenance::ProvenanceMode;
use crate::store::{Listed, StoreError};

/// Why an unsigned archive is not listed where signatures are required.
pub(crate) const UNSIGNED: &str = "PROVENANCE is require, and it has neither a provenance file nor a receipt of its publication. An \
     interrupted publish may have left it";

/// When a version that no index lists was published: when its archive was stored or, if the archive
/// was written again since, the time in its receipt.
pub(crate) fn created(object: &Listed, remembered: Option<&Remembered>) -> Timestamp {
    remembered.map_or(object.modified, |remembered| remembered.at.min(object.modified))
}

/// Why an archive is not listed again: the index must not list a replacement of what was published.
pub(crate) fn changed_since(listed: &Remembered, found: Digest) -> String {
    let Remembered { chart, version, at, .. } = listed;
    let digest = listed.digest.map(|digest| digest.short()).unwrap_or_default();
    format!(
        "it was damaged or tampered with: according to the receipt of {chart} {version}, the archive published by {at} has the \
         digest {digest}, but this one has {}",
        found.short()
    )
}

/// Creates the entry for an archive.
pub(crate) fn entry(archive: &Archive, url: String, created: Created) -> Entry {
    Entry {
        metadata: archive.metadata.clone(),
        digest: archive.digest,
        url,
        created,
    }
}

impl Repositories {
    /// Whether an archive that no index lists must stay unlisted: a run that was killed may have
    /// stored it before its provenance file, and `PROVENANCE=require` lists no archive without one.
    /// Versions that were listed according to their receipts are exempt: they are older than the
    /// setting.
    pub(crate) async fn must_be_signed(&self, file: &ChartFile) -> Result<bool, StoreError> {
        Ok(self.settings.provenance == ProvenanceMode::Require
            && self.store.head(&file.provenance_key()).await?.is_none())
    }
}
