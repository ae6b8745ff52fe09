//! S3's answers to conditional writes.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::put_object::PutObjectError;

use super::{Replaced, StoreError};

/// S3's answer about the condition of a write.
pub(super) enum Condition {
    /// The condition is not met. 404 to `If-Match` means that the object was removed since it was
    /// read.
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>)
    Failed,
    /// 409: another write of the key is in progress, so the result is not known yet.
    UnderWay(StoreError),
    /// The answer is not about the condition.
    Other(StoreError),
}

impl Condition {
    pub(super) fn of(error: SdkError<PutObjectError, HttpResponse>, key: &str) -> Self {
        match error.code() {
            Some("PreconditionFailed" | "NoSuchKey") => Self::Failed,
            Some("ConditionalRequestConflict" | "OperationAborted") => {
                Self::UnderWay(StoreError::new("PutObject", key, error))
            }
            _ => Self::Other(StoreError::new("PutObject", key, error)),
        }
    }
}

/// The result of a conditional write.
pub(super) fn replaced<T>(put: Result<T, Condition>) -> Result<Replaced, StoreError> {
    match put {
        Ok(_) => Ok(Replaced::Done),
        Err(Condition::Failed | Condition::UnderWay(_)) => Ok(Replaced::LostRace),
        Err(Condition::Other(error)) => Err(error),
    }
}
