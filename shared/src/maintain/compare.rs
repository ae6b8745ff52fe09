//! One archive and what is listed of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::stream::{self, StreamExt as _};
use tokio::sync::Semaphore;

use super::difference::{Difference, Kind, Mend};
use super::survey::{Subject, Survey, TakenBack};
use super::{MaintainError, Maintainer};
use crate::archive::Archive;
use crate::chart::{self, Metadata};
use crate::deadline::Deadline;
use crate::digest::Digest;
use crate::index::{Created, Entry, ListedVersion};
use crate::keys::{Repository, StagedKey};
use crate::repository::{Marks, PublishedArchive, RepositoryError, UNSIGNED, changed_since, command, created, entry};
use crate::store::{ETag, Inspected};

/// Requests under way at the same time: an archive of ours is compared without its bytes.
const CONCURRENT_HEADS: usize = 24;
/// Archives that are held in memory at the same time.
const CONCURRENT_ARCHIVES: usize = 2;

/// What comparing came to.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) differences: Vec<Difference>,
    /// Archive names that were looked at.
    pub(super) names: usize,
    /// Archives that had to be downloaded for it.
    pub(super) downloaded: usize,
    /// The last key that was looked at, if others are left.
    pub(super) after: Option<String>,
}

/// What has to be looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) repository: &'a Repository,
    /// Only keys behind this one.
    pub(super) after: Option<&'a str>,
    /// Differences after which it stops.
    pub(super) most: usize,
    /// Whether archives that are not what their entries say are taken for what they are.
    pub(super) accept_changed: bool,
    pub(super) deadline: Deadline,
}

/// Digests that S3 told, with the state of the object: a second look after a lost race costs nothing.
#[derive(Debug, Default)]
pub(super) struct Digests(Mutex<HashMap<String, (ETag, Digest)>>);

impl Digests {
    fn of(&self, key: &str, etag: &ETag) -> Option<Digest> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, digest) = known.get(key)?;
        (known == etag).then_some(*digest)
    }

    fn keep(&self, key: &str, inspected: &Inspected) {
        if let Some(digest) = inspected.digest {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(key.to_owned(), (inspected.etag.clone(), digest));
        }
    }
}

impl Maintainer {
    /// Compares archive after archive, in the order of their keys, until the time is over or there are enough differences.
    pub(super) async fn compare(
        &self,
        survey: &Survey,
        digests: &Digests,
        scope: Scope<'_>,
    ) -> Result<Compared, MaintainError> {
        let downloads = Semaphore::new(CONCURRENT_ARCHIVES);
        let left: Vec<(&String, &Subject)> = survey
            .subjects
            .iter()
            .filter(|(key, _)| scope.after.is_none_or(|after| key.as_str() > after))
            .collect();
        let mut results = stream::iter(&left)
            .take_while(|_| std::future::ready(scope.deadline.has_time()))
            .map(|(_, subject)| {
                let comparison = Comparison {
                    maintainer: self,
                    survey,
                    digests,
                    downloads: &downloads,
                    repository: scope.repository,
                    accept_changed: scope.accept_changed,
                    subject,
                };
                comparison.run()
            })
            .buffered(CONCURRENT_HEADS);
        let mut compared = Compared::default();
        while let Some(result) = results.next().await {
            let (differences, downloaded) = result?;
            compared.names += 1;
            compared.downloaded += usize::from(downloaded);
            compared.differences.extend(differences);
            if compared.differences.len() >= scope.most {
                break;
            }
        }
        if compared.names < left.len() {
            let last = compared.names.checked_sub(1).and_then(|last| left.get(last));
            compared.after = Some(last.map(|(key, _)| (*key).clone()).ok_or(RepositoryError::NoTime)?);
        }
        Ok(compared)
    }
}

/// One archive name under comparison.
struct Comparison<'a> {
    maintainer: &'a Maintainer,
    survey: &'a Survey,
    digests: &'a Digests,
    downloads: &'a Semaphore,
    repository: &'a Repository,
    accept_changed: bool,
    subject: &'a Subject,
}

