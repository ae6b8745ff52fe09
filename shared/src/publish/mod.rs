//! Publishing: staged uploads become visible, whatever happens on the way.
//!
//! One upload into an existing repository takes six requests, and with S3 answering in T each it is in the index after 3 T:
//!
//! ```text
//! GetObject upload ┐
//! GetObject index  ┴─ PutObject archive ── PutObject index ── PutObject receipt ── DeleteObject upload
//!          T                  2 T                3 T                 4 T                    5 T
//! ```
//!
//! (`tests/tests/promises/latency.rs` keeps it so.) The archive waits for the index because a version that is listed already is not
//! stored again.
//!
//! The order is what keeps the promises. The archive comes before the index that lists it; the upload goes only after its
//! outcome is recorded. Every write can be repeated: the archive is created once (`If-None-Match: *`), the index is
//! replaced by compare-and-swap, so a run that was killed anywhere leaves the upload in staging and a state from which the
//! next run gets to the same outcome. Who lost a race takes along everything that waits, so that a burst of uploads
//! needs few index writes.
//!
//! [`sweep`] finds what waits, and what nobody would hear of otherwise ([`foreign`]).
//!
//! [`prepare`] takes one upload up to its stored archive, [`index_state`] reads the index, [`recover`] what a lost one held
//! ([`memory`] is what receipts say of that, [`rebuild`] what is told of it), [`repair`] replaces an archive that was damaged,
//! [`images`] asks for the images that a chart names, [`provenance`] checks or makes the signature beside an archive, [`swap`] is the
//! compare-and-swap loop, [`conclude`] records outcomes and removes uploads, and [`mirror`] pushes what is visible to a registry.

pub mod command;
mod conclude;
mod foreign;
mod images;
mod index_state;
mod login;
mod memory;
mod mirror;
mod prepare;
mod provenance;
mod rebuild;
mod recover;
mod refusal;
mod repair;
mod sample;
mod swap;
mod sweep;
mod unreadable;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;

pub use conclude::Concluded;
pub(crate) use conclude::MAX_RECEIPT_BYTES;
pub use foreign::{Foreign, ForeignObject};
pub(crate) use index_state::{IndexState, LARGEST_INDEX};
pub(crate) use memory::Remembered;
pub use mirror::Mirrored;
pub(crate) use prepare::RETURNED_METADATA;
pub use provenance::LateProvenance;
pub use rebuild::IndexRebuilt;
pub(crate) use recover::{Stored, UNSIGNED, Unreadable, changed_since, created, entry};
pub use refusal::Refusal;
pub use unreadable::UnreadableError;

use crate::archive::Limits;
use crate::brief;
use crate::digest::Digest;
use crate::http::Http;
use crate::index::IndexError;
use crate::keys::{Repository, StagedKey};
use crate::printable::printable;
use crate::provenance::KeyError;
use crate::receipt::{Outcome, TEXT};
use crate::secret::{SecretError, SecretFieldError, Secrets};
use crate::settings::{ProvenanceMode, Settings};
use crate::store::{Store, StoreError};
use conclude::Decided;
use images::Images;
use index_state::StateCell;
use prepare::Prepared;

/// Uploads whose archives are held in memory at the same time.
const CONCURRENT_ARCHIVES: usize = 4;
/// Receipts and removals under way at the same time.
const CONCURRENT_CONCLUSIONS: usize = 8;
/// Uploads that one index write takes along at most.
const BATCH: usize = 100;
/// Bytes of their entries after which no more are: each byte of a list with thousands of short texts takes ten of memory.
const BATCH_BYTES: usize = 1024 * 1024;
/// Uploads, or notes of the mirror, that one sweep looks at: a fair choice of all that there are.
const SWEEP: usize = 2_000;
/// Time that must be left to start another round: enough for a slow index write and its receipts. Where the function is
/// given less than four times that, a quarter of what it is given.
const MARGIN: Duration = Duration::from_secs(5);

