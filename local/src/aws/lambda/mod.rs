//! Lambda: functions as processes under the real Runtime API.
//!
//! [`Lambda::invoke`] waits for the answer; [`Lambda::invoke_async`] queues an event that is tried again when it fails
//! and ends in the dead-letter list when it keeps failing, as Lambda does with S3's notifications.

mod environment;
mod function;
mod invoke_api;
mod process;
mod queue;
mod runtime_api;

use std::time::Duration;

pub(crate) use self::environment::{Endpoints, Environment};
pub(crate) use self::function::FunctionSpec;
pub(crate) use self::invoke_api::{PREFIX as INVOKE_PREFIX, answer as answer_invoke};
pub use self::queue::{DeadLetter, Lambda};

/// Why an invocation failed, as Lambda tells its caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{function}: {message} ({error_type})")]
#[serde(rename_all = "camelCase")]
pub struct FunctionError {
    /// Which function.
    #[serde(skip)]
    pub function: String,
    /// What the function reported, or Lambda's own: `Runtime.ExitError`, `Sandbox.Timedout`, …
    pub error_type: String,
    /// For people.
    #[serde(rename = "errorMessage")]
    pub message: String,
}

impl FunctionError {
    pub(crate) fn new(function: &str, error_type: &str, message: impl Into<String>) -> Self {
        Self {
            function: function.to_owned(),
            error_type: error_type.to_owned(),
            message: message.into(),
        }
    }
}

/// AWS waits one and two minutes; nobody wants to watch that.
pub const RETRY_DELAYS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// A UUID, as Lambda's request ids are.
pub(crate) fn new_request_id() -> String {
    let (a, b) = (fastrand::u64(..), fastrand::u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        (b >> 48) & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff
    )
}
