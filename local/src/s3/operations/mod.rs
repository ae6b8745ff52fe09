//! What each S3 operation does with the bucket, one file for a kind of operation.

pub(super) mod bucket;
mod content;
pub(super) mod copy;
pub(super) mod list;
pub(super) mod multipart;
pub(super) mod read;
pub(super) mod write;

use std::sync::Arc;

use s3s::dto::ServerSideEncryption;
use s3s::{S3Request, S3Result, s3_error};

use super::store::{Cause, Object, Store, WriteError};
use super::{BUCKET, function_of};

fn check_bucket(bucket: &str) -> S3Result<()> {
    if bucket == BUCKET {
        Ok(())
    } else {
        Err(s3_error!(
            NoSuchBucket,
            "The specified bucket does not exist; the local S3 has one: {BUCKET}"
        ))
    }
}

fn object(store: &Store, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
    check_bucket(bucket)?;
    store
        .get(key)
        .ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
}

fn cause<T>(event: &'static str, req: &S3Request<T>) -> Cause {
    Cause {
        event,
        by: req
            .credentials
            .as_ref()
            .and_then(|c| function_of(&c.access_key))
            .map(str::to_owned),
    }
}

fn write_error(error: WriteError) -> s3s::S3Error {
    match error {
        WriteError::Condition(failed) => failed.into(),
        WriteError::Disk(error) => s3_error!(InternalError, "{error}"),
    }
}

fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn encryption() -> ServerSideEncryption {
    ServerSideEncryption::from_static(ServerSideEncryption::AES256)
}
