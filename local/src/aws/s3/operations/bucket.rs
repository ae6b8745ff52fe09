//! Operations on the bucket itself.

use std::time::SystemTime;

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result};

use super::check_bucket;
use crate::identity::{BUCKET, REGION};

pub(in crate::aws::s3) fn list_buckets(_: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
    let bucket = Bucket {
        name: Some(BUCKET.to_owned()),
        creation_date: Some(SystemTime::UNIX_EPOCH.into()),
        ..Bucket::default()
    };
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(vec![bucket]),
        ..ListBucketsOutput::default()
    }))
}

pub(in crate::aws::s3) fn head_bucket(req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
    check_bucket(&req.input.bucket)?;
    Ok(S3Response::new(HeadBucketOutput {
        bucket_region: Some(REGION.to_owned()),
        ..HeadBucketOutput::default()
    }))
}

pub(in crate::aws::s3) fn get_bucket_location(
    req: S3Request<GetBucketLocationInput>,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    check_bucket(&req.input.bucket)?;
    // A bucket in us-east-1 has no location constraint.
    Ok(S3Response::new(GetBucketLocationOutput::default()))
}