/// Moves staged uploads into their repositories.
#[derive(Debug)]
pub struct Publisher {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    limits: Limits,
    pub(crate) clock: fn() -> Timestamp,
    secrets: Option<Secrets>,
    pub(crate) http: Http,
    images: Images,
    /// The keyring that is known to be published.
    keyring: Known<Digest>,
    /// When the mirror's registry gave no answer.
    mirror_silent: Known<Instant>,
    /// Behind which key the next sweep goes on, if the last one had no time for the rest.
    position: Position,
}

/// See [`Publisher::position`].
#[derive(Debug, Default)]
struct Position(Mutex<Option<String>>);

impl Position {
    fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, key: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }
}

/// What this process knows of the bucket, so that it need not ask again.
#[derive(Debug)]
struct Known<T>(Mutex<Option<T>>);

impl<T: Copy> Known<T> {
    fn get(&self) -> Option<T> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// The uploads that have their outcome now.
    pub concluded: Vec<Concluded>,
    /// Uploads that were not there (any more): another run has dealt with them.
    pub gone: Vec<StagedKey>,
    /// Provenance files that came after their archives.
    pub late_provenance: Vec<LateProvenance>,
    /// Charts that a registry had to get.
    pub mirrored: Vec<Mirrored>,
    /// Uploads that another try may publish; they stay in staging.
    pub failed: Vec<Failure>,
    /// What else failed: part of a sweep that is no upload, in words.
    pub problems: Vec<String>,
    /// Objects that are no uploads, as far as a sweep found any.
    pub foreign: Foreign,
    /// The indexes that were written.
    pub index_writes: Vec<IndexWrite>,
    /// Those of them that had been lost.
    pub rebuilt: Vec<IndexRebuilt>,
    /// Compare-and-swaps that lost their race.
    pub lost_races: u32,
    /// Whether this is a sweep that went through all of staging.
    pub swept: bool,
    /// How long the oldest upload that a sweep found had been lying in staging by then, without those that are held.
    pub oldest_waiting: Option<Duration>,
    /// The same of those that are held.
    pub oldest_held: Option<Duration>,
    /// For how long the registry has been waiting for the oldest chart that it did not get from a sweep.
    pub oldest_unmirrored: Option<Duration>,
}

/// An upload that could not be dealt with now.
#[derive(Debug)]
pub struct Failure {
    /// The upload.
    pub staged: StagedKey,
    /// Why.
    pub error: String,
}

/// One successful write of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexWrite {
    /// Whose index.
    pub repository: Repository,
    /// Its size.
    pub bytes: usize,
    /// The chart versions it lists.
    pub versions: usize,
}

