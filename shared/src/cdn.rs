//! Making the edge forget: an index that was written again, an archive that was removed.

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

/// Indexes that were written longer ago than this are left alone by a sweep: whatever became of
/// their event, every cache has asked for them again since (`INDEX_MAX_AGE` is minutes).
pub const SWEEP_LOOKBACK: Duration = Duration::from_secs(24 * 60 * 60);

/// What an event about an index came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalidated {
    /// The edge forgets these paths; a repeated event gets the same invalidation.
    Made {
        /// CloudFront's ID of the invalidation.
        id: String,
        /// The paths.
        paths: Vec<String>,
    },
    /// The index has been written again since: the event of that write does the work.
    Superseded,
    /// The index is gone; whoever removed it writes another.
    Gone,
}

/// An invalidation could not be made. All of these are worth another try.
#[derive(Debug, thiserror::Error)]
pub enum InvalidateError {
    /// The index could not be looked at.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// CloudFront has as many invalidations in progress as it takes.
    #[error("CloudFront has too many invalidations in progress. The next sweep retries")]
    TooMany,
    /// CloudFront wants fewer requests.
    #[error("CloudFront throttles invalidations ({message}). The next sweep retries")]
    Throttled {
        /// What CloudFront said.
        message: String,
    },
    /// The distribution does not exist.
    #[error("the distribution {id:?} does not exist. Set DISTRIBUTION_ID to the one that serves the charts")]
    NoDistribution {
        /// The ID that was asked for.
        id: String,
    },
    /// Everything else.
    #[error("CreateInvalidation failed: {message}")]
    Other {
        /// What CloudFront or the way to it said.
        message: String,
    },
}

/// Invalidates the paths of written indexes and removed archives.
#[derive(Debug)]
pub struct Invalidator {
    store: Store,
    aws: Aws,
    /// Made when there is something to invalidate.
    client: OnceLock<Client>,
    distribution: String,
}

impl Invalidator {
    /// For the distribution with this ID, in front of the bucket behind `store`.
    pub fn new(store: Store, aws: Aws, distribution: &str) -> Self {
        Self {
            store,
            aws,
            client: OnceLock::new(),
            distribution: distribution.to_owned(),
        }
    }

    /// Answers the event that the index of `repository` was written, with the ETag (without quotes)
    /// that it got.
    ///
    /// # Errors
    ///
    /// [`InvalidateError`]; the event must come again then, or the edge keeps an old index for
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

    /// Answers the event that a published archive was removed, which the edge would serve for a
    /// year. Whether it is there again does not matter: another packaging of the same content has
    /// other bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidateError`]; the event must come again then.
    pub async fn archive_removed(&self, key: &str, sequencer: Option<&str>) -> Result<Invalidated, InvalidateError> {
        let paths = path::of(served(key));
        let id = self.create(&paths, &note_reference(key, "removed", sequencer)).await?;
        Ok(Invalidated::Made { id, paths })
    }

    /// Answers the note that an archive was repaired, of which the edge may have had other bytes
    /// for as long as a year; `etag` is that of the note, without quotes.
    ///
    /// # Errors
    ///
    /// [`InvalidateError`]; the event must come again then, or a sweep.
    pub async fn archive_repaired(&self, key: &str, etag: Option<&str>) -> Result<Invalidated, InvalidateError> {
        let paths = path::of(served(key));
        let id = self.create(&paths, &note_reference(key, "repaired", etag)).await?;
        Ok(Invalidated::Made { id, paths })
    }

    /// The archives that were repaired lately, each with the ETag of its note; see
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

    /// The repositories whose indexes were written lately. To answer [`Invalidator::index_written`]
    /// for each of them is free where its event has come: CloudFront makes no second invalidation
    /// of the same reference.
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

/// What the edge serves an object as.
fn served(key: &str) -> &str {
    key.strip_prefix(CHARTS).unwrap_or(key)
}

/// The same for every event about one write of an index, and another for each write.
///
/// CloudFront answers a repeated reference with the earlier invalidation. So it must not come from
/// the clock (a retry would make a second one), nor from the path or the bytes alone (going back to
/// an earlier index would make none).
fn caller_reference(key: &str, etag: &ETag, modified: Timestamp) -> String {
    reference(&format!("{key}\0{}\0{modified}", etag.unquoted()))
}

/// The same for every event about one removal or repair, and another for a later one of the same
/// key; `which` tells them apart.
fn note_reference(key: &str, what: &str, which: Option<&str>) -> String {
    match which {
        Some(which) => reference(&format!("{key}\0{what}\0{which}")),
        // No event of S3 lacks one. One invalidation too many is better than none.
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
