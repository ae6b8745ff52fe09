//! Injects faults into the stand-ins. By default there are none.
//!
//! Each hook is called in exactly one place: [`Faults::s3`] by the S3 listener, once per request;
//! [`Faults::invalidation`] by CloudFront's API, once per `CreateInvalidation`; and
//! [`Faults::delivery`] by the Lambda queue, once per asynchronous event.

pub mod chaos;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;

/// Decides which requests and events meet a fault. Implementations keep their own counters.
pub trait Faults: Send + Sync {
    /// The fault of one S3 request.
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let _ = request;
        S3Fault::None
    }

    /// The fault of one `CreateInvalidation`.
    fn invalidation(&self, request: &InvalidationSeen) -> InvalidationFault {
        let _ = request;
        InvalidationFault::None
    }

    /// How one asynchronous event reaches its function.
    fn delivery(&self, function: &str, payload: &[u8]) -> Delivery {
        let _ = (function, payload);
        Delivery::Once
    }
}

/// One S3 request as a fault rule sees it.
#[derive(Debug, Clone)]
pub struct RequestSeen {
    /// The function that makes the request; `None` for any other caller.
    pub function: Option<String>,
    /// `GetObject`, `PutObject`, …
    pub operation: String,
    /// Empty for operations on the bucket.
    pub key: String,
    /// The prefix of a listing; empty for every other operation.
    pub prefix: String,
    /// The number of the request among those of all processes of this function, from 1; 0 for any
    /// other caller.
    pub number: usize,
}

/// Whether a fault comes before or after the effect of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The request has no effect.
    Before,
    /// The request has its effect, but the caller does not learn of it.
    After,
}

/// A fault of an S3 request.
#[derive(Debug, Clone)]
pub enum S3Fault {
    /// No fault.
    None,
    /// The request is delayed, before or after its effect.
    Delay(When, Duration),
    /// The request waits at the barrier before its effect, until enough other requests have
    /// arrived.
    Meet(Arc<Barrier>),
    /// S3 answers with an error, such as 503 `SlowDown`, 409 `ConditionalRequestConflict` or 500
    /// `InternalError`.
    Fail(When, u16, &'static str),
    /// The connection is closed without an answer.
    Disconnect(When),
    /// The process that made the request is killed.
    Kill(When),
    /// The answer ends in the middle of its body. An answer without a body is not sent at all.
    Cut,
    /// One byte of a body is changed: of the request's body (`Before`) or of the answer's
    /// (`After`).
    Corrupt(When),
}

/// One `CreateInvalidation` as a fault rule sees it.
#[derive(Debug, Clone)]
pub struct InvalidationSeen {
    /// The function that makes the request; `None` for any other caller.
    pub function: Option<String>,
    /// The paths to invalidate.
    pub paths: Vec<String>,
}

/// A fault of a `CreateInvalidation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidationFault {
    /// No fault.
    None,
    /// CloudFront answers with an error, such as 400 `Throttling` or 503 `ServiceUnavailable`.
    Fail(When, u16, &'static str),
    /// The connection is closed without an answer.
    Disconnect(When),
    /// The process that made the request is killed.
    Kill(When),
    /// CloudFront accepts the invalidation, but it takes effect later by this delay.
    Stale(Duration),
}

/// How an asynchronous event reaches its function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Exactly once.
    Once,
    /// This many times, at the same time; 0 means never.
    Times(usize),
    /// After this delay, so that later events may overtake it.
    Late(Duration),
}

pub(crate) struct NoFaults;

impl Faults for NoFaults {}