/// Why uploads could not be dealt with now. Another try may succeed, once what the message says is mended.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// S3 did not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret can't be had, or lacks what a setting needs.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The index is there, but Helm could not load it. It stays as it is.
    #[error(
        "{}: {source}, or run {} to rebuild it from the published archives",
        repository.index_key(),
        command::reindex(repository)
    )]
    Index {
        /// Whose index.
        repository: Repository,
        /// What is wrong with it.
        source: IndexError,
    },
    /// The index has as many bytes as it may.
    #[error(
        "{} has {size} bytes, or would have them with this upload; MAX_INDEX_BYTES is {limit}, because every client downloads all of it. \
         The upload waits in staging: run {} for versions that nobody needs, or raise MAX_INDEX_BYTES",
        repository.index_key(),
        command::unpublish(repository, "NAME", "VERSION")
    )]
    IndexFull {
        /// Whose index.
        repository: Repository,
        /// The bytes that it would have.
        size: u64,
        /// The bytes that it may have.
        limit: u64,
    },
    /// The index is missing, and there is too much to rebuild it in passing.
    #[error(
        "{} is missing although {archives} archives are published, too many to rebuild it while an upload waits; restore \
         it, or run {}",
        repository.index_key(),
        command::reindex(repository)
    )]
    TooManyToRecover {
        /// Whose index.
        repository: Repository,
        /// Archives that it must have listed.
        archives: usize,
    },
    /// An index that lists nothing yet is written whole or not at all.
    #[error(
        "the index of {repository} has to be rebuilt whole, and the time was over after {compared} of {archives} archives; \
         nothing was written. Give publish-chart more time (Lambda allows 15 minutes) and run {} again",
        command::reindex(repository)
    )]
    NoTimeToRebuild {
        /// Whose index.
        repository: Repository,
        /// Archives that were read.
        compared: usize,
        /// Archives that there are.
        archives: usize,
    },
    /// The version was taken out of the index, but its archive is still there: until it is gone, nobody may list it.
    #[error(
        "{chart} {version} is being unpublished, its archive is still there; once it is gone this upload may bring it \
         back. If it stays, the unpublish was cut short: run {}",
        command::unpublish(repository, chart, version)
    )]
    BeingUnpublished {
        /// Its repository.
        repository: Repository,
        /// The chart.
        chart: String,
        /// The version.
        version: String,
    },
    /// A slip in a name, most likely.
    #[error(
        "there is no repository {repository}: nothing lies below {}. {}",
        repository.charts_prefix(),
        there_are(known)
    )]
    NoRepository {
        /// Whose index was asked for.
        repository: Repository,
        /// Those that there are.
        known: Vec<Repository>,
    },
    /// Others were faster each time.
    #[error("the index of {repository} was written by others {attempts} times in a row; the next run tries again")]
    Contention {
        /// Whose index.
        repository: Repository,
        /// Compare-and-swaps that lost their race.
        attempts: u32,
    },
    /// Other runs with an upload of the same name were faster each time.
    #[error("{key} was written by others again and again; the next run tries again")]
    ReceiptContention {
        /// The receipt.
        key: String,
    },
    /// The function's time is nearly over.
    #[error("no time left to publish; the next run tries again")]
    NoTime,
    /// The same failure for every upload that needs that index.
    #[error(transparent)]
    Shared(#[from] Arc<PublishError>),
    /// An archive was there and then was not.
    #[error("{key} was changed or removed while it was compared with an upload; the next run tries again")]
    Vanished {
        /// The archive.
        key: String,
    },
}

/// Repositories that are named where the one that was asked for is not there.
const NAMED_REPOSITORIES: usize = 50;

fn there_are(known: &[Repository]) -> String {
    let names = known.iter().take(NAMED_REPOSITORIES);
    let names: Vec<String> = names.map(|known| format!("{:?}", known.name())).collect();
    match known.len() {
        0 => "No repository has an index yet; \"\" is the root one".to_owned(),
        many if many > names.len() => format!("There are {} and {} more", names.join(", "), many - names.len()),
        _ => format!("There are {}", names.join(", ")),
    }
}

impl PublishError {
    /// What a defect of a repository's index becomes.
    pub(crate) fn index(repository: &Repository) -> impl FnOnce(IndexError) -> Self {
        let repository = repository.clone();
        move |source| PublishError::Index { repository, source }
    }
}

/// Until when a run may start something new, and until when it has to say what it came to.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    start: Instant,
    end: Instant,
}

impl Deadline {
    /// For a run that is ended that long from now.
    pub fn after(time: Duration) -> Self {
        let now = Instant::now();
        let margin = MARGIN.min(time / 4);
        Deadline {
            start: now + time.saturating_sub(margin),
            end: now + time.saturating_sub(margin / 5),
        }
    }

    /// For something that may take half of the time that is left.
    fn half(&self) -> Self {
        let start = Instant::now() + self.left() / 2;
        Deadline { start, end: start }
    }

    pub(crate) fn has_time(&self) -> bool {
        !self.left().is_zero()
    }

    fn left(&self) -> Duration {
        self.start.saturating_duration_since(Instant::now())
    }

