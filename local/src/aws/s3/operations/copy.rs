//! CopyObject and UploadPartCopy.

use std::sync::Arc;

use bytes::Bytes;
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::content::kept_headers;
use super::{cause, check_bucket, object, write_error};
use crate::aws::s3::checksums::{Algorithm, Checksums, set_checksums};
use crate::aws::s3::conditions::{ConditionFailed, ReadConditions, WriteCondition};
use crate::aws::s3::multipart::Part;
use crate::aws::s3::object::{NewObject, Object};
use crate::aws::s3::storage::Storage;
use crate::aws::s3::store::Store;

/// The source object of either input, if it meets the conditions of the input.
macro_rules! source {
    ($store:expr, $input:expr) => {{
        let conditions = ReadConditions {
            if_match: $input.copy_source_if_match.as_ref(),
            if_none_match: $input.copy_source_if_none_match.as_ref(),
            if_modified_since: $input.copy_source_if_modified_since.as_ref(),
            if_unmodified_since: $input.copy_source_if_unmodified_since.as_ref(),
        };
        find($store, &$input.copy_source, &conditions)?
    }};
}

fn find(store: &Store, source: &CopySource, conditions: &ReadConditions<'_>) -> S3Result<Arc<Object>> {
    let CopySource::Bucket { bucket, key, .. } = source else {
        return Err(s3_error!(
            NotImplemented,
            "the local S3 supports copies from a bucket only"
        ));
    };
    let object = object(store, bucket, key)?;
    // A copy answers 412 if a condition on its source fails, even where a read would answer 304.
    conditions.check(&object).map_err(|_| ConditionFailed::Precondition)?;
    Ok(object)
}

pub(in crate::aws::s3) fn copy_object(
    store: &Store,
    req: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    check_bucket(&req.input.bucket)?;
    let cause = cause("ObjectCreated:Copy", &req);
    let input = req.input;
    let source = source!(store, input);
    let brings_key = input.copy_source_sse_customer_algorithm.is_some();
    source.storage.check_read(cause.by.as_deref(), brings_key)?;
    source.storage.check_copy(&source.bytes)?;
    let replace = input
        .metadata_directive
        .as_ref()
        .is_some_and(|d| d.as_str() == MetadataDirective::REPLACE);
    if !replace && matches!(&input.copy_source, CopySource::Bucket { key, .. } if **key == *input.key) {
        return Err(s3_error!(
            InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes."
        ));
    }
    let (headers, metadata) = if replace {
        let headers = kept_headers!(input);
        (headers, input.metadata.unwrap_or_default().into_iter().collect())
    } else {
        (source.headers.clone(), source.metadata.clone())
    };
    let new = NewObject {
        bytes: source.bytes.clone(),
        headers,
        metadata,
        checksums: source.checksums.of_copy(),
        storage: Storage {
            zeros: source.storage.zeros,
            ..Storage::default()
        },
        // The ETag of a copy is a plain MD5, even if the source was a multipart upload.
        etag: None,
    };
    let object = store
        .write(&input.key, new, &WriteCondition::Always, &cause)
        .map_err(write_error)?;
    let result = CopyObjectResult {
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(object.last_modified.into()),
        ..CopyObjectResult::default()
    };
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(result),
        ..CopyObjectOutput::default()
    }))
}

pub(in crate::aws::s3) fn upload_part_copy(
    store: &Store,
    req: S3Request<UploadPartCopyInput>,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let input = req.input;
    check_bucket(&input.bucket)?;
    let source = source!(store, input);
    let bytes = ranged(&source.bytes, input.copy_source_range.as_deref())?;
    let mut state = store.lock();
    let upload = state.uploads.get(&input.upload_id, &input.key)?;
    let checksums = Checksums::default().with(upload.algorithm, &bytes);
    let part = Part::new(bytes, checksums);
    let mut result = CopyPartResult {
        e_tag: Some(ETag::Strong(part.etag())),
        last_modified: Some(source.last_modified.into()),
        ..CopyPartResult::default()
    };
    set_checksums!(result, &part.checksums);
    upload.parts.insert(input.part_number, part);
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(result),
        ..UploadPartCopyOutput::default()
    }))
}

/// The bytes of `bytes=FIRST-LAST`. Unlike a read, a copy may not exceed the object.
fn ranged(bytes: &Bytes, range: Option<&str>) -> S3Result<Bytes> {
    let Some(range) = range else { return Ok(bytes.clone()) };
    let bounds = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let bounds = bounds.and_then(|(first, last)| Some((first.parse().ok()?, last.parse::<usize>().ok()?)));
    match bounds {
        Some((first, last)) if first <= last && last < bytes.len() => Ok(bytes.slice(first..=last)),
        _ => Err(s3_error!(
            InvalidArgument,
            "The x-amz-copy-source-range value is not valid for the source object"
        )),
    }
}
