//! Invalidations at CloudFront for indexes that were written and archives that were removed or
//! repaired.

mod path;

use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use jiff::Timestamp;

use crate::aws::Aws;
use crate::digest::Hasher;
use crate::keys::{self, CHARTS, REPAIRED, Repository};
use crate::store::{ETag, Store, StoreError};

/// A sweep ignores indexes that were written longer ago than this: every cache has requested them
/// again since (`INDEX_MAX_AGE` is minutes), even if the event was lost.
pub const SWEEP_LOOKBACK: Duration = Duration::from_secs(24 * 60 * 60);

/// The result of an event about an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalidated {
    /// These paths are invalidated. A repeated event gets the same invalidation.
    Made {
        /// CloudFront's ID of the invalidation.
        id: String,
        /// The paths.
        paths: Vec<String>,
    },
    /// The index was written again since; the event of that write leads to the invalidation.
    Superseded,
    /// The index is gone. The next write of one has its own event.
    Gone,
}

/// Why an invalidation could not be made. Every case may be retried.
#[derive(Debug, thiserror::Error)]
pub enum InvalidateError {
    /// The state of the index could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// CloudFront has its maximum of invalidations in progress.
    #[error("CloudFront has too many invalidations in progress. The next sweep retries")]
    TooMany,
    /// CloudFront is rate-limiting requests.
    #[error("CloudFront throttles invalidations ({message}). The next sweep retries")]
    Throttled {
        /// CloudFront's message.
        message: String,
    },
    /// The distribution does not exist.
    #[error("the distribution {id:?} does not exist. Set DISTRIBUTION_ID to the one that serves the charts")]
    NoDistribution {
        /// The ID in the request.
        id: String,
    },
    /// Any other failure.
    #[error("CreateInvalidation failed: {message}")]
    Other {
        /// The message of CloudFront or of the connection.
        message: String,
    },
}

/// Invalidates the paths of written indexes and of removed or repaired archives.
#[derive(Debug)]
pub struct Invalidator {
    store: Store,
    aws: Aws,
    /// Created for the first invalidation.
    client: OnceLock<Client>,
    distribution: String,
}

impl Invalidator {
    /// Creates an invalidator for the distribution with this ID, in front of the bucket behind
    /// `store`.
    pub fn new(store: Store, aws: Aws, distribution: &str) -> Self {
        Self {
            store,
            aws,
            client: OnceLock::new(),
            distribution: distribution.to_owned(),
        }
    }

    /// Handles the event that the index of `repository` was written and got this ETag (without
    /// quotes).
    ///
    /// # Errors
    ///
    /// [`InvalidateError`]: the event must be retried, or the edge serves the old index for up to
    /// `INDEX_MAX_AGE`.
    pub async fn index_written(
        &self,
        repository: &Repository,
        written: Option<&str>,
    ) -> Result<Invalidated, InvalidateError> {
        let key = repository.index_key();
        let Some((current, modified)) = self.store.head(&key).await? else {
            return Ok(Invalidated::Gone);
        };
        if written.is_some_and(|written| written != current.unquoted()) {
            return Ok(Invalidated::Superseded);
        }
        let paths = path::of(served(&key));
        let id = self.create(&paths, &caller_reference(&key, &current, modified)).await?;
        Ok(Invalidated::Made { id, paths })
    }

    /// Handles the event that a published archive was removed. The edge would serve it for a year.
    /// This applies even if the archive exists again, because another packaging of the same content
    /// has other bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidateError`]: the event must be retried.
    pub async fn archive_removed(&self, key: &str, sequencer: Option<&str>) -> Result<Invalidated, InvalidateError> {
        let paths = path::of(served(key));
        let id = self.create(&paths, &note_reference(key, "removed", sequencer)).await?;
        Ok(Invalidated::Made { id, paths })
    }

    /// Handles the note that an archive was repaired. The edge may have cached other bytes for up
    /// to a year. `etag` is that of the note, without quotes.
    ///
    /// # Errors
    ///
    /// [`InvalidateError`]: the event must be retried, or a sweep must follow.
    pub async fn archive_repaired(&self, key: &str, etag: Option<&str>) -> Result<Invalidated, InvalidateError> {
        let paths = path::of(served(key));
        let id = self.create(&paths, &note_reference(key, "repaired", etag)).await?;
        Ok(Invalidated::Made { id, paths })
    }

