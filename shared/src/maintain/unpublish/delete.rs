//! Deletes the archive of a version, and then its provenance file.

use crate::keys::{ChartFile, PROVENANCE_SUFFIX};
use crate::maintain::compare::is_named;
use crate::maintain::{MaintainError, Maintainer};
use crate::unpublished::Unpublished;

/// How often the deletion of an archive is retried while the archive is being written again.
const MAX_DELETIONS: usize = 5;

/// The result for the archive under one key.
#[derive(Default)]
pub(super) struct Deleted {
    /// The keys that were deleted.
    pub(super) keys: Vec<String>,
    /// Why an object still exists.
    pub(super) stays: Option<String>,
}

impl Maintainer {
    /// Deletes what was unpublished under one key, but nothing that was stored since.
    pub(super) async fn delete_archive(
        &self,
        staged: &ChartFile,
        key: &str,
        unpublished: &Unpublished,
    ) -> Result<Deleted, MaintainError> {
        let mut deleted = Deleted::default();
        for _ in 0..MAX_DELETIONS {
            let stored = self.repositories.read_archive(key).await?;
            let Some(etag) = stored.etag() else {
                let provenance = format!("{key}{PROVENANCE_SUFFIX}");
                if let Some((etag, _)) = self.store.head(&provenance).await? {
                    self.store.delete(&provenance, &etag).await?;
                    deleted.keys.push(provenance);
                }
                return Ok(deleted);
            };
            // Published again by an upload of the same content, or an archive of another chart with
            // the same name.
            let returned_after = stored.marks().and_then(|marks| marks.returned_after.as_ref());
            let came_back = returned_after == Some(&unpublished.id());
            if came_back || !is_named(&stored, staged.file_name()) {
                return Ok(deleted);
            }
            // Deletes only the state that was examined. A newer one is examined in the next
            // attempt.
            self.store.delete(key, etag).await?;
            if deleted.keys.is_empty() {
                deleted.keys.push(key.to_owned());
            }
        }
        deleted.stays = Some(format!(
            "other runs kept writing {key} while it was deleted. Run this again"
        ));
        Ok(deleted)
    }
}
