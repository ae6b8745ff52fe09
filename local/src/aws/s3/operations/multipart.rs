//! The operations of a multipart upload.

use std::collections::BTreeMap;
use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

use super::content::{self, kept_headers};
use super::{cause, check_bucket, write_error};
use crate::aws::s3::checksums::{Algorithm, Checksums, set_checksums};
use crate::aws::s3::conditions::WriteCondition;
use crate::aws::s3::listing::encode;
use crate::aws::s3::multipart::{Part, Upload};
use crate::aws::s3::object::NewObject;
use crate::aws::s3::store::{Store, WriteError};
use crate::identity::BUCKET;

pub(in crate::aws::s3) fn create_multipart_upload(
    store: &Store,
    req: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let input = req.input;
    check_bucket(&input.bucket)?;
    let upload = Upload {
        key: input.key.clone(),
        headers: kept_headers!(input),
        metadata: input.metadata.unwrap_or_default().into_iter().collect(),
        algorithm: input
            .checksum_algorithm
            .as_ref()
            .and_then(|name| Algorithm::from_name(name.as_str())),
        full_object: input
            .checksum_type
            .as_ref()
            .is_some_and(|kind| kind.as_str() == ChecksumType::FULL_OBJECT),
        parts: BTreeMap::new(),
    };
    let id = store.lock().uploads.create(upload);
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        checksum_algorithm: input.checksum_algorithm,
        checksum_type: input.checksum_type,
        ..CreateMultipartUploadOutput::default()
    }))
}

pub(in crate::aws::s3) async fn upload_part(
    store: &Store,
    req: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let (headers, trailers, input) = (req.headers, req.trailing_headers, req.input);
    check_bucket(&input.bucket)?;
    let algorithm = store.lock().uploads.get(&input.upload_id, &input.key)?.algorithm;
    let bytes = content::read(input.body).await?;
    let checksums = Checksums::verified(&headers, trailers.as_ref(), &bytes)?.with(algorithm, &bytes);
    let part = Part::new(bytes, checksums);
    let mut output = UploadPartOutput {
        e_tag: Some(ETag::Strong(part.etag())),
        ..UploadPartOutput::default()
    };
    set_checksums!(output, &part.checksums);
    store
        .lock()
        .uploads
        .get(&input.upload_id, &input.key)?
        .parts
        .insert(input.part_number, part);
    Ok(S3Response::new(output))
}

pub(in crate::aws::s3) fn complete_multipart_upload(
    store: &Store,
    req: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    check_bucket(&req.input.bucket)?;
    let cause = cause("ObjectCreated:CompleteMultipartUpload", &req);
    let input = req.input;
    let condition = WriteCondition::from_headers(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let listed = input
        .multipart_upload
        .and_then(|upload| upload.parts)
        .unwrap_or_default();
    let object = store
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

pub(in crate::aws::s3) fn abort_multipart_upload(
    store: &Store,
    req: S3Request<AbortMultipartUploadInput>,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    check_bucket(&req.input.bucket)?;
    let mut state = store.lock();
    state.uploads.get(&req.input.upload_id, &req.input.key)?;
    state.uploads.remove(&req.input.upload_id);
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(in crate::aws::s3) fn list_multipart_uploads(
    store: &Store,
    req: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    check_bucket(&req.input.bucket)?;
    let prefix = req.input.prefix.unwrap_or_default();
    let state = store.lock();
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
