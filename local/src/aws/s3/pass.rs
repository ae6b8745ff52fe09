//! What the gate learned about a request, for the log and for faults after its effect.

use std::sync::{Arc, Mutex};

use crate::aws::iam::Access;
use crate::faults::{RequestSeen, S3Fault};

/// Goes along with a request; the gate fills it.
#[derive(Clone, Default)]
pub(super) struct Passed(pub(super) Arc<Mutex<Option<Pass>>>);

pub(super) struct Pass {
    pub(super) seen: RequestSeen,
    pub(super) answered_before: usize,
    pub(super) fault: S3Fault,
    pub(super) process: String,
    /// What the answer takes if it is that the object is missing.
    pub(super) if_missing: Option<Access>,
}

/// Ends a connection without an answer.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;
