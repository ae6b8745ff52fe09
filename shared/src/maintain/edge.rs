//! Compares what the edge serves with what the index lists. A stale cache, a wrong policy or a
//! domain that leads elsewhere only show there.

use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;

use super::Maintainer;
use super::compare::Scope;
use super::difference::{Difference, Kind, Repair};
use super::survey::{Subject, Survey};
use crate::archive::Limits;
use crate::digest::Digest;
use crate::http::{HttpError, Served};
use crate::index::ListedVersion;
use crate::keys::Repository;
use crate::repository::MAX_READABLE_INDEX_BYTES;
use crate::store::{Got, StoreError};

/// Downloads that run at the same time. Nothing is kept of them.
const CONCURRENT_DOWNLOADS: usize = 8;

/// The result of comparing with the edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EdgeSummary {
    /// The URL of the index at the edge.
    pub url: String,
    /// The number of archives that were downloaded from there.
    pub archives: usize,
}

/// The comparison and its differences.
pub(super) struct AtEdge {
    pub(super) summary: EdgeSummary,
    pub(super) differences: Vec<Difference>,
    /// The last key that was compared, if time ran out before the others.
    pub(super) after: Option<String>,
}

impl Maintainer {
    /// Downloads the index and each listed archive of the survey, up to the key `until`, from the
    /// edge.
    pub(super) async fn compare_edge(
        &self,
        survey: &Survey,
        scope: Scope<'_>,
        until: Option<&str>,
    ) -> Result<AtEdge, StoreError> {
        let url = self.settings.edge_url(&scope.repository.index_key());
        let mut differences = Vec::new();
        if scope.after.is_none() {
            differences.extend(self.index_at_edge(scope.repository, &url).await?);
        }
        let subjects: Vec<(&String, &Subject)> = survey
            .subjects
            .iter()
            .filter(|(key, subject)| {
                let key = key.as_str();
                let behind = scope.after.is_none_or(|after| key > after) && until.is_none_or(|until| key <= until);
                // Archives in other folders are not in the listing.
                behind && !subject.listed.is_empty() && (subject.object.is_some() || subject.own.is_none())
            })
            .collect();
        let mut looks = stream::iter(&subjects)
            .take_while(|_| std::future::ready(scope.deadline.has_time()))
            .map(|(_, subject)| self.archive_at_edge(subject))
            .buffered(CONCURRENT_DOWNLOADS);
        let mut archives: usize = 0;
        while let Some(difference) = looks.next().await {
            archives += 1;
            differences.extend(difference?);
        }
        let last = archives.checked_sub(1).and_then(|last| subjects.get(last));
        let after = (archives < subjects.len()).then(|| last.map(|(key, _)| (*key).clone()).unwrap_or_default());
        Ok(AtEdge {
            summary: EdgeSummary { url, archives },
            differences,
            after,
        })
    }

    async fn index_at_edge(&self, repository: &Repository, url: &str) -> Result<Option<Difference>, StoreError> {
        let served = self.http.digest(url, MAX_READABLE_INDEX_BYTES).await;
        // Read afterwards, so that a concurrent write leaves no difference.
        let Got::Found(object) = self
            .store
            .get(&repository.index_key(), MAX_READABLE_INDEX_BYTES)
            .await?
        else {
            return Ok(None);
        };
        let difference = |kind, message| Difference::of_index(repository, kind, message);
        let max_age = self.settings.index_max_age;
        Ok(match served {
            Ok(Served::Digest(digest)) if digest == Digest::of(&object.bytes) => None,
            Ok(Served::Digest(_)) => Some(difference(
                Kind::EdgeDigest,
                format!(
                    "{url} serves another index than the one in the bucket. This is normal for up to {max_age} seconds after a \
                     write. Later, run invalidate-cdn with {{\"command\":\"sweep\"}}"
                ),
            )),
            Ok(Served::Status(status)) => Some(difference(
                Kind::EdgeMissing,
                format!("{url} answers {status} instead of the index. Check the distribution and its domain"),
            )),
            Err(error) => Some(difference(Kind::EdgeUnreachable, unreachable(url, &error))),
        })
    }

    async fn archive_at_edge(&self, subject: &Subject) -> Result<Option<Difference>, StoreError> {
        let url = self.settings.edge_url(&subject.key);
        let served = self.http.digest(&url, Limits::default().unpacked_bytes).await;
        let (kind, message) = match served {
            Ok(Served::Digest(digest)) => {
                let is_listed = |listed: &ListedVersion| listed.comparable() == Some(digest);
                // Without a digest there is nothing to compare with. That is reported as a
                // difference of its own.
                let has_none = |listed: &ListedVersion| listed.comparable().is_none();
                if subject.listed.iter().any(is_listed) || subject.listed.iter().all(has_none) {
                    return Ok(None);
                }
                let message = format!(
                    "{url} serves an archive with the digest {}, which the index does not list. Invalidate its path at CloudFront, and \
                     verify again",
                    digest.short()
                );
                (Kind::EdgeDigest, message)
            }
            Ok(Served::Status(_)) if subject.object.is_none() && self.store.head(&subject.key).await?.is_none() => {
                return Ok(None);
            }
            Ok(Served::Status(status)) => (
                Kind::EdgeMissing,
                format!(
                    "{url} answers {status}, although the archive is in the bucket. Check the distribution and its domain"
                ),
            ),
            Err(error) => (Kind::EdgeUnreachable, unreachable(&url, &error)),
        };
        let listed = subject.listed.first();
        Ok(Some(Difference {
            kind,
            key: subject.key.clone(),
            chart: listed.map(|listed| listed.chart.clone()),
            version: listed.map(|listed| listed.version.clone()),
            message,
            repair: Repair::None,
        }))
    }
}

fn unreachable(url: &str, error: &HttpError) -> String {
    format!("{url} could not be compared: {error}")
}