impl Comparison<'_> {
    /// The differences, and whether the archive had to be downloaded.
    async fn run(self) -> Result<(Vec<Difference>, bool), MaintainError> {
        let key = &self.subject.key;
        let object = self.subject.object.as_ref().filter(|_| !self.subject.listed.is_empty());
        let digest = match object.and_then(|object| self.digests.of(key, &object.etag)) {
            Some(digest) => Some(digest),
            None => match self.maintainer.store.inspect(key).await? {
                // A definite answer, after the index was read.
                None => return Ok((self.missing(), false)),
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
            return Ok((self.under_several_names(listed).into_iter().collect(), false));
        }
        self.look_inside().await
    }

    /// Whether all that can be told without the archive's bytes is as it should be.
    fn agrees(&self, listed: &ListedVersion, digest: Digest) -> bool {
        listed.comparable() == Some(digest)
            && listed.url.is_some()
            && listed.name.as_ref().is_none_or(|name| *name == listed.chart)
            && self.subject.file_name() == format!("{}-{}.tgz", listed.chart, listed.version)
    }

    /// The archive is gone.
    fn missing(&self) -> Vec<Difference> {
        let differences = self.subject.listed.iter().map(|listed| {
            let (chart, version) = (&listed.chart, &listed.version);
            match (&listed.url, &self.subject.own) {
                (Some(_), Some(_)) => self.of(
                    listed,
                    Kind::ArchiveMissing,
                    format!(
                        "the index lists {chart} {version}, but its archive is gone: nobody can install it. Upload the \
                         same chart again, or run {} to take the entry out",
                        command::reindex(self.repository)
                    ),
                    Mend::Remove(listed.place),
                ),
                // The edge may have another origin for that folder, so nobody can be sure.
                (Some(url), None) => self.of(
                    listed,
                    Kind::ArchiveMissing,
                    format!(
                        "the entry of {chart} {version} points to {url}, and the bucket has no such object: unless something else \
                         serves it, nobody can install it. Upload the same chart again, or take the entry out with {}",
                        command::unpublish(self.repository, chart, version)
                    ),
                    Mend::None,
                ),
                (None, _) => self.of(
                    listed,
                    Kind::NoUrl,
                    format!("the index lists {chart} {version} without a URL, and there is no archive of it here"),
                    Mend::None,
                ),
            }
        });
        differences.collect()
    }

    /// The archive is there, and no entry points to it.
    async fn not_listed(&self, inspected: &Inspected) -> Result<(Vec<Difference>, bool), MaintainError> {
        let taken = self.survey.unpublished.get(&self.subject.key);
        if let Some(taken) = taken
            && Marks::of(&inspected.metadata).returned_after != Some(taken.note.id())
        {
            return self.unpublish_unfinished(taken).await;
        }
        // Whatever else lies in other folders is another repository's.
        let Some(staged) = &self.subject.own else {
            return Ok((Vec::new(), false));
        };
        // Listed when the repository had another address: the entry points there, and means this archive.
        let elsewhere = self.survey.elsewhere_digests.get(&self.subject.key);
        if elsewhere.is_some() && elsewhere == inspected.digest.as_ref() {
            return Ok((Vec::new(), false));
        }
        let permit = self.downloads.acquire().await;
        let key = staged.archive_key();
        let read = self.maintainer.repositories.read_archive(&key).await?;
        drop(permit);
        let archive = match &read {
            PublishedArchive::Missing => return Ok((Vec::new(), true)),
            PublishedArchive::Known(known) => &known.archive,
            PublishedArchive::TooLarge { .. } | PublishedArchive::Unreadable { .. } => {
                return Ok((self.unreadable(&read).into_iter().collect(), true));
            }
        };
        if elsewhere == Some(&archive.digest) {
            return Ok((Vec::new(), true));
        }
        let difference = self.of_unlisted(staged, archive).await?;
        Ok((vec![difference], true))
    }

    async fn unpublish_unfinished(&self, taken: &TakenBack) -> Result<(Vec<Difference>, bool), MaintainError> {
        // Under another key another archive may have come since.
        if self.subject.own.is_none() {
            let permit = self.downloads.acquire().await;
            let stored = self.maintainer.repositories.read_archive(&self.subject.key).await?;
            drop(permit);
            if stored.is_missing() || !is_named(&stored, &taken.file_name) {
                return Ok((Vec::new(), true));
            }
        }
        let message = format!(
            "it was unpublished at {}, but the archive is still there: that unpublish was cut short. Run it again",
            taken.note.at
        );
        let difference = self.about(Kind::UnpublishUnfinished, None, message, Mend::None);
        Ok((vec![difference], false))
    }

    /// An archive that can be installed, and that no entry points to.
    async fn of_unlisted(&self, staged: &StagedKey, archive: &Archive) -> Result<Difference, MaintainError> {
        let (chart, version) = (&archive.metadata.name, &archive.metadata.version);
        if self.survey.names_of(chart, version) > 0 {
            let message = format!(
                "the index lists {chart} {version}, but points to another place than this archive; unpublish the version or \
                 remove the archive"
            );
            return Ok(self.about(Kind::ListedElsewhere, Some(archive), message, Mend::None));
        }
        if let Some(named) = self.archive_of_its_name(archive) {
            let message =
                format!("this is an archive of {chart} {version}, and {named} is there too; remove one of them");
            return Ok(self.about(Kind::ListedElsewhere, Some(archive), message, Mend::None));
        }
        let remembered = self.maintainer.repositories.remembered(staged).await?;
        if remembered.is_none() && self.maintainer.repositories.must_be_signed(staged).await? {
            let message = format!(
                "the index does not list it: {UNSIGNED}. Upload {chart} {version} again with its provenance file; if another \
                 packaging of it is what you have, delete this archive first. To list it as it is, set PROVENANCE to verify and run {}",
                command::reindex(self.repository)
            );
            return Ok(self.about(Kind::Unsigned, Some(archive), message, Mend::None));
        }
        let url = self.maintainer.settings.archive_url(self.repository, staged);
        let created = match &self.subject.object {
            Some(object) => created(object, remembered.as_ref()),
            None => self.maintainer.repositories.now(),
        };
        let add = Mend::Add(Box::new(entry(archive, url, created.into())));
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
            let mend = if self.accept_changed { add } else { Mend::None };
            return Ok(self.about(Kind::Digest, Some(archive), message, mend));
        }
        let message = format!(
            "{chart} {version} is there, but the index does not list it; run {}",
            command::reindex(self.repository)
        );
        Ok(self.about(Kind::NotListed, Some(archive), message, add))
    }

    /// What the archive itself says about its entries.
    async fn look_inside(&self) -> Result<(Vec<Difference>, bool), MaintainError> {
        let permit = self.downloads.acquire().await;
        let stored = self.maintainer.repositories.read_archive(&self.subject.key).await?;
        drop(permit);
        let differences = match &stored {
            PublishedArchive::Missing => self.missing(),
            PublishedArchive::Known(known) => self.judge(&known.archive),
            PublishedArchive::TooLarge { .. } | PublishedArchive::Unreadable { .. } => self.of_unreadable(&stored),
        };
        Ok((differences, true))
    }

    /// Which of the entries is the archive's; every other one is a difference.
    fn judge(&self, archive: &Archive) -> Vec<Difference> {
        let is_right = |listed: &ListedVersion| {
            is_of(listed, archive) && listed.url.is_some() && listed.comparable() == Some(archive.digest)
        };
        let right = self.subject.listed.iter().find(|listed| is_right(listed));
        let mut has_entry = right.is_some();
        let mut differences = Vec::new();
        for listed in &self.subject.listed {
            if right.is_some_and(|right| right.place == listed.place) {
                differences.extend(self.under_several_names(listed));
                differences.extend(self.oddly_named(listed, archive));
                continue;
            }
            let (kind, message) = self.wrong(listed, archive, right.is_some());
            // Somebody can install what such an entry names, or what stands there is not what was published.
            let is_left = matches!(kind, Kind::OtherChart | Kind::Digest) && !self.accept_changed;
            let mend = match (is_left, has_entry) {
                (true, _) => Mend::None,
                (false, true) => Mend::Remove(listed.place),
                (false, false) => Mend::Replace(listed.place, Box::new(self.entry(archive, listed))),
            };
            has_entry = has_entry || !is_left;
            differences.push(self.of(listed, kind, message, mend));
        }
        differences
    }

    /// What is wrong with an entry that is not the archive's.
    fn wrong(&self, listed: &ListedVersion, archive: &Archive, has_right: bool) -> (Kind, String) {
        let (chart, version) = (&listed.chart, &listed.version);
        let reindex = command::reindex(self.repository);
        if !is_of(listed, archive) {
            let Metadata { name, version: of, .. } = &archive.metadata;
            let message = format!(
                "the entry for {chart} {version} points to an archive of {name} {of}, which is what whoever asks for it \
                 installs. Correct the entry by hand, unpublish {chart} {version}, or run {} to list the archive as what it is",
                command::accept_changed(self.repository)
            );
            return (Kind::OtherChart, message);
        }
        if has_right {
            let message = format!("the index lists {chart} {version} twice; run {reindex}");
            return (Kind::ListedTwice, message);
        }
        if listed.comparable().is_some_and(|listed| listed != archive.digest) {
            return (Kind::Digest, self.changed(listed, archive.digest));
        }
        if listed.url.is_none() {
            let message = format!("the entry for {chart} {version} has no URL; run {reindex}");
            return (Kind::NoUrl, message);
        }
        let found = archive.digest;
        let message = match &listed.digest {
            None => format!("{chart} {version} is listed without a digest; its archive has {found}. Run {reindex}"),
            Some(digest) => format!(
                "{chart} {version} is listed with {digest}, which is no SHA-256 digest; its archive has {found}. Run {reindex}"
            ),
        };
        (Kind::NoDigest, message)
    }

    /// The archive of an entry is another one than was published.
    fn changed(&self, listed: &ListedVersion, found: Digest) -> String {
        let (chart, version) = (&listed.chart, &listed.version);
        let digest = listed.digest.as_deref().unwrap_or_default();
        let restore = self
            .maintainer
            .how_to_restore(self.repository, &self.subject.key, digest);
        format!("{chart} {version} is listed with the digest {digest}, but its archive has {found}. {restore}")
    }

    fn oddly_named(&self, listed: &ListedVersion, archive: &Archive) -> Option<Difference> {
        let error = chart::check_file_name(self.subject.file_name(), &archive.metadata).err()?;
        Some(self.of(
            listed,
            Kind::FileName,
            format!(
                "the archive is called {:?} instead of {:?}; it can be installed, and stays",
                error.found, error.expected
            ),
            Mend::None,
        ))
    }

    fn under_several_names(&self, listed: &ListedVersion) -> Option<Difference> {
        let (chart, version) = (&listed.chart, &listed.version);
        (self.survey.names_of(chart, version) > 1).then(|| {
            let message = format!(
                "the index lists {chart} {version} more than once, with other URLs; which one Helm takes is chance. \
                 Remove all but one by hand"
            );
            self.of(listed, Kind::ListedTwice, message, Mend::None)
        })
    }

    /// The key of the archive that is called what this one's chart and version say, if it is another one.
    fn archive_of_its_name(&self, archive: &Archive) -> Option<String> {
        let named = StagedKey::of_archive(self.repository, &chart::file_name(&archive.metadata))?.archive_key();
        let other = self.survey.subjects.get(&named)?;
        (other.object.is_some() && named != self.subject.key).then_some(named)
    }

    fn unreadable(&self, stored: &PublishedArchive) -> Option<Difference> {
        let problem = stored.problem()?;
        let message = if stored.stops_helm() {
            format!("Helm cannot load the archive: {problem}")
        } else {
            format!("the archive cannot be read here, which does not mean that Helm cannot load it: {problem}")
        };
        Some(self.about(Kind::UnreadableArchive, None, message, Mend::None))
    }

    /// An archive that is listed and cannot be read. Only its packager knows what it should be.
    fn of_unreadable(&self, stored: &PublishedArchive) -> Vec<Difference> {
        let changed = self.subject.listed.iter().filter_map(|listed| {
            let found = stored.digest()?;
            let is_other = listed.comparable().is_some_and(|listed| listed != found);
            is_other.then(|| self.of(listed, Kind::Digest, self.changed(listed, found), Mend::None))
        });
        self.unreadable(stored).into_iter().chain(changed).collect()
    }

    /// What the archive says, where and when its entry says.
    fn entry(&self, archive: &Archive, listed: &ListedVersion) -> Entry {
        let modified = self.subject.object.as_ref().map(|object| object.modified);
        let stored = || Created::at(modified.unwrap_or_else(|| self.maintainer.repositories.now()));
        let created = listed.created.as_deref().and_then(Created::kept).unwrap_or_else(stored);
        let own = || {
            let own = self.subject.own.as_ref()?;
            Some(self.maintainer.settings.archive_url(self.repository, own))
        };
        // A URL that leads here stays as it is written.
        let url = listed.url.clone().or_else(own).unwrap_or_default();
        entry(archive, url, created)
    }

    fn of(&self, listed: &ListedVersion, kind: Kind, message: String, mend: Mend) -> Difference {
        Difference {
            kind,
            key: self.subject.key.clone(),
            chart: Some(listed.chart.clone()),
            version: Some(listed.version.clone()),
            message,
            mend,
        }
    }

    fn about(&self, kind: Kind, archive: Option<&Archive>, message: String, mend: Mend) -> Difference {
        Difference {
            kind,
            key: self.subject.key.clone(),
            chart: archive.map(|archive| archive.metadata.name.clone()),
            version: archive.map(|archive| archive.metadata.version.clone()),
            message,
            mend,
        }
    }
}

/// Whether an archive is of the version that an entry names.
fn is_of(listed: &ListedVersion, archive: &Archive) -> bool {
    let metadata = &archive.metadata;
    listed.chart == metadata.name
        && listed.version == metadata.version
        && listed.name.as_ref().is_none_or(|name| *name == listed.chart)
}

/// Whether an archive is of the version that this is the file name of; one that cannot be read may be any.
pub(super) fn is_named(stored: &PublishedArchive, file_name: &str) -> bool {
    stored.archive().is_none_or(|archive| {
        let metadata = &archive.metadata;
        format!("{}-{}.tgz", metadata.name, metadata.version) == file_name
    })
}
