//! Archive after archive, and what is listed of each.
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

/// What comparing came to.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) differences: Vec<Difference>,
    /// Archive names that were compared.
    pub(super) names: usize,
    /// Archives that had to be downloaded for it.
    pub(super) downloaded: usize,
    /// The last key that was compared, if others are left.
    pub(super) after: Option<String>,
}

/// What has to be compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) repository: &'a Repository,
    /// Only keys behind this one.
    pub(super) after: Option<&'a str>,
    /// Differences after which it stops.
    pub(super) max_differences: usize,
    /// Whether archives that are not what their entries say are taken for what they are.
    pub(super) accept_changed: bool,
    pub(super) deadline: Deadline,
}

/// Digests that S3 gave, with the state of the object: a second comparison after a lost race costs
/// nothing.
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
    /// Compares archive after archive, in the order of their keys, until the time is over or there
    /// are enough differences.
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