    /// The archives that were repaired recently, each with the ETag of its note; see
    /// [`Invalidator::written_lately`].
    ///
    /// # Errors
    ///
    /// [`InvalidateError::Store`] if the bucket cannot be listed.
    pub async fn repaired_lately(&self, now: Timestamp) -> Result<Vec<(String, String)>, InvalidateError> {
        let listed = self.store.list(REPAIRED, usize::MAX).await?;
        let lately = now - SWEEP_LOOKBACK;
        let notes = listed.iter().filter(|object| object.modified >= lately);
        Ok(notes
            .filter_map(|note| Some((keys::of_repaired(&note.key)?, note.etag.unquoted().to_owned())))
            .collect())
    }

    /// The repositories whose indexes were written recently. Calling [`Invalidator::index_written`]
    /// for each costs nothing if its event has arrived, because CloudFront makes no second
    /// invalidation for the same reference.
    ///
    /// # Errors
    ///
    /// [`InvalidateError::Store`] if the bucket cannot be listed.
    pub async fn written_lately(&self, now: Timestamp) -> Result<Vec<Repository>, InvalidateError> {
        let lately = now - SWEEP_LOOKBACK;
        let mut repositories = Vec::new();
        let mut pages = self.store.pages(CHARTS);
        while let Some(page) = pages.next().await? {
            let indexes = page.objects.iter().filter(|object| object.modified >= lately);
            repositories.extend(indexes.filter_map(|object| Repository::of_index_key(&object.key)));
        }
        Ok(repositories)
    }

    async fn create(&self, paths: &[String], reference: &str) -> Result<String, InvalidateError> {
        let other = |message: String| InvalidateError::Other { message };
        let items = Paths::builder()
            .quantity(i32::try_from(paths.len()).unwrap_or(i32::MAX))
            .set_items(Some(paths.to_vec()))
            .build()
            .map_err(|error| other(error.to_string()))?;
        let batch = InvalidationBatch::builder()
            .paths(items)
            .caller_reference(reference)
            .build()
            .map_err(|error| other(error.to_string()))?;
        let client = self.client.get_or_init(|| Client::new(self.aws.config()));
        let request = client
            .create_invalidation()
            .distribution_id(&self.distribution)
            .invalidation_batch(batch);
        match request.send().await {
            Ok(answer) => Ok(answer.invalidation.map(|made| made.id).unwrap_or_default()),
            Err(error) => Err(match error.code() {
                Some("TooManyInvalidationsInProgress") => InvalidateError::TooMany,
                Some("Throttling" | "ThrottlingException" | "RequestLimitExceeded") => InvalidateError::Throttled {
                    message: error.message().unwrap_or_default().to_owned(),
                },
                Some("NoSuchDistribution") => InvalidateError::NoDistribution {
                    id: self.distribution.clone(),
                },
                _ => other(DisplayErrorContext(&error).to_string()),
            }),
        }
    }
}

/// The path under which the edge serves an object.
fn served(key: &str) -> &str {
    key.strip_prefix(CHARTS).unwrap_or(key)
}

/// A caller reference for one write of an index: the same for every event about that write, and
/// different for each write.
///
/// CloudFront answers a repeated reference with the earlier invalidation. So the reference must not
/// contain the time (a retry would make a second invalidation), and must not consist of the path or
/// the bytes alone (returning to an earlier index would make none).
fn caller_reference(key: &str, etag: &ETag, modified: Timestamp) -> String {
    reference(&format!("{key}\0{}\0{modified}", etag.unquoted()))
}

/// A caller reference for one removal or repair: the same for every event about it, and different
/// for a later one of the same key. `which` identifies it.
fn note_reference(key: &str, what: &str, which: Option<&str>) -> String {
    match which {
        Some(which) => reference(&format!("{key}\0{what}\0{which}")),
        // Every S3 event has one. Without it, one invalidation too many is better than none.
        None => reference(&format!("{key}\0{what}\0{:x}", fastrand::u128(..))),
    }
}

fn reference(of: &str) -> String {
    let mut hasher = Hasher::default();
    hasher.update(of.as_bytes());
    let mut reference = format!("chartdrop-{}", hasher.finish());
    reference.truncate(64);
    reference
}
