//! The `s3s` trait over [`Store`]: one method for each operation that the functions and `aws s3 cp/ls/rm/mv` use.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::checksums::{Algorithm, Checksums, set_checksums};
use super::conditions::{ReadConditions, WriteCondition};
use super::listing::{Query, encode, page};
use super::multipart::{Part, Upload};
use super::store::{Cause, Headers, NewObject, Object, Store, WriteError};
use super::{BUCKET, REGION, function_of};

/// The largest page of a listing.
const MAX_KEYS: i32 = 1000;

pub(super) struct Service {
    pub(super) store: Store,
}

impl Service {
    fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        check_bucket(bucket)?;
        self.store.get(key).ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
    }
}

#[async_trait::async_trait]
impl S3 for Service {
    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let bucket = Bucket {
            name: Some(BUCKET.to_owned()),
            creation_date: Some(SystemTime::UNIX_EPOCH.into()),
            ..Bucket::default()
        };
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(vec![bucket]), ..ListBucketsOutput::default() }))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        check_bucket(&req.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(REGION.to_owned()), ..HeadBucketOutput::default() }))
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        check_bucket(&req.input.bucket)?;
        // us-east-1 is the region without a location constraint.
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        let object = self.object(&input.bucket, &input.key)?;
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
            content_length: Some(length(bytes.len())),
            body: Some(StreamingBlob::from(s3s::Body::from(bytes))),
            cache_control: object.headers.cache_control.clone(),
            content_disposition: object.headers.content_disposition.clone(),
            content_encoding: object.headers.content_encoding.clone(),
            content_language: object.headers.content_language.clone(),
            content_type: object.headers.content_type.clone(),
            expires: object.headers.expires(),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(object.last_modified.into()),
            metadata: object.metadata(),
            server_side_encryption: Some(encryption()),
            ..GetObjectOutput::default()
        };
        if wants_checksums(input.checksum_mode.as_ref()) && content_range.is_none() {
            set_checksums!(output, &object.checksums);
            output.checksum_type = object.checksums.kind();
        }
        output.content_range = content_range;
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = req.input;
        let object = self.object(&input.bucket, &input.key)?;
        ReadConditions {
            if_match: input.if_match.as_ref(),
            if_none_match: input.if_none_match.as_ref(),
            if_modified_since: input.if_modified_since.as_ref(),
            if_unmodified_since: input.if_unmodified_since.as_ref(),
        }
        .check(&object)?;
        let mut output = HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(length(object.bytes.len())),
            cache_control: object.headers.cache_control.clone(),
            content_disposition: object.headers.content_disposition.clone(),
            content_encoding: object.headers.content_encoding.clone(),
            content_language: object.headers.content_language.clone(),
            content_type: object.headers.content_type.clone(),
            expires: object.headers.expires(),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(object.last_modified.into()),
            metadata: object.metadata(),
            server_side_encryption: Some(encryption()),
            ..HeadObjectOutput::default()
        };
        if wants_checksums(input.checksum_mode.as_ref()) {
            set_checksums!(output, &object.checksums);
            output.checksum_type = object.checksums.kind();
        }
        Ok(S3Response::new(output))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        check_bucket(&req.input.bucket)?;
        let cause = cause("ObjectCreated:Put", &req);
        let (headers, trailers, input) = (req.headers, req.trailing_headers, req.input);
        let condition = WriteCondition::from_headers(input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let bytes = read(input.body).await?;
        let checksums = Checksums::verified(&headers, trailers.as_ref(), &bytes)?;
        let new = NewObject {
            bytes,
            headers: Headers {
                content_type: input.content_type,
                cache_control: input.cache_control,
                content_disposition: input.content_disposition,
                content_encoding: input.content_encoding.and_then(without_aws_chunked),
                content_language: input.content_language,
                expires: http_date(input.expires.as_ref()),
            }
            .or_default_type(),
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
            checksums,
            etag: None,
        };
        let object = self.store.write(&input.key, new, &condition, &cause).map_err(write_error)?;
        let mut output = PutObjectOutput {
            e_tag: Some(ETag::Strong(object.etag.clone())),
            server_side_encryption: Some(encryption()),
            ..PutObjectOutput::default()
        };
        set_checksums!(output, &object.checksums);
        output.checksum_type = object.checksums.kind();
        Ok(S3Response::new(output))
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        check_bucket(&req.input.bucket)?;
        let cause = cause("ObjectCreated:Copy", &req);
        let input = req.input;
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(s3_error!(NotImplemented, "the local S3 copies from buckets only"));
        };
        let source = self.object(bucket, key)?;
        // A failed condition on the source is 412 for copies, also where a read would answer 304.
        ReadConditions {
            if_match: input.copy_source_if_match.as_ref(),
            if_none_match: input.copy_source_if_none_match.as_ref(),
            if_modified_since: input.copy_source_if_modified_since.as_ref(),
            if_unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
        }
        .check(&source)
        .map_err(|_| super::conditions::ConditionFailed::Precondition)?;
        let replace = input.metadata_directive.as_ref().is_some_and(|d| d.as_str() == MetadataDirective::REPLACE);
        if !replace && **key == *input.key {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the \
                 object's metadata, storage class, website redirect location or encryption attributes."
            ));
        }
        let (headers, metadata) = if replace {
            let headers = Headers {
                content_type: input.content_type,
                cache_control: input.cache_control,
                content_disposition: input.content_disposition,
                content_encoding: input.content_encoding,
                content_language: input.content_language,
                expires: http_date(input.expires.as_ref()),
            };
            (headers.or_default_type(), input.metadata.unwrap_or_default().into_iter().collect())
        } else {
            (source.headers.clone(), source.metadata.clone())
        };
        let new = NewObject {
            bytes: source.bytes.clone(),
            headers,
            metadata,
            checksums: source.checksums.clone(),
            // A copy of a multipart object has a plain MD5 again.
            etag: None,
        };
        let object = self.store.write(&input.key, new, &WriteCondition::Always, &cause).map_err(write_error)?;
        let result = CopyObjectResult {
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(object.last_modified.into()),
            ..CopyObjectResult::default()
        };
        Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() }))
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        check_bucket(&req.input.bucket)?;
        let cause = cause("ObjectRemoved:Delete", &req);
        let condition = WriteCondition::from_headers(req.input.if_match.as_ref(), None)?;
        self.store.remove(&req.input.key, &condition, &cause).map_err(write_error)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        check_bucket(&req.input.bucket)?;
        let cause = cause("ObjectRemoved:Delete", &req);
        let quiet = req.input.delete.quiet.unwrap_or_default();
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for named in req.input.delete.objects {
            let condition = match &named.e_tag {
                Some(etag) => WriteCondition::Matches(etag.value().to_owned()),
                None => WriteCondition::Always,
            };
            match self.store.remove(&named.key, &condition, &cause) {
                Ok(_) => deleted.push(DeletedObject { key: Some(named.key), ..DeletedObject::default() }),
                Err(error) => {
                    let error = write_error(error);
                    errors.push(Error {
                        code: Some(error.code().as_str().to_owned()),
                        message: error.message().map(str::to_owned),
                        key: Some(named.key),
                        ..Error::default()
                    });
                }
            }
        }
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            errors: Some(errors),
            ..DeleteObjectsOutput::default()
        }))
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        check_bucket(&input.bucket)?;
        let url = input.encoding_type.as_ref().is_some_and(|kind| kind.as_str() == EncodingType::URL);
        let max = page_size(input.max_keys)?;
        let token = input.continuation_token.as_deref().map(key_of_token).transpose()?;
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            after: token.as_deref().or(input.start_after.as_deref()),
            max: usize::try_from(max).unwrap_or_default(),
        };
        let page = page(&self.store.lock().objects, &query);
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

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = req.input;
        check_bucket(&input.bucket)?;
        let url = input.encoding_type.as_ref().is_some_and(|kind| kind.as_str() == EncodingType::URL);
        let max = page_size(input.max_keys)?;
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            after: input.marker.as_deref(),
            max: usize::try_from(max).unwrap_or_default(),
        };
        let page = page(&self.store.lock().objects, &query);
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

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = req.input;
        check_bucket(&input.bucket)?;
        let upload = Upload {
            key: input.key.clone(),
            headers: Headers {
                content_type: input.content_type,
                cache_control: input.cache_control,
                content_disposition: input.content_disposition,
                content_encoding: input.content_encoding,
                content_language: input.content_language,
                expires: http_date(input.expires.as_ref()),
            }
            .or_default_type(),
            metadata: input.metadata.unwrap_or_default().into_iter().collect(),
            algorithm: input.checksum_algorithm.as_ref().and_then(|name| Algorithm::from_name(name.as_str())),
            full_object: input.checksum_type.as_ref().is_some_and(|kind| kind.as_str() == ChecksumType::FULL_OBJECT),
            parts: BTreeMap::new(),
        };
        let id = self.store.lock().uploads.create(upload);
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            checksum_algorithm: input.checksum_algorithm,
            checksum_type: input.checksum_type,
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let (headers, trailers, input) = (req.headers, req.trailing_headers, req.input);
        check_bucket(&input.bucket)?;
        let algorithm = self.store.lock().uploads.get(&input.upload_id, &input.key)?.algorithm;
        let bytes = read(input.body).await?;
        let checksums = Checksums::verified(&headers, trailers.as_ref(), &bytes)?.with(algorithm, &bytes);
        let part = Part::new(bytes, checksums);
        let mut output =
            UploadPartOutput { e_tag: Some(ETag::Strong(part.etag())), ..UploadPartOutput::default() };
        set_checksums!(output, &part.checksums);
        self.store.lock().uploads.get(&input.upload_id, &input.key)?.parts.insert(input.part_number, part);
        Ok(S3Response::new(output))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        check_bucket(&req.input.bucket)?;
        let cause = cause("ObjectCreated:CompleteMultipartUpload", &req);
        let input = req.input;
        let condition = WriteCondition::from_headers(input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let listed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let object = self
            .store
            .write_with(&input.key, &cause, |state| -> S3Result<NewObject> {
                let new = state.uploads.get(&input.upload_id, &input.key)?.assemble(&listed)?;
                condition.check(state.objects.get(&input.key).map(Arc::as_ref))?;
                state.uploads.remove(&input.upload_id);
                Ok(new)
            })
            .map_err(|error| write_error(WriteError::Disk(error)))??;
        let mut output = CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key.clone()),
            location: Some(format!("/{BUCKET}/{}", encode(&input.key, true))),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            ..CompleteMultipartUploadOutput::default()
        };
        set_checksums!(output, &object.checksums);
        output.checksum_type = object.checksums.kind();
        Ok(S3Response::new(output))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        check_bucket(&req.input.bucket)?;
        let mut state = self.store.lock();
        state.uploads.get(&req.input.upload_id, &req.input.key)?;
        state.uploads.remove(&req.input.upload_id);
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        check_bucket(&req.input.bucket)?;
        let prefix = req.input.prefix.unwrap_or_default();
        let state = self.store.lock();
        let uploads = state
            .uploads
            .iter()
            .filter(|(_, upload)| upload.key.starts_with(&prefix))
            .map(|(id, upload)| MultipartUpload {
                key: Some(upload.key.clone()),
                upload_id: Some(id.clone()),
                ..MultipartUpload::default()
            })
            .collect();
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(req.input.bucket),
            uploads: Some(uploads),
            is_truncated: Some(false),
            ..ListMultipartUploadsOutput::default()
        }))
    }
}

