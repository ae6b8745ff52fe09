//! Identifies the caller of a request: each function has its own access key, and each of its
//! processes its own session token.

use std::sync::Arc;

use http::Request;

const FUNCTION_PREFIX: &str = "LOCAL-";

/// The access key that identifies a function to S3.
pub(crate) fn access_key(function: &str) -> String {
    format!("{FUNCTION_PREFIX}{function}")
}

/// The function that has this access key.
pub(crate) fn function_of(access_key: &str) -> Option<&str> {
    access_key.strip_prefix(FUNCTION_PREFIX)
}

/// The function whose access key signed a request.
pub(crate) fn signed_by<B>(request: &Request<B>) -> Option<String> {
    let authorization = request.headers().get("authorization")?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    function_of(credential.split('/').next()?).map(str::to_owned)
}

/// The process that the session token of a request names; empty without a token.
pub(crate) fn process_of(headers: &http::HeaderMap) -> String {
    let token = headers.get("x-amz-security-token");
    token
        .and_then(|token| token.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// Kills the function process that a session token names.
pub(crate) type Killer = Arc<dyn Fn(&str) + Send + Sync>;
