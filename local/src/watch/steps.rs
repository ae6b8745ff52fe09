//! What happens in the system, as it happens: the raw material of the story on the terminal and of
//! tests.

use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use crate::aws::iam::Denied;
use crate::aws::lambda::{Finished, Invoked};
use crate::watch::outcomes::Outcome;

/// More steps than hundreds of uploads at once make before a subscriber gets to read.
const CAPACITY: usize = 1 << 16;

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Step {
    /// Since the system started.
    pub at: Duration,
    /// What it was.
    pub kind: StepKind,
}

/// What can happen.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// An object arrived under `staging/`.
    Uploaded {
        /// Its key.
        key: String,
        /// Its ETag, without quotes.
        etag: String,
        /// Bytes.
        size: usize,
    },
    /// A function process was given an event.
    Invoked(Invoked),
    /// An invocation ended.
    Finished(Finished),
    /// An object outside `staging/` was written.
    Written {
        /// Its key.
        key: String,
        /// Its ETag, without quotes.
        etag: String,
        /// Bytes.
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
    /// A function asked for what its policies do not allow.
    Denied(Denied),
    /// An upload has its outcome.
    Outcome(Box<Outcome>),
    /// CloudFront accepted an invalidation.
    Invalidated {
        /// CloudFront's id for it.
        id: String,
        /// The paths that it names.
        paths: Vec<String>,
        /// The function that asked for it.
        by: Option<String>,
    },
    /// An invalidation took effect at the edge.
    InvalidationCompleted {
        /// CloudFront's id for it.
        id: String,
        /// The paths that it names.
        paths: Vec<String>,
    },
    /// A client that fetched the index through the edge found the chart version in it.
    Visible {
        /// The upload's key.
        key: String,
        /// The upload's ETag.
        etag: String,
        /// The chart.
        chart: String,
        /// Its version.
        version: String,
        /// Since the upload.
        after: Duration,
    },
}

/// The sender of steps; clones share the subscribers.
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

    pub(crate) fn tell(&self, kind: StepKind) {
        // Fails without subscribers, which is fine.
        let _ = self.sender.send(Step {
            at: self.started.elapsed(),
            kind,
        });
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Step> {
        self.sender.subscribe()
    }

    /// Since the system started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
