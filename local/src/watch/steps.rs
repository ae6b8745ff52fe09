//! The steps of the system as they happen, for the story on the terminal and for tests.

use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use crate::aws::iam::Denied;
use crate::aws::lambda::{Finished, Invoked};
use crate::watch::outcomes::Outcome;

/// How many steps are kept for a slow subscriber: more than hundreds of simultaneous uploads cause.
const CAPACITY: usize = 1 << 16;

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Step {
    /// The time since the system started.
    pub at: Duration,
    /// The kind of step.
    pub kind: StepKind,
}

/// The kinds of steps.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// An object arrived under `staging/`.
    Uploaded {
        /// Its key.
        key: String,
        /// Its ETag, without quotes.
        etag: String,
        /// Its size in bytes.
        size: usize,
    },
    /// A function process received an event.
    Invoked(Invoked),
    /// An invocation ended.
    Finished(Finished),
    /// An object outside `staging/` was written.
    Written {
        /// Its key.
        key: String,
        /// Its ETag, without quotes.
        etag: String,
        /// Its size in bytes.
        size: usize,
        /// The function that wrote it.
        by: Option<String>,
    },
    /// An object was removed.
    Removed {
        /// Its key.
        key: String,
        /// The function that removed it.
        by: Option<String>,
    },
    /// A function made a request that its policies do not allow.
    Denied(Denied),
    /// An upload has its outcome.
    Outcome(Box<Outcome>),
    /// CloudFront accepted an invalidation.
    Invalidated {
        /// CloudFront's id for it.
        id: String,
        /// The paths that it names.
        paths: Vec<String>,
        /// The function that requested it.
        by: Option<String>,
    },
    /// An invalidation took effect at the edge.
    InvalidationCompleted {
        /// CloudFront's id for it.
        id: String,
        /// The paths that it names.
        paths: Vec<String>,
    },
    /// A client that fetched the index through the edge found the chart's version in it.
    Visible {
        /// The upload's key.
        key: String,
        /// The upload's ETag.
        etag: String,
        /// The chart.
        chart: String,
        /// Its version.
        version: String,
        /// The time since the upload.
        after: Duration,
    },
}

/// The sender of steps. Clones share the same subscribers.
#[derive(Clone)]
pub(crate) struct Steps {
    started: Instant,
    sender: broadcast::Sender<Step>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            sender: broadcast::Sender::new(CAPACITY),
        }
    }

    pub(crate) fn report(&self, kind: StepKind) {
        // Sending fails only if there are no subscribers.
        let _ = self.sender.send(Step {
            at: self.started.elapsed(),
            kind,
        });
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Step> {
        self.sender.subscribe()
    }

    /// The time since the system started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
