//! ListObjectsV2 and ListObjects.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::check_bucket;
use crate::aws::s3::listing::{Query, encode, page};
use crate::aws::s3::object::Object;
use crate::aws::s3::store::Store;

/// The largest page of a listing.
const MAX_KEYS: i32 = 1000;

pub(in crate::aws::s3) fn list_objects_v2(
    store: &Store,
    req: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let input = req.input;
    check_bucket(&input.bucket)?;
    let url = input
        .encoding_type
        .as_ref()
        .is_some_and(|kind| kind.as_str() == EncodingType::URL);
    let max = page_size(input.max_keys)?;
    let token = input.continuation_token.as_deref().map(key_of_token).transpose()?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref(),
        after: token.as_deref().or(input.start_after.as_deref()),
        max: usize::try_from(max).unwrap_or_default(),
    };
    let page = page(&store.lock().objects, &query);
    let next = page.next.as_deref().map(token_of_key);
    Ok(S3Response::new(ListObjectsV2Output {
        name: Some(input.bucket),
        key_count: i32::try_from(page.count()).ok(),
        max_keys: Some(max),
        is_truncated: Some(next.is_some()),
        continuation_token: input.continuation_token,
        next_continuation_token: next,
        contents: Some(contents(&page.objects, url)),
        common_prefixes: Some(common_prefixes(&page.prefixes, url)),
        prefix: Some(encode(query.prefix, url)),
        delimiter: input.delimiter.map(|delimiter| encode(&delimiter, url)),
        start_after: input.start_after.map(|after| encode(&after, url)),
        encoding_type: input.encoding_type,
        ..ListObjectsV2Output::default()
    }))
}

pub(in crate::aws::s3) fn list_objects(
    store: &Store,
    req: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = req.input;
    check_bucket(&input.bucket)?;
    let url = input
        .encoding_type
        .as_ref()
        .is_some_and(|kind| kind.as_str() == EncodingType::URL);
    let max = page_size(input.max_keys)?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref(),
        after: input.marker.as_deref(),
        max: usize::try_from(max).unwrap_or_default(),
    };
    let page = page(&store.lock().objects, &query);
    Ok(S3Response::new(ListObjectsOutput {
        name: Some(input.bucket),
        max_keys: Some(max),
        is_truncated: Some(page.next.is_some()),
        next_marker: page.next.as_deref().map(|key| encode(key, url)),
        contents: Some(contents(&page.objects, url)),
        common_prefixes: Some(common_prefixes(&page.prefixes, url)),
        prefix: Some(encode(query.prefix, url)),
        delimiter: input.delimiter.map(|delimiter| encode(&delimiter, url)),
        marker: input.marker.map(|marker| encode(&marker, url)),
        encoding_type: input.encoding_type,
        ..ListObjectsOutput::default()
    }))
}

fn page_size(asked: Option<i32>) -> S3Result<i32> {
    match asked {
        Some(negative) if negative < 0 => Err(s3_error!(InvalidArgument, "maxKeys must not be negative")),
        asked => Ok(asked.unwrap_or(MAX_KEYS).min(MAX_KEYS)),
    }
}

/// The continuation token for a key. It is opaque to clients, as in S3.
fn token_of_key(key: &str) -> String {
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(key)
}

fn key_of_token(token: &str) -> S3Result<String> {
    base64_simd::URL_SAFE_NO_PAD
        .decode_to_vec(token)
        .ok()
        .and_then(|key| String::from_utf8(key).ok())
        .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

fn contents(objects: &[(String, Arc<Object>)], url: bool) -> Vec<s3s::dto::Object> {
    objects
        .iter()
        .map(|(key, object)| s3s::dto::Object {
            key: Some(encode(key, url)),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(object.last_modified.into()),
            size: i64::try_from(object.storage.size(&object.bytes)).ok(),
            storage_class: Some(match &object.storage.class {
                Some(class) => ObjectStorageClass::from(class.clone()),
                None => ObjectStorageClass::from_static(ObjectStorageClass::STANDARD),
            }),
            checksum_algorithm: Some(
                object
                    .checksums
                    .algorithms()
                    .map(ChecksumAlgorithm::from_static)
                    .collect(),
            ),
            checksum_type: object.checksums.kind(),
            ..s3s::dto::Object::default()
        })
        .collect()
}

fn common_prefixes(prefixes: &[String], url: bool) -> Vec<CommonPrefix> {
    prefixes
        .iter()
        .map(|prefix| CommonPrefix {
            prefix: Some(encode(prefix, url)),
        })
        .collect()
}