fn check_bucket(bucket: &str) -> S3Result<()> {
    if bucket == BUCKET {
        Ok(())
    } else {
        Err(s3_error!(NoSuchBucket, "The specified bucket does not exist; the local S3 has one: {BUCKET}"))
    }
}

fn cause<T>(event: &'static str, req: &S3Request<T>) -> Cause {
    Cause { event, by: req.credentials.as_ref().and_then(|c| function_of(&c.access_key)).map(str::to_owned) }
}

fn write_error(error: WriteError) -> s3s::S3Error {
    match error {
        WriteError::Condition(failed) => failed.into(),
        WriteError::Disk(error) => s3_error!(InternalError, "{error}"),
    }
}

async fn read(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let mut bytes = BytesMut::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| body_error(&error))?);
        }
    }
    Ok(bytes.freeze())
}

/// `s3s` reports a payload that does not match its signed hash as an error of the stream.
fn body_error(error: &s3s::StdError) -> s3s::S3Error {
    let text = error.to_string();
    if text.contains("checksum") || text.contains("mismatch") {
        let mut error = s3s::S3Error::with_message(
            s3s::S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()),
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
        error.set_status_code(http::StatusCode::BAD_REQUEST);
        error
    } else {
        s3_error!(IncompleteBody, "You did not provide the number of bytes specified by the Content-Length: {text}")
    }
}

