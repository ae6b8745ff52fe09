//! Failures of requests to S3.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStreamError;

/// A request to S3 failed, after the SDK's own retries. Whether a write took effect is unknown.
#[derive(Debug, thiserror::Error)]
#[error("S3 {operation} of {key:?} failed: {fault}")]
pub struct StoreError {
    operation: &'static str,
    key: String,
    fault: Fault,
    /// The HTTP status, if there was an answer.
    status: Option<u16>,
}

/// The cause.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// S3 denied the request: credentials, policy, or another account's bucket.
    #[error("access denied ({message}). The role of the function needs this action on this key, and s3:ListBucket")]
    Denied {
        /// S3's message.
        message: String,
    },
    /// S3 answered with another error.
    #[error("{code}: {message}")]
    Answer {
        /// S3's error code.
        code: String,
        /// S3's message.
        message: String,
    },
    /// No answer, or not a valid one.
    #[error("{0}")]
    Transport(String),
    /// The body was cut off.
    #[error("only {received} of {expected} bytes arrived")]
    Cut {
        /// Bytes that arrived.
        received: u64,
        /// Bytes that were announced.
        expected: u64,
    },
}

impl StoreError {
    /// An error for tests of messages.
    #[cfg(test)]
    pub(crate) fn sample(fault: Fault) -> Self {
        Self {
            operation: "GetObject",
            key: "charts/index.yaml".to_owned(),
            fault,
            status: None,
        }
    }

    pub(super) fn new<E>(operation: &'static str, key: &str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let message = error.message().unwrap_or("no message").to_owned();
        let fault = match error.code() {
            Some("AccessDenied" | "Forbidden" | "InvalidAccessKeyId" | "SignatureDoesNotMatch") => {
                Fault::Denied { message }
            }
            Some(code) => Fault::Answer {
                code: code.to_owned(),
                message,
            },
            None => Fault::Transport(chain(&error)),
        };
        Self {
            operation,
            key: key.to_owned(),
            fault,
            status,
        }
    }

    pub(super) fn body(key: &str, error: ByteStreamError) -> Self {
        Self {
            operation: "GetObject",
            key: key.to_owned(),
            fault: Fault::Transport(chain(&error)),
            status: None,
        }
    }

    pub(super) fn cut(key: &str, received: u64, expected: u64) -> Self {
        Self {
            operation: "GetObject",
            key: key.to_owned(),
            fault: Fault::Cut { received, expected },
            status: None,
        }
    }

    /// Whether S3 reports the request itself as invalid.
    pub fn is_bad_request(&self) -> bool {
        self.status == Some(400)
    }

    /// The cause.
    pub fn fault(&self) -> &Fault {
        &self.fault
    }
}

/// The SDK's outermost messages ("dispatch failure") are of little use without their causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
