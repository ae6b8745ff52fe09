//! GetObject and similar operations.

use bytes::Bytes;
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

use super::{asking, object};
use crate::aws::s3::checksums::{Algorithm, set_checksums};
use crate::aws::s3::conditions::ReadConditions;
use crate::aws::s3::object::Object;
use crate::aws::s3::store::Store;

pub(in crate::aws::s3) fn get_object(
    store: &Store,
    req: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let function = asking(&req).map(str::to_owned);
    let input = req.input;
    let object = object(store, &input.bucket, &input.key)?;
    let brings_key = input.sse_customer_algorithm.is_some();
    object.storage.check_read(function.as_deref(), brings_key)?;
    ReadConditions {
        if_match: input.if_match.as_ref(),
        if_none_match: input.if_none_match.as_ref(),
        if_modified_since: input.if_modified_since.as_ref(),
        if_unmodified_since: input.if_unmodified_since.as_ref(),
    }
    .check(&object)?;
    let (bytes, content_range) = ranged(&object.bytes, input.range.as_ref())?;
    let mut output = GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(object.storage.size(&bytes)).ok(),
        storage_class: object.storage.class.clone().map(StorageClass::from),
        body: Some(object.storage.body(bytes)),
        cache_control: object.headers.cache_control.clone(),
        content_disposition: object.headers.content_disposition.clone(),
        content_encoding: object.headers.content_encoding.clone(),
        content_language: object.headers.content_language.clone(),
        content_type: object.headers.content_type.clone(),
        expires: object.headers.expires(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(object.last_modified.into()),
        metadata: object.metadata(),
        server_side_encryption: object.storage.shown_encryption(),
        ..GetObjectOutput::default()
    };
    if wants_checksums(input.checksum_mode.as_ref()) && content_range.is_none() {
        set_checksums!(output, &object.checksums);
        output.checksum_type = object.checksums.kind();
    }
    output.content_range = content_range;
    Ok(S3Response::new(output))
}

pub(in crate::aws::s3) fn head_object(
    store: &Store,
    req: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let input = req.input;
    let object = object(store, &input.bucket, &input.key)?;
    object.storage.check_look(input.sse_customer_algorithm.is_some())?;
    ReadConditions {
        if_match: input.if_match.as_ref(),
        if_none_match: input.if_none_match.as_ref(),
        if_modified_since: input.if_modified_since.as_ref(),
        if_unmodified_since: input.if_unmodified_since.as_ref(),
    }
    .check(&object)?;
    let mut output = HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(object.storage.size(&object.bytes)).ok(),
        storage_class: object.storage.class.clone().map(StorageClass::from),
        cache_control: object.headers.cache_control.clone(),
        content_disposition: object.headers.content_disposition.clone(),
        content_encoding: object.headers.content_encoding.clone(),
        content_language: object.headers.content_language.clone(),
        content_type: object.headers.content_type.clone(),
        expires: object.headers.expires(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(object.last_modified.into()),
        metadata: object.metadata(),
        server_side_encryption: object.storage.shown_encryption(),
        ..HeadObjectOutput::default()
    };
    if wants_checksums(input.checksum_mode.as_ref()) {
        set_checksums!(output, &object.checksums);
        output.checksum_type = object.checksums.kind();
    }
    Ok(S3Response::new(output))
}

/// An empty list: no object has tags. `aws s3 cp` asks for them before it copies a large object.
pub(in crate::aws::s3) fn get_object_tagging(
    store: &Store,
    req: S3Request<GetObjectTaggingInput>,
) -> S3Result<S3Response<GetObjectTaggingOutput>> {
    object(store, &req.input.bucket, &req.input.key)?;
    Ok(S3Response::new(GetObjectTaggingOutput::default()))
}

fn ranged(bytes: &Bytes, range: Option<&Range>) -> S3Result<(Bytes, Option<String>)> {
    let Some(range) = range else {
        return Ok((bytes.clone(), None));
    };
    let total = bytes.len() as u64;
    let range = range.check(total)?;
    let (start, end) = (usize::try_from(range.start), usize::try_from(range.end));
    let (Ok(start), Ok(end)) = (start, end) else {
        return Ok((bytes.clone(), None));
    };
    let header = format!("bytes {start}-{}/{total}", end.saturating_sub(1));
    Ok((bytes.slice(start..end), Some(header)))
}

fn wants_checksums(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

impl Object {
    fn metadata(&self) -> Option<Metadata> {
        (!self.metadata.is_empty()).then(|| self.metadata.clone().into_iter().collect())
    }
}
