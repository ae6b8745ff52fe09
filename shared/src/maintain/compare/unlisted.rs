//! Handles an archive that no entry points to.

use super::comparison::{Comparison, Findings, is_named};
use crate::archive::Archive;
use crate::chart;
use crate::keys::ChartFile;
use crate::maintain::MaintainError;
use crate::maintain::difference::{Difference, Kind, Repair};
use crate::maintain::survey::UnpublishedVersion;
use crate::repository::{Marks, PublishedArchive, UNSIGNED, changed_since, command, created, entry};
use crate::store::Inspected;

impl Comparison<'_> {
    /// The difference for such an archive.
    pub(super) async fn not_listed(&self, inspected: &Inspected) -> Result<Findings, MaintainError> {
        let taken = self.survey.unpublished.get(&self.subject.key);
        if let Some(taken) = taken
            && Marks::of(&inspected.metadata).returned_after != Some(taken.note.id())
        {
            return self.unpublish_unfinished(taken).await;
        }
        // Archives in other folders belong to other repositories.
        let Some(staged) = &self.subject.own else {
            return Ok(Findings::without_bytes([]));
        };
        // The repository had another address when it was listed: the entry points there, and means
        // this archive.
        let elsewhere = self.survey.elsewhere_digests.get(&self.subject.key);
        if elsewhere.is_some() && elsewhere == inspected.digest.as_ref() {
            return Ok(Findings::without_bytes([]));
        }
        let permit = self.downloads.acquire().await;
        let key = staged.archive_key();
        let read = self.maintainer.repositories.read_archive(&key).await?;
        drop(permit);
        let archive = match &read {
            PublishedArchive::Missing => return Ok(Findings::with_bytes([])),
            PublishedArchive::Known(known) => &known.archive,
            PublishedArchive::TooLarge { .. } | PublishedArchive::Unreadable { .. } => {
                return Ok(Findings::with_bytes(self.unreadable(&read)));
            }
        };
        if elsewhere == Some(&archive.digest) {
            return Ok(Findings::with_bytes([]));
        }
        let difference = self.of_unlisted(staged, archive).await?;
        Ok(Findings::with_bytes([difference]))
    }

    async fn unpublish_unfinished(&self, taken: &UnpublishedVersion) -> Result<Findings, MaintainError> {
        // Another archive may have been stored under another key since.
        if self.subject.own.is_none() {
            let permit = self.downloads.acquire().await;
            let stored = self.maintainer.repositories.read_archive(&self.subject.key).await?;
            drop(permit);
            if stored.is_missing() || !is_named(&stored, &taken.file_name) {
                return Ok(Findings::with_bytes([]));
            }
        }
        let message = format!(
            "it was unpublished at {}, but the archive still exists: that unpublish was interrupted. Run it again",
            taken.note.at
        );
        let difference = self.about(Kind::UnpublishUnfinished, None, message, Repair::None);
        Ok(Findings::without_bytes([difference]))
    }

    /// The difference for an archive that can be installed and has no entry.
    async fn of_unlisted(&self, staged: &ChartFile, archive: &Archive) -> Result<Difference, MaintainError> {
        let (chart, version) = (&archive.metadata.name, &archive.metadata.version);
        if self.survey.names_of(chart, version) > 0 {
            let message = format!(
                "users do not get this archive: the entry of {chart} {version} in the index points elsewhere. To serve this copy, \
                 change the URL of that entry in {} to {}. Otherwise, delete this copy",
                self.repository.index_key(),
                self.maintainer.settings.archive_url(staged)
            );
            return Ok(self.about(Kind::ListedElsewhere, Some(archive), message, Repair::None));
        }
        if let Some(named) = self.archive_of_its_name(archive) {
            let message = format!("this is an archive of {chart} {version}, and so is {named}. Delete one of them");
            return Ok(self.about(Kind::ListedElsewhere, Some(archive), message, Repair::None));
        }
        let remembered = self.maintainer.repositories.remembered(staged).await?;
        if remembered.is_none() && self.maintainer.repositories.must_be_signed(staged).await? {
            let message = format!(
                "the index does not list it: {UNSIGNED}. Upload {chart} {version} again with its provenance file; if you have another \
                 packaging of it, delete this archive first. To list it without a signature, set PROVENANCE to verify and run {}",
                command::reindex(self.repository)
            );
            return Ok(self.about(Kind::Unsigned, Some(archive), message, Repair::None));
        }
        let url = self.maintainer.settings.archive_url(staged);
        let created = match &self.subject.object {
            Some(object) => created(object, remembered.as_ref()),
            None => self.maintainer.repositories.now(),
        };
        let add = Repair::Add(Box::new(entry(archive, url, created.into())));
        let published =
            remembered.filter(|remembered| remembered.digest.is_some_and(|digest| digest != archive.digest));
        if let Some(remembered) = published
            && let Some(digest) = remembered.digest
        {
            let message = format!(
                "the index does not list it, and {}. {}",
                changed_since(&remembered, archive.digest),
                self.maintainer
                    .how_to_restore(self.repository, &self.subject.key, &digest.to_string())
            );
            let repair = if self.accept_changed { add } else { Repair::None };
            return Ok(self.about(Kind::Digest, Some(archive), message, repair));
        }
        let message = format!(
            "the bucket has the archive of {chart} {version}, but the index does not list it. Run {}",
            command::reindex(self.repository)
        );
        Ok(self.about(Kind::NotListed, Some(archive), message, add))
    }

    /// The key that matches this archive's chart and version, if it is not the archive's own.
    fn archive_of_its_name(&self, archive: &Archive) -> Option<String> {
        let named = ChartFile::new(self.repository, &chart::file_name(&archive.metadata))?.archive_key();
        let other = self.survey.subjects.get(&named)?;
        (other.object.is_some() && named != self.subject.key).then_some(named)
    }
}