    fn left_to_the_end(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

impl Publisher {
    /// A publisher for the bucket behind `store`. `clock` gives the time of entries and receipts.
    pub fn new(store: Store, settings: Settings, clock: fn() -> Timestamp) -> Self {
        let limits = Limits {
            packed_bytes: settings.max_chart_bytes,
            ..Limits::default()
        };
        Publisher {
            store,
            settings,
            limits,
            clock,
            secrets: None,
            http: Http::default(),
            images: Images::default(),
            keyring: Known(Mutex::new(None)),
            mirror_silent: Known(Mutex::new(None)),
            position: Position::default(),
        }
    }

    /// With the secret for the features that need one.
    #[must_use]
    pub fn with_secrets(self, secrets: Option<Secrets>) -> Self {
        Publisher { secrets, ..self }
    }

    fn secrets(&self) -> Result<&Secrets, SecretError> {
        self.secrets.as_ref().ok_or(SecretError::NoSecret)
    }

    /// A key of the secret that turned out to be of no use.
    fn wrong_key(&self, field: &'static str, problem: KeyError) -> SecretError {
        match self.secrets() {
            Ok(secrets) => secrets.wrong(SecretFieldError::Key { field, problem }),
            Err(error) => error,
        }
    }

    /// Whether an upload may have a provenance file that has to be looked at.
    pub fn takes_provenance(&self) -> bool {
        self.settings.provenance != ProvenanceMode::Off
    }

    /// Publishes these uploads, and where others are writing the same index everything else that waits for it.
    ///
    /// Failures are part of the report, so that one bad request does not hide the outcomes of other uploads.
    pub async fn publish(&self, uploads: &[StagedKey], deadline: Deadline) -> Report {
        let mut report = Report::default();
        let batches = self.batches(uploads, &mut report).await;
        self.publish_batches(batches, deadline, &mut report).await;
        report
    }

    /// Uploads in the groups that share an index write.
    async fn batches(&self, uploads: &[StagedKey], report: &mut Report) -> Vec<(Repository, Vec<StagedKey>)> {
        let by_repository = self.by_repository(uploads, report).await.into_iter();
        let batches = by_repository.flat_map(|(repository, uploads)| {
            let chunks: Vec<_> = uploads
                .chunks(BATCH)
                .map(|chunk| (repository.clone(), chunk.to_vec()))
                .collect();
            chunks
        });
        batches.collect()
    }

    async fn publish_batches(
        &self,
        batches: Vec<(Repository, Vec<StagedKey>)>,
        deadline: Deadline,
        report: &mut Report,
    ) {
        for (repository, batch) in &batches {
            let mut rest = batch.as_slice();
            while !rest.is_empty() && deadline.has_time() {
                // Boxed: the SDK's futures are deep, and the compiler gives up on one type that holds all of them.
                let published = Box::pin(self.publish_batch(repository, rest, deadline, report));
                // A batch that would not end is ended as a kill would end it, so that what came before it is still reported.
                match tokio::time::timeout(deadline.left_to_the_end(), published).await {
                    Ok(taken) => rest = rest.get(taken..).unwrap_or_default(),
                    Err(_) => break,
                }
            }
            for staged in rest {
                if !report.knows(staged) {
                    report.fail(staged.clone(), &PublishError::NoTime);
                }
            }
        }
        self.mirror_new(deadline, report).await;
    }

    /// Groups uploads; an event may name one twice. Those whose folder can be no repository are refused on the way.
    async fn by_repository(&self, uploads: &[StagedKey], report: &mut Report) -> BTreeMap<Repository, Vec<StagedKey>> {
        let mut groups: BTreeMap<Repository, Vec<StagedKey>> = BTreeMap::new();
        for staged in uploads {
            if staged.is_too_long() {
                let bytes = staged.key().len();
                self.refuse_unread(staged, Refusal::KeyTooLong { bytes }, report).await;
                continue;
            }
            match staged.repository() {
                Ok(repository) => {
                    let group = groups.entry(repository).or_default();
                    if !group.contains(staged) {
                        group.push(staged.clone());
                    }
                }
                Err(bad) => self.refuse_unread(staged, Refusal::BadRepository(bad), report).await,
            }
        }
        groups
    }

    /// Publishes as many of these uploads as one index write takes along; answers how many that were, one at least.
    async fn publish_batch(
        &self,
        repository: &Repository,
        uploads: &[StagedKey],
        deadline: Deadline,
        report: &mut Report,
    ) -> usize {
        let state = StateCell::new();
        let read_index = self.index_state(repository, &state);
        let prepare = self.prepare_some(repository, uploads, &state, 0);
        // The index is read while the first archives are: neither depends on the other.
        let (_, prepared) = tokio::join!(read_index, prepare);
        let batch = prepared.len();
        let mut round = Round::default();
        round.sort_in(prepared, report);
        if let Some(Ok(state)) = state.into_inner()
            && !round.candidates.is_empty()
        {
            self.swap(repository, state, &mut round, deadline, report).await;
        }
        self.conclude_all(round.decided, report).await;
        batch
    }

    /// Prepares these uploads, as many as fit into a batch in which so many bytes are `taken`.
    async fn prepare_some(
        &self,
        repository: &Repository,
        uploads: &[StagedKey],
        state: &StateCell,
        taken: usize,
    ) -> Vec<(StagedKey, Result<Prepared, PublishError>)> {
        let taken = &AtomicUsize::new(taken);
        stream::iter(uploads)
            .take_while(|_| std::future::ready(taken.load(Ordering::Relaxed) < BATCH_BYTES))
            .map(|staged| async move {
                let prepared = self.prepare(repository, staged, state).await;
                let listed_bytes = prepared.as_ref().map_or(0, Prepared::listed_bytes);
                taken.fetch_add(listed_bytes, Ordering::Relaxed);
                (staged.clone(), prepared)
            })
            .buffered(CONCURRENT_ARCHIVES)
            .collect()
            .await
    }

    async fn conclude_all(&self, decided: Vec<Decided>, report: &mut Report) {
        let concluded: Vec<_> = stream::iter(decided)
            .map(|decided| async move {
                let staged = decided.upload.staged.clone();
                (staged, self.conclude(decided).await)
            })
            .buffered(CONCURRENT_CONCLUSIONS)
            .collect()
            .await;
        for (staged, result) in concluded {
            match result {
                Ok(concluded) => report.concluded.push(concluded),
                Err(error) => report.fail(staged, &error),
            }
        }
    }
}

/// A message as logs, receipts and answers have it: one line, and not longer than people read.
fn shown(message: &str) -> String {
    brief::text(&printable(message), TEXT).into_owned()
}

/// How old the oldest of them is. A clock that is behind S3's makes it no age at all.
fn age(now: Timestamp, written: impl Iterator<Item = Timestamp>) -> Option<Duration> {
    Some(now.duration_since(written.min()?).try_into().unwrap_or_default())
}

/// The uploads of one batch on their way to the index.
#[derive(Debug, Default)]
struct Round {
    candidates: Vec<prepare::Candidate>,
    decided: Vec<Decided>,
}

impl Round {
    fn sort_in(&mut self, prepared: Vec<(StagedKey, Result<Prepared, PublishError>)>, report: &mut Report) {
        for (staged, prepared) in prepared {
            match prepared {
                Ok(Prepared::Candidate(candidate)) => self.candidates.push(*candidate),
                Ok(Prepared::Decided(decided)) => self.decided.push(*decided),
                Ok(Prepared::Late(late)) => report.late_provenance.push(late),
                Ok(Prepared::Gone) => report.gone.push(staged),
                Err(error) => report.fail(staged, &error),
            }
        }
    }
}

impl Report {
    /// The keys of the uploads that wait for something.
    fn held(&self) -> impl Iterator<Item = &str> {
        let receipts = self.concluded.iter().map(|concluded| &concluded.receipt);
        let held = receipts.filter(|receipt| receipt.outcome == Outcome::Held);
        held.map(|receipt| receipt.upload.as_str())
    }

    fn fail(&mut self, staged: StagedKey, error: &dyn std::fmt::Display) {
        self.failed.push(Failure {
            staged,
            error: shown(&error.to_string()),
        });
    }

    /// Something else than an upload could not be dealt with.
    fn problem(&mut self, problem: &str) {
        self.problems.push(shown(problem));
    }

    /// Whether it says what became of this upload.
    fn knows(&self, staged: &StagedKey) -> bool {
        let concluded = self
            .concluded
            .iter()
            .any(|concluded| concluded.receipt.upload == staged.key());
        let late = self.late_provenance.iter().any(|late| late.staged == *staged);
        let failed = self.failed.iter().any(|failure| failure.staged == *staged);
        concluded || late || failed || self.gone.contains(staged)
    }
}
