//! The commands beside uploads: verify a repository, repair its index, unpublish a version.
//!
//! [`verify`] compares the index with the archives and reports every difference. [`reindex`] does
//! the same and repairs what can be repaired. [`unpublish`] takes a version out of the index first
//! and deletes its archive after. All three may run while charts are published: what is written is
//! written by the compare-and-swap that publishing uses, and what is removed is removed only after
//! a definite answer that it is gone.
//!
//! [`survey`] is the index and the archives side by side, [`compare`] looks at one archive and what
//! is listed of it ([`changed`] is what to do about one that is not what was published), [`lost`]
//! at what only receipts remember, [`edge`] at what users get. [`verify_all`] verifies every
//! repository of the bucket.

mod changed;
mod compare;
mod difference;
mod edge;
mod error;
mod lost;
mod reindex;
mod survey;
mod unpublish;
mod verify;
mod verify_all;

use std::sync::Arc;

use serde::Serialize;

pub use difference::{Difference, Kind};
pub use edge::EdgeSummary;
pub use error::MaintainError;
pub use reindex::{IndexChange, Reindex, Reindexed};
pub use unpublish::{UnpublishOutcome, UnpublishReport};
pub use verify::Verified;
pub use verify_all::{AllVerified, FailedVerification};

use crate::http::Http;
use crate::index::ListedVersion;
use crate::repository::Repositories;
use crate::settings::Settings;
use crate::store::Store;

/// Checks, repairs and unpublishes what is published.
#[derive(Debug)]
pub struct Maintainer {
    /// What is published.
    repositories: Repositories,
    /// The same bucket, for single objects.
    store: Store,
    settings: Arc<Settings>,
    /// For what the edge serves.
    http: Http,
}

impl Maintainer {
    /// A maintainer of these repositories.
    pub fn new(repositories: Repositories) -> Self {
        Self {
            store: repositories.store.clone(),
            settings: Arc::clone(&repositories.settings),
            repositories,
            http: Http::default(),
        }
    }
}

/// The index of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexSummary {
    /// Its key.
    pub key: String,
    /// The chart versions it lists.
    pub versions: usize,
}

/// Entries that point out of the repository, which others wrote: they are not checked, and stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub first: Vec<ElsewhereVersion>,
}

/// An entry that points out of the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ElsewhereVersion {
    /// The chart.
    pub chart: String,
    /// The version.
    pub version: String,
    /// Where it points.
    pub url: String,
}

/// Entries that a report lists of those that point elsewhere.
const FIRST_ELSEWHERE: usize = 100;

impl Elsewhere {
    fn of(entries: &[ListedVersion]) -> Self {
        let told = |entry: &ListedVersion| ElsewhereVersion {
            chart: entry.chart.clone(),
            version: entry.version.clone(),
            url: entry.url.clone().unwrap_or_default(),
        };
        Self {
            count: entries.len(),
            first: entries.iter().take(FIRST_ELSEWHERE).map(told).collect(),
        }
    }
}