fn ranged(bytes: &Bytes, range: Option<&Range>) -> S3Result<(Bytes, Option<String>)> {
    let Some(range) = range else { return Ok((bytes.clone(), None)) };
    let total = bytes.len() as u64;
    let range = range.check(total)?;
    let (start, end) = (usize::try_from(range.start), usize::try_from(range.end));
    let (Ok(start), Ok(end)) = (start, end) else { return Ok((bytes.clone(), None)) };
    let header = format!("bytes {start}-{}/{total}", end.saturating_sub(1));
    Ok((bytes.slice(start..end), Some(header)))
}

fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn encryption() -> ServerSideEncryption {
    ServerSideEncryption::from_static(ServerSideEncryption::AES256)
}

fn wants_checksums(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

/// `aws-chunked` describes the transfer, not the object; S3 does not keep it.
fn without_aws_chunked(encoding: String) -> Option<String> {
    let kept: Vec<&str> =
        encoding.split(',').map(str::trim).filter(|part| !part.is_empty() && *part != "aws-chunked").collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

fn http_date(time: Option<&Timestamp>) -> Option<String> {
    let mut text = Vec::new();
    time?.format(TimestampFormat::HttpDate, &mut text).ok()?;
    String::from_utf8(text).ok()
}

fn page_size(asked: Option<i32>) -> S3Result<i32> {
    match asked {
        Some(negative) if negative < 0 => Err(s3_error!(InvalidArgument, "maxKeys must not be negative")),
        asked => Ok(asked.unwrap_or(MAX_KEYS).min(MAX_KEYS)),
    }
}

/// Opaque to clients, as S3's are.
fn token_of_key(key: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(key)
}

fn key_of_token(token: &str) -> S3Result<String> {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD
        .decode(token)
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
            size: Some(length(object.bytes.len())),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            checksum_algorithm: Some(object.checksums.algorithms().map(ChecksumAlgorithm::from_static).collect()),
            checksum_type: object.checksums.kind(),
            ..s3s::dto::Object::default()
        })
        .collect()
}

fn common_prefixes(prefixes: &[String], url: bool) -> Vec<CommonPrefix> {
    prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(encode(prefix, url)) }).collect()
}

impl Headers {
    fn or_default_type(mut self) -> Self {
        self.content_type.get_or_insert_with(|| "binary/octet-stream".to_owned());
        self
    }

    fn expires(&self) -> Option<Timestamp> {
        Timestamp::parse(TimestampFormat::HttpDate, self.expires.as_deref()?).ok()
    }
}

impl Object {
    fn metadata(&self) -> Option<Metadata> {
        (!self.metadata.is_empty()).then(|| self.metadata.clone().into_iter().collect())
    }
}
