//! Compares one archive after the other with the entries that point to it.
//!
//! [`comparison`] looks at one archive name, [`entries`] at the entries that point to an archive,
//! [`unlisted`] at an archive that no entry points to.

mod comparison;
mod entries;
mod unlisted;

use std::collections::HashMap;
use std::sync::Mutex;

use futures_util::stream::{self, StreamExt as _};
use tokio::sync::Semaphore;

use super::difference::Difference;
use super::survey::{Subject, Survey};
use super::{MaintainError, Maintainer};
use crate::deadline::Deadline;
use crate::digest::Digest;
use crate::keys::Repository;
use crate::repository::RepositoryError;
use crate::store::{ETag, Inspected};
use crate::sync::lock;
use comparison::Comparison;
pub(super) use comparison::is_named;

/// Requests under way at the same time: an archive of ours is compared without its bytes.
const CONCURRENT_HEADS: usize = 24;
/// Archives that are held in memory at the same time.
const CONCURRENT_ARCHIVES: usize = 2;

/// The result of a comparison.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) differences: Vec<Difference>,
    /// The number of archive names that were compared.
    pub(super) names: usize,
    /// The number of archives that had to be downloaded.
    pub(super) downloaded: usize,
    /// The last key that was compared, if others are left.
    pub(super) after: Option<String>,
}

/// What to compare.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) repository: &'a Repository,
    /// Only keys behind this one.
    pub(super) after: Option<&'a str>,
    /// The number of differences at which to stop.
    pub(super) max_differences: usize,
    /// Whether to accept archives that differ from their entries.
    pub(super) accept_changed: bool,
    pub(super) deadline: Deadline,
}

/// Digests that S3 returned, with the state of the object, so that a second comparison after a lost
/// race costs nothing.
#[derive(Debug, Default)]
pub(super) struct Digests(Mutex<HashMap<String, (ETag, Digest)>>);

impl Digests {
    fn of(&self, key: &str, etag: &ETag) -> Option<Digest> {
        let known = lock(&self.0);
        let (known, digest) = known.get(key)?;
        (known == etag).then_some(*digest)
    }

    fn keep(&self, key: &str, inspected: &Inspected) {
        if let Some(digest) = inspected.digest {
            let mut known = lock(&self.0);
            known.insert(key.to_owned(), (inspected.etag.clone(), digest));
        }
    }
}

impl Maintainer {
    /// Compares archives in the order of their keys, until the deadline or until there are enough
    /// differences.
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
            let findings = result?;
            compared.names += 1;
            compared.downloaded += usize::from(findings.is_downloaded);
            compared.differences.extend(findings.differences);
            if compared.differences.len() >= scope.max_differences {
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
