//! What S3 says of the condition under which a write was to be done.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::put_object::PutObjectError;

use super::{Replaced, StoreError};

/// What S3's answer says about the condition of a write.
pub(super) enum Condition {
    /// It does not hold. 404 to `If-Match` means that the object was removed since it was read.
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>)
    Failed,
    /// 409: another write of the key is under way, so it is not known whether it will hold.
    UnderWay(StoreError),
    /// The answer is about something else.
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

/// What a write under a condition came to.
pub(super) fn replaced<T>(put: Result<T, Condition>) -> Result<Replaced, StoreError> {
    match put {
        Ok(_) => Ok(Replaced::Done),
        Err(Condition::Failed | Condition::UnderWay(_)) => Ok(Replaced::LostRace),
        Err(Condition::Other(error)) => Err(error),
    }
}
