//! Where tests can make the stand-ins misbehave. By default nothing does.
//!
//! Each hook is consulted in exactly one place: [`Faults::s3`] by the S3 listener, once per
//! request, [`Faults::invalidation`] by CloudFront's API, once per `CreateInvalidation`, and
//! [`Faults::delivery`] by the Lambda queue, once per asynchronous event.

pub mod chaos;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;

/// Decides what goes wrong. Implementations keep their own counters.
pub trait Faults: Send + Sync {
    /// What happens to one S3 request.
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let _ = request;
        S3Fault::None
    }

    /// What happens to one `CreateInvalidation`.
    fn invalidation(&self, request: &InvalidationSeen) -> InvalidationFault {
        let _ = request;
        InvalidationFault::None
    }

    /// What happens to one asynchronous event on its way to a function.
    fn delivery(&self, function: &str, payload: &[u8]) -> Delivery {
        let _ = (function, payload);
        Delivery::Once
    }
}

/// One S3 request as a fault rule sees it.
#[derive(Debug, Clone)]
pub struct RequestSeen {
    /// The function that asks, or `None` for anybody else.
    pub function: Option<String>,
    /// `GetObject`, `PutObject`, …
    pub operation: String,
    /// Empty for operations on the bucket.
    pub key: String,
    /// The prefix that a listing is asked for; empty for everything else.
    pub prefix: String,
    /// 1 for the first request of this function, counted over all of its processes; 0 for anybody
    /// else.
    pub number: usize,
}

/// Before or after the request had its effect on the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The bucket stays as it is.
    Before,
    /// The bucket has changed, but the caller does not learn it.
    After,
}

/// What goes wrong with an S3 request.
#[derive(Debug, Clone)]
pub enum S3Fault {
    /// Nothing.
    None,
    /// The answer comes, but late.
    Delay(When, Duration),
    /// The request has its effect and its answer only once as many have come as the barrier is for.
    Meet(Arc<Barrier>),
    /// An S3 error is answered, such as 503 `SlowDown`, 409 `ConditionalRequestConflict` or 500
    /// `InternalError`.
    Fail(When, u16, &'static str),
    /// The connection is closed without an answer.
    Disconnect(When),
    /// The process that asks is killed.
    Kill(When),
    /// The answer ends in the middle of its body. One without a body does not come at all.
    Cut,
    /// One byte of the body is another one when it arrives: of the request before, of the answer
    /// after the effect.
    Corrupt(When),
}

/// One `CreateInvalidation` as a fault rule sees it.
#[derive(Debug, Clone)]
pub struct InvalidationSeen {
    /// The function that asks, or `None` for anybody else.
    pub function: Option<String>,
    /// What the invalidation is to be made for.
    pub paths: Vec<String>,
}

/// What goes wrong with a `CreateInvalidation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidationFault {
    /// Nothing.
    None,
    /// An error is answered, such as 400 `Throttling` or 503 `ServiceUnavailable`.
    Fail(When, u16, &'static str),
    /// The connection is closed without an answer.
    Disconnect(When),
    /// The process that asks is killed.
    Kill(When),
    /// All looks well, but the edge goes on serving what it has for that much longer.
    Stale(Duration),
}

/// How an asynchronous event reaches its function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As it should.
    Once,
    /// That many times, at the same time; 0 is never.
    Times(usize),
    /// Only after that long, so that later events overtake it.
    Late(Duration),
}

pub(crate) struct NoFaults;

impl Faults for NoFaults {}
