//! The invalidations of the distribution, their limits, and their effect when they complete.
//!
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html>

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::aws::edge::Edge;
use crate::sync::lock;

/// How many paths may be in progress at once.
const MAX_PATHS: usize = 3_000;
/// How many wildcard paths may be in progress at once.
const MAX_WILDCARDS: usize = 15;

/// An invalidation as CloudFront stores it.
#[derive(Debug, Clone)]
pub struct Invalidation {
    /// CloudFront's id for it.
    pub id: String,
    /// When it was created.
    pub created: SystemTime,
    /// The paths, in the order of the request.
    pub paths: Vec<String>,
    /// Identifies the request, so that repeating it creates no second invalidation.
    pub caller_reference: String,
    /// The function that requested it.
    pub by: Option<String>,
    /// Whether it has taken effect.
    pub completed: bool,
}

/// Why CloudFront rejects an invalidation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "CloudFront's own names")]
pub enum CreateError {
    #[error("An invalidation batch with this CallerReference exists already, with other paths.")]
    InvalidationBatchAlreadyExists,
    #[error(
        "Processing your request will cause you to exceed the maximum number of in-progress wildcard invalidations."
    )]
    TooManyWildcardsInProgress,
    #[error("Processing your request will cause you to exceed the maximum number of in-progress invalidations.")]
    TooManyInvalidationsInProgress,
    #[error("Your request contains one or more invalid invalidation paths.")]
    InvalidPath,
    #[error("The invalidation batch specified is too large.")]
    BatchTooLarge,
}

/// All invalidations of the distribution. Clones are handles to the same ones.
#[derive(Clone)]
pub struct Invalidations {
    all: Arc<Mutex<Vec<Invalidation>>>,
    in_progress: Arc<watch::Sender<usize>>,
    takes: Duration,
    edge: Edge,
    on_change: Arc<dyn Fn(&Invalidation) + Send + Sync>,
    runtime: Handle,
}

impl Invalidations {
    /// `on_change` is called when an invalidation is accepted, and again when it has taken effect.
    pub(crate) fn new(
        edge: Edge,
        takes: Duration,
        runtime: Handle,
        on_change: impl Fn(&Invalidation) + Send + Sync + 'static,
    ) -> Self {
        let in_progress = Arc::new(watch::Sender::new(0));
        Self {
            all: Arc::default(),
            in_progress,
            takes,
            edge,
            on_change: Arc::new(on_change),
            runtime,
        }
    }

    /// Creates an invalidation, or returns the existing one of the same request.
    ///
    /// # Errors
    ///
    /// See [`CreateError`].
    pub fn create(&self, caller_reference: &str, paths: Vec<String>) -> Result<Invalidation, CreateError> {
        self.create_by(None, caller_reference, paths, Duration::ZERO)
    }

    /// Creates an invalidation for a function, which takes effect later than others by this delay.
    pub(super) fn create_by(
        &self,
        function: Option<&str>,
        caller_reference: &str,
        paths: Vec<String>,
        late: Duration,
    ) -> Result<Invalidation, CreateError> {
        let mut all = lock(&self.all);
        if let Some(earlier) = all.iter().find(|earlier| earlier.caller_reference == caller_reference) {
            let same = earlier.paths.iter().collect::<BTreeSet<_>>() == paths.iter().collect();
            return if same {
                Ok(earlier.clone())
            } else {
                Err(CreateError::InvalidationBatchAlreadyExists)
            };
        }
        check_paths(&paths)?;
        check_limits(&all, &paths)?;
        let invalidation = Invalidation {
            id: format!("I{:013X}LOCAL", fastrand::u64(..1 << 52)),
            created: SystemTime::now(),
            paths,
            caller_reference: caller_reference.to_owned(),
            by: function.map(str::to_owned),
            completed: false,
        };
        all.push(invalidation.clone());
        self.in_progress.send_modify(|count| *count += 1);
        (self.on_change)(&invalidation);
        drop(all);
        self.complete_later(invalidation.clone(), late);
        Ok(invalidation)
    }

    fn complete_later(&self, invalidation: Invalidation, late: Duration) {
        let this = self.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(this.takes + late).await;
            this.edge.invalidate(&invalidation.paths);
            if let Some(entry) = lock(&this.all).iter_mut().find(|entry| entry.id == invalidation.id) {
                entry.completed = true;
            }
            (this.on_change)(&Invalidation {
                completed: true,
                ..invalidation
            });
            this.in_progress.send_modify(|count| *count = count.saturating_sub(1));
        });
    }

    /// All of them, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Invalidation> {
        lock(&self.all).clone()
    }

    pub(crate) fn is_completed(&self) -> bool {
        *self.in_progress.borrow() == 0
    }

    /// Waits until none is in progress.
    pub async fn completed(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.in_progress.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// Checks that each path starts with a slash (only the console adds one), has its non-ASCII and
/// unsafe characters URL-encoded, and contains no `~`:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html>,
/// <https://github.com/aws/aws-sdk/issues/525>.
fn check_paths(paths: &[String]) -> Result<(), CreateError> {
    if paths.len() > MAX_PATHS {
        return Err(CreateError::BatchTooLarge);
    }
    let valid = |path: &String| {
        let wildcards = path.matches('*').count();
        path.starts_with('/')
            && path.len() <= 4_000
            && path
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"<>\"#{}|\\^~[]`".contains(&byte))
            && (wildcards == 0 || wildcards == 1 && path.ends_with('*'))
    };
    if paths.is_empty() || !paths.iter().all(valid) {
        Err(CreateError::InvalidPath)
    } else {
        Ok(())
    }
}

fn check_limits(all: &[Invalidation], paths: &[String]) -> Result<(), CreateError> {
    let running = || {
        all.iter()
            .filter(|invalidation| !invalidation.completed)
            .flat_map(|i| &i.paths)
            .chain(paths)
    };
    let (wildcards, plain): (Vec<_>, Vec<_>) = running().partition(|path| path.ends_with('*'));
    if wildcards.len() > MAX_WILDCARDS {
        return Err(CreateError::TooManyWildcardsInProgress);
    }
    if plain.len() > MAX_PATHS {
        return Err(CreateError::TooManyInvalidationsInProgress);
    }
    Ok(())
}
