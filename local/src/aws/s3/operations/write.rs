//! PutObject, DeleteObject and DeleteObjects.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

use super::content::{self, kept_headers};
use super::{cause, check_bucket, write_error};
use crate::aws::s3::checksums::{Algorithm, Checksums, set_checksums};
use crate::aws::s3::conditions::WriteCondition;
use crate::aws::s3::object::NewObject;
use crate::aws::s3::storage::Storage;
use crate::aws::s3::store::Store;

pub(in crate::aws::s3) async fn put_object(
    store: &Store,
    req: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    check_bucket(&req.input.bucket)?;
    let cause = cause("ObjectCreated:Put", &req);
    let (headers, trailers, input) = (req.headers, req.trailing_headers, req.input);
    let condition = WriteCondition::from_headers(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let bytes = content::read(input.body).await?;
    let checksums = Checksums::verified(&headers, trailers.as_ref(), &bytes)?;
    let new = NewObject {
        bytes,
        headers: kept_headers!(input),
        metadata: input.metadata.unwrap_or_default().into_iter().collect(),
        checksums,
        storage: Storage::asked(
            input.storage_class.as_ref().map(|class| class.as_str()),
            input.server_side_encryption.as_ref(),
            input.sse_customer_algorithm.is_some(),
        ),
        etag: None,
    };
    let object = store.write(&input.key, new, &condition, &cause).map_err(write_error)?;
    let mut output = PutObjectOutput {
        e_tag: Some(ETag::Strong(object.etag.clone())),
        server_side_encryption: object.storage.shown_encryption(),
        ..PutObjectOutput::default()
    };
    set_checksums!(output, &object.checksums);
    output.checksum_type = object.checksums.kind();
    Ok(S3Response::new(output))
}

pub(in crate::aws::s3) fn delete_object(
    store: &Store,
    req: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    check_bucket(&req.input.bucket)?;
    let cause = cause("ObjectRemoved:Delete", &req);
    let condition = WriteCondition::from_headers(req.input.if_match.as_ref(), None)?;
    store.remove(&req.input.key, &condition, &cause).map_err(write_error)?;
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

pub(in crate::aws::s3) fn delete_objects(
    store: &Store,
    req: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    check_bucket(&req.input.bucket)?;
    let cause = cause("ObjectRemoved:Delete", &req);
    let quiet = req.input.delete.quiet.unwrap_or_default();
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for named in req.input.delete.objects {
        let condition = match &named.e_tag {
            Some(etag) => WriteCondition::Matches(etag.value().to_owned()),
            None => WriteCondition::Always,
        };
        match store.remove(&named.key, &condition, &cause) {
            Ok(_) => deleted.push(DeletedObject {
                key: Some(named.key),
                ..DeletedObject::default()
            }),
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
