//! Conditional requests, as S3 evaluates them.
//!
//! Writes: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>. S3 also
//! answers 409 `ConditionalRequestConflict` while another write is in progress. The single lock
//! here rules that out, so tests inject this answer with [`crate::faults`].

use std::time::SystemTime;

use s3s::dto::{ETagCondition, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::object::Object;

/// The condition of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WriteCondition {
    Always,
    /// `If-None-Match: *`
    Absent,
    /// `If-Match: *`
    Present,
    /// `If-Match: "ETAG"`
    Matches(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConditionFailed {
    #[error("At least one of the pre-conditions you specified did not hold")]
    Precondition,
    #[error("The specified key does not exist.")]
    NoSuchKey,
}

impl From<ConditionFailed> for S3Error {
    fn from(failed: ConditionFailed) -> Self {
        let code = match failed {
            ConditionFailed::Precondition => S3ErrorCode::PreconditionFailed,
            ConditionFailed::NoSuchKey => S3ErrorCode::NoSuchKey,
        };
        Self::with_message(code, failed.to_string())
    }
}

impl WriteCondition {
    /// # Errors
    ///
    /// `NotImplemented` for conditions that S3 does not support on writes: `If-None-Match` with an
    /// ETag, or both headers.
    pub(super) fn from_headers(
        if_match: Option<&ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> S3Result<Self> {
        match (if_match, if_none_match) {
            (None, None) => Ok(Self::Always),
            (None, Some(ETagCondition::Any)) => Ok(Self::Absent),
            (Some(ETagCondition::Any), None) => Ok(Self::Present),
            (Some(ETagCondition::ETag(etag)), None) => Ok(Self::Matches(etag.value().to_owned())),
            (_, Some(_)) => Err(s3_error!(
                NotImplemented,
                "A header you provided implies functionality that is not implemented"
            )),
        }
    }

    pub(crate) fn check(&self, current: Option<&Object>) -> Result<(), ConditionFailed> {
        match (self, current) {
            (Self::Always, _) | (Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::Matches(etag), Some(object)) if *etag == object.etag => Ok(()),
            (Self::Absent | Self::Matches(_), Some(_)) => Err(ConditionFailed::Precondition),
            (Self::Present | Self::Matches(_), None) => Err(ConditionFailed::NoSuchKey),
        }
    }
}

/// The four headers that make a read conditional.
pub(super) struct ReadConditions<'a> {
    pub(super) if_match: Option<&'a ETagCondition>,
    pub(super) if_none_match: Option<&'a ETagCondition>,
    pub(super) if_modified_since: Option<&'a Timestamp>,
    pub(super) if_unmodified_since: Option<&'a Timestamp>,
}

impl ReadConditions<'_> {
    /// # Errors
    ///
    /// 412 or 304, with the precedence of RFC 9110: ETags override dates.
    pub(super) fn check(&self, object: &Object) -> S3Result<()> {
        let modified = whole_seconds(object.last_modified);
        match (self.if_match, self.if_unmodified_since) {
            (Some(condition), _) if !names(condition, &object.etag) => return Err(ConditionFailed::Precondition.into()),
            (None, Some(since)) if modified > *since => return Err(ConditionFailed::Precondition.into()),
            _ => {}
        }
        match (self.if_none_match, self.if_modified_since) {
            (Some(condition), _) if names(condition, &object.etag) => Err(not_modified(object)),
            (None, Some(since)) if modified <= *since => Err(not_modified(object)),
            _ => Ok(()),
        }
    }
}

fn names(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(named) => named.value() == etag,
    }
}

fn not_modified(object: &Object) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    let mut headers = http::HeaderMap::new();
    if let Ok(etag) = format!("\"{}\"", object.etag).parse() {
        headers.insert(http::header::ETAG, etag);
    }
    error.set_headers(headers);
    error
}

/// The time without fractions of a second, which HTTP dates don't have.
fn whole_seconds(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(since.as_secs()))
}
