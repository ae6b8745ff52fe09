//! The progress of an event, from its first attempt to its answer or the dead-letter queue.

use std::time::Duration;

use serde_json::Value;

use super::error::FunctionError;

/// A step in the progress of an event.
pub(crate) enum Progress {
    Invoked(Invoked),
    Finished(Finished),
    Buried(DeadLetter),
}

/// A function process receives an event.
#[derive(Debug, Clone)]
pub struct Invoked {
    /// The name of the function.
    pub function: String,
    /// The request id, the same for all attempts of an event.
    pub request_id: String,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The decoded keys in an S3 event, or the `command` of a command.
    pub about: Vec<String>,
    /// The whole event, if it is a command.
    pub command: Option<Value>,
}

/// An invocation has ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The name of the function.
    pub function: String,
    /// The request id, as in [`Invoked`].
    pub request_id: String,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// Why it failed, if it did.
    pub error: Option<FunctionError>,
    /// The pause before the retry of a failed asynchronous event; `None` if there is no retry.
    pub retry_in: Option<Duration>,
    /// Whether the event failed for good and has gone to the dead-letter queue.
    pub dead: bool,
    /// How long the invocation took.
    pub took: Duration,
    /// The command and its answer, if the event was a command and did not fail.
    pub answer: Option<(Value, Value)>,
}

/// An asynchronous event that failed for good.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The name of the function.
    pub function: String,
    /// The request id, the same for all attempts.
    pub request_id: String,
    /// The event.
    pub payload: Value,
    /// The error of the last attempt.
    pub error: FunctionError,
    /// The number of attempts.
    pub attempts: u32,
}
