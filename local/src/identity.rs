//! The names of everything in the system: account, region, bucket, secret, distribution, functions.

/// The account that everything claims to be in.
pub const ACCOUNT: &str = "123456789012";
/// The region that everything claims to be in.
pub const REGION: &str = "us-east-1";
/// The one bucket.
pub const BUCKET: &str = "chartdrop-local";
/// The one distribution.
pub const DISTRIBUTION: &str = "ELOCAL0000000";
/// The name of the one secret, and the value of `SECRET_ID`.
pub const SECRET_NAME: &str = "chartdrop-local";
/// The secret access key of every access key.
pub const SECRET_ACCESS_KEY: &str = "local";

/// The function that publishes charts.
pub const PUBLISH_CHART: &str = "publish-chart";
/// The function that invalidates what CloudFront has cached.
pub const INVALIDATE_CDN: &str = "invalidate-cdn";

/// A bucket itself, without its objects.
pub(crate) fn bucket_arn(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}")
}

/// A distribution.
pub(crate) fn distribution_arn(distribution: &str) -> String {
    format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{distribution}")
}

/// The one secret, with the six characters that Secrets Manager adds to a name.
pub(crate) fn secret_arn() -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{SECRET_NAME}-LoCaL0")
}

/// A function.
#[must_use]
pub fn function_arn(function: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}")
}

/// Who a function is to IAM.
pub(crate) fn role_arn(function: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/{function}")
}

/// The KMS key of what is encrypted with `aws:kms`.
pub(crate) fn kms_key_arn() -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/local")
}
