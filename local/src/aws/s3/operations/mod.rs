//! The S3 operations, grouped in files by kind.

pub(super) mod bucket;
mod content;
pub(super) mod copy;
pub(super) mod list;
pub(super) mod multipart;
pub(super) mod read;
pub(super) mod write;

use std::sync::Arc;

use s3s::{S3Request, S3Result, s3_error};

use super::object::Object;
use super::store::{Cause, Store, WriteError};
use crate::aws::caller::function_of;
use crate::identity::BUCKET;

fn check_bucket(bucket: &str) -> S3Result<()> {
    if bucket == BUCKET {
        Ok(())
    } else {
        Err(s3_error!(
            NoSuchBucket,
            "The specified bucket does not exist; the local S3 has only {BUCKET}"
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
        by: asking(req).map(str::to_owned),
    }
}

/// The function that makes the request, if it is one.
fn asking<T>(req: &S3Request<T>) -> Option<&str> {
    req.credentials.as_ref().and_then(|c| function_of(&c.access_key))
}

fn write_error(error: WriteError) -> s3s::S3Error {
    match error {
        WriteError::Condition(failed) => failed.into(),
        WriteError::Disk(error) => s3_error!(InternalError, "{error}"),
    }
}
