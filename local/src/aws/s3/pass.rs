//! What the gate found out about a request, for the log and for faults after its effect.

use std::sync::{Arc, Mutex};

use crate::aws::iam::Access;
use crate::faults::{RequestSeen, S3Fault};

/// Accompanies a request; the gate fills it in.
#[derive(Clone, Default)]
pub(super) struct Passed(pub(super) Arc<Mutex<Option<Pass>>>);

pub(super) struct Pass {
    pub(super) seen: RequestSeen,
    pub(super) answered_before: usize,
    pub(super) fault: S3Fault,
    pub(super) process: String,
    /// The permission that is required to learn that the object is missing.
    pub(super) if_missing: Option<Access>,
}

/// An error that closes the connection without an answer.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;
