//! One archive and what is listed of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::difference::{Difference, Kind, Mend};
use super::survey::{Subject, Survey};
use crate::archive::Archive;
use crate::chart;
use crate::digest::Digest;
use crate::index::ListedVersion;
use crate::keys::{Repository, StagedKey};
use crate::publish::{Deadline, PublishError, Publisher, RETURNED_METADATA, Unreadable, command};
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

impl Publisher {
    /// Compares archive after archive, in the order of their keys, until the time is over or there are enough differences.
    pub(super) async fn compare(
        &self,
        survey: &Survey,
        digests: &Digests,
        scope: Scope<'_>,
    ) -> Result<Compared, PublishError> {
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
                    publisher: self,
                    survey,
                    digests,
                    downloads: &downloads,
                    repository: scope.repository,
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
            compared.after = Some(last.map(|(key, _)| (*key).clone()).ok_or(PublishError::NoTime)?);
        }
        Ok(compared)
    }
}

/// One archive name under comparison.
struct Comparison<'a> {
    publisher: &'a Publisher,
    survey: &'a Survey,
    digests: &'a Digests,
    downloads: &'a Semaphore,
    repository: &'a Repository,
    subject: &'a Subject,
}

impl Comparison<'_> {
    /// The differences, and whether the archive had to be downloaded.
    async fn run(self) -> Result<(Vec<Difference>, bool), PublishError> {
        let key = self.subject.staged.archive_key();
        let object = self.subject.object.as_ref().filter(|_| !self.subject.listed.is_empty());
        let digest = match object.and_then(|object| self.digests.of(&key, &object.etag)) {
            Some(digest) => Some(digest),
            None => match self.publisher.store.inspect(&key).await? {
                // A definite answer, after the index was read.
                None => return Ok((self.missing(), false)),
                Some(inspected) => {
                    self.digests.keep(&key, &inspected);
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
        has_digest(listed, digest)
            && listed.url.is_some()
            && listed.name.as_ref().is_none_or(|name| *name == listed.chart)
            && self.subject.staged.file_name() == format!("{}-{}.tgz", listed.chart, listed.version)
    }

    /// The archive is gone.
    fn missing(&self) -> Vec<Difference> {
        let differences = self.subject.listed.iter().map(|listed| {
            let (chart, version) = (&listed.chart, &listed.version);
            match listed.url {
                Some(_) => self.of(
                    listed,
                    Kind::ArchiveMissing,
                    format!(
                        "the index lists {chart} {version}, but its archive is gone: nobody can install it. Upload the \
                         same chart again, or run {} to take the entry out",
                        command::reindex(self.repository)
                    ),
                    Mend::Remove(listed.place),
                ),
                None => self.of(
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
    async fn not_listed(&self, inspected: &Inspected) -> Result<(Vec<Difference>, bool), PublishError> {
        let staged = &self.subject.staged;
        if let Some(unpublished) = self.survey.unpublished.get(staged.file_name())
            && inspected.metadata.get(RETURNED_METADATA) != Some(&unpublished.id())
        {
            let message = format!(
                "it was unpublished at {}, but the archive is still there: that unpublish was cut short. Run it again",
                unpublished.at
            );
            return Ok((
                vec![self.about(Kind::UnpublishUnfinished, None, message, Mend::None)],
                false,
            ));
        }
        let permit = self.downloads.acquire().await;
        let read = self.publisher.read_published(staged).await?;
        drop(permit);
        let difference = match read {
            None => return Ok((Vec::new(), true)),
            Some(Err(unreadable)) => self.unreadable(&unreadable),
            Some(Ok(archive)) => {
                let (chart, version) = (&archive.metadata.name, &archive.metadata.version);
                let is_listed = self.survey.names_of(chart, version) > 0;
                let (kind, message, mend) = if is_listed {
                    let message = format!(
                        "the index lists {chart} {version}, but points to another place than this archive; unpublish the \
                         version or remove the archive"
                    );
                    (Kind::ListedElsewhere, message, Mend::None)
                } else if let Some(named) = self.archive_of_its_name(&archive) {
                    let message = format!(
                        "this is an archive of {chart} {version}, and {named} is there too; remove one of them"
                    );
                    (Kind::ListedElsewhere, message, Mend::None)
                } else {
                    let message = format!(
                        "{chart} {version} is there, but the index does not list it; run {}",
                        command::reindex(self.repository)
                    );
                    (
                        Kind::NotListed,
                        message,
                        Mend::Add(Box::new(self.entry(&archive, None))),
                    )
                };
                self.about(kind, Some(&archive), message, mend)
            }
        };
        Ok((vec![difference], true))
    }

    /// What the archive itself says about its entries.
    async fn look_inside(&self) -> Result<(Vec<Difference>, bool), PublishError> {
        let permit = self.downloads.acquire().await;
        let stored = self.publisher.stored(&self.subject.staged).await?;
        drop(permit);
        let Some(stored) = stored else {
            return Ok((self.missing(), true));
        };
        let archive = match (&stored.archive, stored.digest) {
            (Ok(archive), _) => archive,
            // Nobody but its packager can tell what it should be.
            (Err(unreadable), digest) => {
                let wrong = |listed: &&ListedVersion| digest.is_some_and(|digest| !has_digest(listed, digest));
                let mut differences = vec![self.unreadable(unreadable)];
                differences.extend(self.subject.listed.iter().filter(wrong).map(|listed| {
                    let message = "the archive has another digest than its entry, and can't be read".to_owned();
                    self.of(listed, Kind::Digest, message, Mend::None)
                }));
                return Ok((differences, true));
            }
        };
        Ok((self.judge(archive), true))
    }

    /// Which of the entries is the archive's; every other one is a difference.
    fn judge(&self, archive: &Archive) -> Vec<Difference> {
        let metadata = &archive.metadata;
        let is_its = |listed: &ListedVersion| {
            listed.chart == metadata.name
                && listed.version == metadata.version
                && listed.name.as_ref().is_none_or(|name| *name == listed.chart)
        };
        let is_right =
            |listed: &ListedVersion| is_its(listed) && listed.url.is_some() && has_digest(listed, archive.digest);
        let right = self.subject.listed.iter().find(|listed| is_right(listed));
        let mut has_entry = right.is_some();
        let mut differences = Vec::new();
        for listed in &self.subject.listed {
            if right.is_some_and(|right| right.place == listed.place) {
                differences.extend(self.under_several_names(listed));
                differences.extend(self.oddly_named(listed, archive));
                continue;
            }
            let (chart, version) = (&listed.chart, &listed.version);
            let (kind, what) = if !is_its(listed) {
                let archive = format!("{} {}", metadata.name, metadata.version);
                (
                    Kind::OtherChart,
                    format!("the entry for {chart} {version} points to an archive of {archive}"),
                )
            } else if is_right(listed) {
                (Kind::ListedTwice, format!("the index lists {chart} {version} twice"))
            } else if listed.url.is_none() {
                (Kind::NoUrl, format!("the entry for {chart} {version} has no URL"))
            } else {
                let listed = listed.digest.as_deref().unwrap_or("no digest");
                let found = archive.digest;
                (
                    Kind::Digest,
                    format!("{chart} {version} is listed with {listed}, but its archive has {found}"),
                )
            };
            let mend = if has_entry {
                Mend::Remove(listed.place)
            } else {
                Mend::Replace(listed.place, Box::new(self.entry(archive, listed.created.as_deref())))
            };
            has_entry = true;
            let message = format!("{what}; run {}", command::reindex(self.repository));
            differences.push(self.of(listed, kind, message, mend));
        }
        differences
    }

    fn oddly_named(&self, listed: &ListedVersion, archive: &Archive) -> Option<Difference> {
        let error = chart::check_file_name(self.subject.staged.file_name(), &archive.metadata).err()?;
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
        (other.object.is_some() && named != self.subject.staged.archive_key()).then_some(named)
    }

    fn unreadable(&self, Unreadable { problem, by_helm }: &Unreadable) -> Difference {
        let message = if *by_helm {
            format!("Helm cannot load the archive: {problem}")
        } else {
            format!("the archive cannot be read here, which does not mean that Helm cannot load it: {problem}")
        };
        self.about(Kind::UnreadableArchive, None, message, Mend::None)
    }

    /// What the archive says, published when an entry or the object itself says so.
    fn entry(&self, archive: &Archive, created: Option<&str>) -> crate::index::Entry {
        let modified = self.subject.object.as_ref().map(|object| object.modified);
        let created = created.and_then(|created| created.parse::<Timestamp>().ok());
        let created = created.or(modified).unwrap_or_else(|| (self.publisher.clock)());
        self.publisher
            .entry(self.repository, &self.subject.staged, archive, created)
    }

    fn of(&self, listed: &ListedVersion, kind: Kind, message: String, mend: Mend) -> Difference {
        Difference {
            kind,
            key: self.subject.staged.archive_key(),
            chart: Some(listed.chart.clone()),
            version: Some(listed.version.clone()),
            message,
            mend,
        }
    }

    fn about(&self, kind: Kind, archive: Option<&Archive>, message: String, mend: Mend) -> Difference {
        Difference {
            kind,
            key: self.subject.staged.archive_key(),
            chart: archive.map(|archive| archive.metadata.name.clone()),
            version: archive.map(|archive| archive.metadata.version.clone()),
            message,
            mend,
        }
    }
}

fn has_digest(listed: &ListedVersion, digest: Digest) -> bool {
    let listed = listed.digest.as_deref().unwrap_or_default();
    listed.eq_ignore_ascii_case(&digest.to_string())
}
