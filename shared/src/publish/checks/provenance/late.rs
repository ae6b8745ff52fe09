//! Provenance files whose upload is gone: the archive is already published, or has yet to arrive.

use std::time::Duration;

use super::{Attached, Provenance, Verified};
use crate::archive::Archive;
use crate::keys::{ChartFile, StagedKey};
use crate::provenance::{MAX_BYTES, ProvenanceError};
use crate::publish::prepare::candidate::Prepared;
use crate::publish::prepare::unreadable::Unreadable;
use crate::publish::prepare::upload::MAX_COPIED;
use crate::publish::report::shown;
use crate::publish::{PublishError, Publisher, Reason};
use crate::receipt::Receipt;
use crate::repository::PublishedArchive;
use crate::store::{Got, StoreError};

/// How long a provenance file without an archive stays in staging.
const ORPHAN_PROVENANCE_TTL: Duration = Duration::from_secs(24 * 3600);

/// A provenance file that arrived after its archive was published, with the result.
#[derive(Debug, Clone)]
pub struct LateProvenance {
    /// The upload that it belongs to.
    pub staged: StagedKey,
    /// Who signed it, or why it was rejected.
    pub result: Result<String, String>,
}

impl Publisher {
    /// Handles a provenance file without an upload.
    pub(in crate::publish) async fn late_provenance(&self, file: &ChartFile) -> Result<Prepared, PublishError> {
        let staged = file.upload();
        let key = staged.staged_provenance_key();
        let copied = |etag| Attached { etag, is_copied: true };
        let (text, attached, modified) = match self.store.get(&key, MAX_BYTES).await {
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
        let published = self.repositories.read_archive(&file.archive_key()).await?;
        let result = match (published, text) {
            (PublishedArchive::Missing, _) if self.is_within(ORPHAN_PROVENANCE_TTL, modified) => {
                return Ok(Prepared::Gone);
            }
            (PublishedArchive::Missing, _) => Err("its archive did not arrive within a day".to_owned()),
            (unread @ (PublishedArchive::TooLarge { .. } | PublishedArchive::Unreadable { .. }), _) => {
                Err(unread.problem().unwrap_or_default())
            }
            (PublishedArchive::Known(_), Err(problem)) => Err(problem),
            (PublishedArchive::Known(known), Ok(text)) => {
                match self.verify_provenance(&text, file.file_name(), &known.archive).await? {
                    // A run that was killed may have left this archive. The file may be for an
                    // upload that is still to come.
                    Verified::Not(_)
                        if self.is_within(ORPHAN_PROVENANCE_TTL, modified)
                            && !self.is_listed(file, &known.archive).await? =>
                    {
                        return Ok(Prepared::Gone);
                    }
                    Verified::Not(error) => Err(error.to_string()),
                    Verified::SignedBy(signed_by) => {
                        let provenance = Provenance {
                            text,
                            digest: known.archive.digest,
                            signed_by: signed_by.clone(),
                        };
                        self.store_provenance(&file.provenance_key(), &provenance).await?;
                        if self.settings.oci_mirror.is_some() {
                            self.note_for_mirror(file).await?;
                        }
                        Ok(signed_by)
                    }
                }
            }
        };
        Ok(Prepared::Late(self.conclude_late(&staged, &attached, result).await?))
    }

    async fn is_listed(&self, file: &ChartFile, archive: &Archive) -> Result<bool, PublishError> {
        let state = self.repositories.existing_index(file.repository()).await?;
        let metadata = &archive.metadata;
        Ok(state.is_some_and(|state| state.index.lists(&metadata.name, &metadata.version)))
    }

    /// Handles a provenance file whose key no upload can have. `None` if it is gone.
    pub(in crate::publish) async fn reject_provenance(
        &self,
        staged: &StagedKey,
        reason: &Reason,
    ) -> Result<Option<LateProvenance>, PublishError> {
        let Some(object) = self.store.find(&staged.staged_provenance_key()).await? else {
            return Ok(None);
        };
        let etag = object.etag;
        let attached = Attached { etag, is_copied: false };
        self.conclude_late(staged, &attached, Err(reason.to_string()))
            .await
            .map(Some)
    }

    async fn conclude_late(
        &self,
        staged: &StagedKey,
        attached: &Attached,
        result: Result<String, String>,
    ) -> Result<LateProvenance, PublishError> {
        let result = result.map_err(|problem| shown(&problem));
        let key = staged.staged_provenance_key();
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

    /// Records the result for a late provenance file in the archive's receipt.
    async fn note_provenance(&self, staged: &StagedKey, result: &Result<String, String>) -> Result<(), StoreError> {
        let note = |receipt: &mut Receipt| match result {
            Ok(signed_by) => receipt.signed_by = Some(signed_by.clone()),
            Err(problem) => {
                let warning = format!("a provenance file that arrived later was rejected: {problem}");
                receipt.warnings.push(warning);
            }
        };
        self.add_to_receipt(staged, note).await
    }
}
