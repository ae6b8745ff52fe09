//! The faults that a request can meet.

use std::time::Duration;

use local::faults::{InvalidationFault, S3Fault, When};

use crate::crashes::script::Step;

/// One kind of fault.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) s3: S3Fault,
    /// The same fault for `CreateInvalidation`, if it exists there.
    pub(crate) cloudfront: InvalidationFault,
    /// How often in a row. The SDK makes four attempts, so that a single failure never reaches the
    /// code of the functions.
    pub(crate) times: usize,
    /// The operations that can meet it; empty for all of them.
    pub(crate) operations: &'static [&'static str],
}

/// A delay that is longer than the client waits for an answer.
const TOO_LATE: Duration = Duration::from_secs(16);
const SDK_ATTEMPTS: usize = 4;

const fn fault(name: &'static str, s3: S3Fault, cloudfront: InvalidationFault) -> Fault {
    Fault {
        name,
        s3,
        cloudfront,
        times: 1,
        operations: &[],
    }
}

/// An error before the request has any effect. CloudFront may use another code.
const fn error(name: &'static str, status: u16, code: &'static str, cloudfront: &'static str) -> Fault {
    let s3 = S3Fault::Fail(When::Before, status, code);
    fault(name, s3, InvalidationFault::Fail(When::Before, status, cloudfront))
}

impl Fault {
    const fn repeated(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    const fn only(mut self, operations: &'static [&'static str]) -> Self {
        self.operations = operations;
        self
    }
}

pub(crate) const KILLS: &[Fault] = &[
    fault(
        "killed before",
        S3Fault::Kill(When::Before),
        InvalidationFault::Kill(When::Before),
    ),
    fault(
        "killed after",
        S3Fault::Kill(When::After),
        InvalidationFault::Kill(When::After),
    ),
];

pub(crate) const ERRORS: &[Fault] = &[
    error("403", 403, "AccessDenied", "AccessDenied"),
    error("404", 404, "NoSuchKey", "NoSuchDistribution"),
    error(
        "409",
        409,
        "ConditionalRequestConflict",
        "InvalidationBatchAlreadyExists",
    ),
    error("412", 412, "PreconditionFailed", "PreconditionFailed"),
    error("429", 429, "SlowDown", "Throttling"),
    error("503 once", 503, "SlowDown", "ServiceUnavailable"),
    error("503 each time", 503, "SlowDown", "ServiceUnavailable").repeated(SDK_ATTEMPTS),
    error("500 each time", 500, "InternalError", "InternalError").repeated(SDK_ATTEMPTS),
];

pub(crate) const LOST_ANSWERS: &[Fault] = &[
    fault(
        "500 although it took effect",
        S3Fault::Fail(When::After, 500, "InternalError"),
        InvalidationFault::Fail(When::After, 500, "InternalError"),
    ),
    fault(
        "500 each time although it took effect",
        S3Fault::Fail(When::After, 500, "InternalError"),
        InvalidationFault::Fail(When::After, 500, "InternalError"),
    )
    .repeated(SDK_ATTEMPTS),
    fault(
        "cut off after it took effect",
        S3Fault::Disconnect(When::After),
        InvalidationFault::Disconnect(When::After),
    ),
    fault(
        "cut off each time",
        S3Fault::Disconnect(When::After),
        InvalidationFault::Disconnect(When::After),
    )
    .repeated(SDK_ATTEMPTS),
];

pub(crate) const DAMAGED: &[Fault] = &[
    fault("cut body", S3Fault::Cut, InvalidationFault::None).only(&["GetObject", "ListObjectsV2", "CopyObject"]),
    fault(
        "corrupted answer",
        S3Fault::Corrupt(When::After),
        InvalidationFault::None,
    )
    .only(&["GetObject"]),
    fault(
        "corrupted upload",
        S3Fault::Corrupt(When::Before),
        InvalidationFault::None,
    )
    .only(&["PutObject"]),
];

pub(crate) const TIMEOUTS: &[Fault] = &[fault(
    "timed out after it took effect",
    S3Fault::Delay(When::After, TOO_LATE),
    InvalidationFault::None,
)
.only(&[
    "GetObject",
    "PutObject",
    "CopyObject",
    "DeleteObject",
    "HeadObject",
    "ListObjectsV2",
])];

impl Fault {
    pub(crate) fn can_meet(&self, step: &Step) -> bool {
        let is_meant = self.operations.is_empty() || self.operations.contains(&step.operation.as_str());
        is_meant && !self.is_a_lie(step)
    }

    /// Whether S3 would never answer this: it is consistent, so it does not report a published
    /// archive as missing. `damage.rs` tests archives that really are missing.
    fn is_a_lie(&self, step: &Step) -> bool {
        let is_archive = step.what.starts_with("charts/") && step.what.ends_with(".tgz");
        let is_missing = matches!(self.s3, S3Fault::Fail(When::Before, 404, _));
        step.operation == "GetObject" && is_archive && is_missing
    }

    /// Whether S3 reports that a rejected upload is missing or was replaced; then there is nothing
    /// to keep.
    pub(crate) fn denies_the_copy(&self, step: &Step) -> bool {
        step.operation == "CopyObject" && matches!(self.s3, S3Fault::Fail(When::Before, 404 | 412, _))
    }
}
