//! The commands: verify a repository, repair its index, unpublish a version.
//!
//! [`verify`] compares the index with the archives and reports every difference. [`reindex`] does
//! the same and repairs what it can. [`unpublish`] removes a version from the index and then
//! deletes its archive. All three may run while charts are published: they write with the
//! compare-and-swap that publishing uses, and remove an entry only after a definite answer that its
//! archive is gone.
//!
//! [`survey`] puts the index and the archives side by side. [`compare`] looks at one archive and
//! its entries, [`changed`] explains an archive that is not what was published, [`lost`] looks at
//! versions that only receipts remember, and [`edge`] at what users get. [`verify_all`] verifies
//! every repository of the bucket.

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

/// Verifies, repairs and unpublishes.
#[derive(Debug)]
pub struct Maintainer {
    /// The repositories.
    repositories: Repositories,
    /// The same bucket, for single objects.
    store: Store,
    settings: Arc<Settings>,
    /// For requests to the edge.
    http: Http,
}

impl Maintainer {
    /// Creates a maintainer of these repositories.
    pub fn new(repositories: Repositories) -> Self {
        Self {
            store: repositories.store.clone(),
            settings: Arc::clone(&repositories.settings),
            repositories,
            http: Http::default(),
        }
    }
}

/// The index, as an answer describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexSummary {
    /// Its key.
    pub key: String,
    /// The number of versions that it lists.
    pub versions: usize,
}

/// Entries that point out of the repository. Others wrote them; they are not checked, and stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// Their number.
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

/// The most of these entries that a report lists.
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
