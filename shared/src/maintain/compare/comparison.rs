//! Compares one archive with the entries that point to it.

use tokio::sync::Semaphore;

use super::Digests;
use crate::archive::Archive;
use crate::chart::{self, archive_name};
use crate::digest::Digest;
use crate::index::ListedVersion;
use crate::keys::Repository;
use crate::maintain::difference::{Difference, Kind, Repair};
use crate::maintain::survey::{Subject, Survey};
use crate::maintain::{MaintainError, Maintainer};
use crate::repository::{PublishedArchive, command};

/// One archive name to compare.
pub(super) struct Comparison<'a> {
    pub(super) maintainer: &'a Maintainer,
    pub(super) survey: &'a Survey,
    pub(super) digests: &'a Digests,
    pub(super) downloads: &'a Semaphore,
    pub(super) repository: &'a Repository,
    pub(super) accept_changed: bool,
    pub(super) subject: &'a Subject,
}

/// The result of comparing one archive name.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) differences: Vec<Difference>,
    /// Whether the archive had to be downloaded.
    pub(super) is_downloaded: bool,
}

impl Findings {
    /// The result for an archive whose bytes were not needed.
    pub(super) fn without_bytes(differences: impl IntoIterator<Item = Difference>) -> Self {
        Self {
            differences: differences.into_iter().collect(),
            is_downloaded: false,
        }
    }

    /// The result for an archive that was downloaded.
    pub(super) fn with_bytes(differences: impl IntoIterator<Item = Difference>) -> Self {
        Self {
            differences: differences.into_iter().collect(),
            is_downloaded: true,
        }
    }
}

impl Comparison<'_> {
    /// Compares the listed entries with the stored archive.
    pub(super) async fn run(self) -> Result<Findings, MaintainError> {
        let key = &self.subject.key;
        let object = self.subject.object.as_ref().filter(|_| !self.subject.listed.is_empty());
        let digest = match object.and_then(|object| self.digests.of(key, &object.etag)) {
            Some(digest) => Some(digest),
            None => match self.maintainer.store.inspect(key).await? {
                // A definite answer, and later than the index was read.
                None => return Ok(Findings::without_bytes(self.missing())),
                Some(inspected) => {
                    self.digests.keep(key, &inspected);
                    if self.subject.listed.is_empty() {
                        return self.not_listed(&inspected).await;
                    }
                    inspected.digest
                }
            },
        };
        if let (Some(digest), [listed]) = (digest, self.subject.listed.as_slice())
            && self.agrees(listed, digest)
        {
            return Ok(Findings::without_bytes(self.under_several_names(listed)));
        }
        self.look_inside().await
    }

    /// Whether everything that needs no download is as it should be.
    fn agrees(&self, listed: &ListedVersion, digest: Digest) -> bool {
        listed.comparable() == Some(digest)
            && listed.url.is_some()
            && listed.name.as_ref().is_none_or(|name| *name == listed.chart)
            && self.subject.file_name() == archive_name(&listed.chart, &listed.version)
    }

    /// The difference for a missing archive.
    fn missing(&self) -> Vec<Difference> {
        let differences = self.subject.listed.iter().map(|listed| {
            let (chart, version) = (&listed.chart, &listed.version);
            match (&listed.url, &self.subject.own) {
                (Some(_), Some(_)) => self.of(
                    listed,
                    Kind::ArchiveMissing,
                    format!(
                        "the index lists {chart} {version}, but its archive is gone, so it cannot be installed. Upload the same \
                         chart again, or run {} to remove the entry",
                        command::reindex(self.repository)
                    ),
                    Repair::Remove(listed.place),
                ),
                // The edge may have another origin for that folder, so this is not certain.
                (Some(url), None) => self.of(
                    listed,
                    Kind::ArchiveMissing,
                    format!(
                        "the entry of {chart} {version} points to {url}, but the bucket has no such object. Unless something else \
                         serves it, it cannot be installed. Upload the same chart again, or remove the entry with {}",
                        command::unpublish(self.repository, chart, version)
                    ),
                    Repair::None,
                ),
                (None, _) => self.of(
                    listed,
                    Kind::NoUrl,
                    format!("the index lists {chart} {version} without a URL, and the bucket does not have its archive. Upload the chart"),
                    Repair::None,
                ),
            }
        });
        differences.collect()
    }

    /// Compares the archive's contents with its entries.
    async fn look_inside(&self) -> Result<Findings, MaintainError> {
        let permit = self.downloads.acquire().await;
        let stored = self.maintainer.repositories.read_archive(&self.subject.key).await?;
        drop(permit);
        let differences = match &stored {
            PublishedArchive::Missing => self.missing(),
            PublishedArchive::Known(known) => self.judge(&known.archive),
            PublishedArchive::TooLarge { .. } | PublishedArchive::Unreadable { .. } => self.of_unreadable(&stored),
        };
        Ok(Findings::with_bytes(differences))
    }

    pub(super) fn unreadable(&self, stored: &PublishedArchive) -> Option<Difference> {
        let problem = stored.problem()?;
        let message = if stored.stops_helm() {
            format!("Helm cannot load the archive: {problem}")
        } else {
            format!("Chartdrop cannot read the archive, but Helm may be able to load it: {problem}")
        };
        Some(self.about(Kind::UnreadableArchive, None, message, Repair::None))
    }

    /// The difference for an archive that is listed and unreadable. Only its packager knows what it
    /// should contain.
    fn of_unreadable(&self, stored: &PublishedArchive) -> Vec<Difference> {
        let changed = self.subject.listed.iter().filter_map(|listed| {
            let found = stored.digest()?;
            let is_other = listed.comparable().is_some_and(|listed| listed != found);
            is_other.then(|| self.of(listed, Kind::Digest, self.changed(listed, found), Repair::None))
        });
        self.unreadable(stored).into_iter().chain(changed).collect()
    }

    pub(super) fn of(&self, listed: &ListedVersion, kind: Kind, message: String, repair: Repair) -> Difference {
        Difference {
            kind,
            key: self.subject.key.clone(),
            chart: Some(listed.chart.clone()),
            version: Some(listed.version.clone()),
            message,
            repair,
        }
    }

    pub(super) fn about(&self, kind: Kind, archive: Option<&Archive>, message: String, repair: Repair) -> Difference {
        Difference {
            kind,
            key: self.subject.key.clone(),
            chart: archive.map(|archive| archive.metadata.name.clone()),
            version: archive.map(|archive| archive.metadata.version.clone()),
            message,
            repair,
        }
    }
}

/// Whether an archive belongs to the version of this file name. An unreadable one may belong to any
/// version.
pub(in crate::maintain) fn is_named(stored: &PublishedArchive, file_name: &str) -> bool {
    stored.archive().is_none_or(|archive| {
        let metadata = &archive.metadata;
        chart::file_name(metadata) == file_name
    })
}
