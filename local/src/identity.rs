//! The names in the system: account, region, bucket, secret, distribution and functions.

/// The account that owns every resource.
pub const ACCOUNT: &str = "123456789012";
/// The region of every resource.
pub const REGION: &str = "us-east-1";
/// The name of the bucket.
pub const BUCKET: &str = "chartdrop-local";
/// The id of the distribution.
pub const DISTRIBUTION: &str = "ELOCAL0000000";
/// The name of the secret, and the value of `SECRET_ID`.
pub const SECRET_NAME: &str = "chartdrop-local";
/// The secret access key that belongs to every access key.
pub const SECRET_ACCESS_KEY: &str = "local";

/// The function that publishes charts.
pub const PUBLISH_CHART: &str = "publish-chart";
/// The function that creates invalidations of the index.
pub const INVALIDATE_CDN: &str = "invalidate-cdn";

/// The ARN of a bucket itself, without its objects.
pub(crate) fn bucket_arn(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}")
}

/// The ARN of a distribution.
pub(crate) fn distribution_arn(distribution: &str) -> String {
    format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{distribution}")
}

/// The ARN of the secret, with the six characters that Secrets Manager appends to a name.
pub(crate) fn secret_arn() -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{SECRET_NAME}-LoCaL0")
}

/// The ARN of a function.
#[must_use]
pub fn function_arn(function: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}")
}

/// The ARN of the role that a function has assumed.
pub(crate) fn role_arn(function: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/{function}")
}

/// The ARN of the KMS key for objects that are encrypted with `aws:kms`.
pub(crate) fn kms_key_arn() -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/local")
}
