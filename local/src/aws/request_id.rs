//! Request ids in the form that Lambda and CloudFront use.

use uuid::Builder;

/// A random UUID.
pub(crate) fn new_request_id() -> String {
    Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes())
        .into_uuid()
        .to_string()
}
