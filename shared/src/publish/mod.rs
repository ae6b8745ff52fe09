//! Publishing: uploads become visible, and no failure loses one.
//!
//! One upload into an existing repository takes six requests, and with S3 answering in T each it is
//! in the index after 3 T:
//!
//! ```text
//! GetObject upload ┐
//! GetObject index  ┴─ PutObject archive ── PutObject index ── PutObject receipt ── DeleteObject upload
//!          T                  2 T                3 T                 4 T                    5 T
//! ```
//!
//! (`tests/tests/promises/latency.rs` keeps it so.) The archive waits for the index because a
//! version that is listed already is not stored again.
//!
//! The order is what keeps the promises. The archive comes before the index that lists it; the
//! upload goes only after its outcome is recorded. Every write can be repeated: the archive is
//! created once (`If-None-Match: *`), the index is replaced by compare-and-swap, so a run that was
//! killed anywhere leaves the upload in staging and a state from which the next run gets to the
//! same outcome. A run that loses the race adds every waiting upload to its next attempt, so that a
//! burst of uploads needs few index writes.
//!
//! [`batch`] publishes the uploads of an event that share an index write, until the [`Deadline`].
//! [`sweep`] finds waiting uploads and objects that would otherwise go unnoticed. Both return a
//! [`report`]. [`repository`](crate::repository) reads and writes the contents of a repository.
//!
//! | step | what happens |
//! | --- | --- |
//! | [`prepare`] | an upload is read, checked and compared with what is published; its archive is stored, or repaired |
//! | [`checks`] | its images and its signature: pass, hold or reject |
//! | [`index`] | the index is read, or recovered if it was lost, and written by compare-and-swap |
//! | [`conclude`] | the outcome is recorded, then the upload is removed |
//! | [`mirror`] | a registry gets what is visible |

mod batch;
mod checks;
mod conclude;
mod decided;
mod error;
mod index;
mod known;
mod mirror;
mod prepare;
mod report;
mod sweep;

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

pub use checks::provenance::LateProvenance;
pub use checks::reason::Reason;
pub use checks::wait::Wait;
pub use conclude::Concluded;
pub use error::PublishError;
pub use index::rebuild::IndexRebuilt;
#[cfg(test)]
pub(crate) use mirror::MirrorError;
pub use mirror::Mirrored;
pub use prepare::unreadable::UnreadableError;
pub use report::{Failure, IndexWrite, Report};
pub use sweep::foreign::{Foreign, ForeignObject};

use crate::archive::Limits;
use crate::deadline::Deadline;
use crate::digest::Digest;
use crate::http::Http;
use crate::keys::StagedKey;
use crate::provenance::{KeyError, ProvenanceMode};
use crate::repository::Repositories;
use crate::secret::{SecretError, SecretFieldError, Secrets};
use crate::settings::Settings;
use crate::store::Store;
use batch::Round;
use checks::images::Images;
use known::Known;
use report::{age, shown};
use sweep::Position;

/// Uploads whose archives are in memory at the same time.
const CONCURRENT_ARCHIVES: usize = 4;
/// Uploads, or pending charts of the mirror, that one sweep handles: a random choice.
const MAX_SWEPT_OBJECTS: usize = 2_000;

/// Moves uploads into their repositories.
#[derive(Debug)]
pub struct Publisher {
    /// The repositories that it publishes into.
    repositories: Repositories,
    /// The same bucket, for objects outside of repositories: uploads and copies of rejected ones.
    store: Store,
    settings: Arc<Settings>,
    limits: Limits,
    clock: fn() -> Timestamp,
    secrets: Option<Secrets>,
    http: Http,
    images: Images,
    /// The keyring that is known to be published.
    keyring: Known<Digest>,
    /// When the mirror's registry last failed to answer.
    mirror_silent: Known<Instant>,
    /// The key behind which the next sweep continues, if the last one ran out of time.
    position: Position,
}

impl Publisher {
    /// Creates a publisher for these repositories.
    pub fn new(repositories: Repositories) -> Self {
        let settings = Arc::clone(&repositories.settings);
        let limits = Limits {
            packed_bytes: settings.max_chart_bytes,
            ..Limits::default()
        };
        Self {
            store: repositories.store.clone(),
            settings,
            limits,
            clock: repositories.clock,
            repositories,
            secrets: None,
            http: Http::default(),
            images: Images::default(),
            keyring: Known::default(),
            mirror_silent: Known::default(),
            position: Position::default(),
        }
    }

    /// Adds the secret for the features that need one.
    #[must_use]
    pub fn with_secrets(self, secrets: Option<Secrets>) -> Self {
        Self { secrets, ..self }
    }

    fn secrets(&self) -> Result<&Secrets, SecretError> {
        self.secrets.as_ref().ok_or(SecretError::NoSecret)
    }

    /// Reports an unusable key in the secret.
    fn wrong_key(&self, field: &'static str, problem: KeyError) -> SecretError {
        match self.secrets() {
            Ok(secrets) => secrets.wrong(SecretFieldError::Key { field, problem }),
            Err(error) => error,
        }
    }

    /// Whether provenance files beside uploads have to be looked at.
    pub fn takes_provenance(&self) -> bool {
        self.settings.provenance != ProvenanceMode::Off
    }

    /// Publishes these uploads and, after a lost race, others that wait for the same index.
    ///
    /// Failures are part of the report, so that one failed request does not hide the outcomes of
    /// other uploads.
    pub async fn publish(&self, uploads: &[StagedKey], deadline: Deadline) -> Report {
        let mut report = Report::default();
        let batches = self.batches(uploads, &mut report).await;
        self.publish_batches(batches, deadline, &mut report).await;
        report
    }
}
