//! How an event fares, from its first attempt to its answer or the dead-letter list.

use std::time::Duration;

use serde_json::Value;

use super::error::FunctionError;

/// One thing that happened to an event.
pub(crate) enum Progress {
    Invoked(Invoked),
    Finished(Finished),
    Buried(DeadLetter),
}

/// A function process is given an event.
#[derive(Debug, Clone)]
pub struct Invoked {
    /// Which function.
    pub function: String,
    /// The same over all attempts of one event.
    pub request_id: String,
    /// 1 for the first.
    pub attempt: u32,
    /// The keys that an S3 event names, decoded; else the `command`.
    pub about: Vec<String>,
    /// The whole event, if it is a command.
    pub command: Option<Value>,
}

/// An invocation ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Which function.
    pub function: String,
    /// As in [`Invoked`].
    pub request_id: String,
    /// 1 for the first.
    pub attempt: u32,
    /// Why it failed, if it did.
    pub error: Option<FunctionError>,
    /// A failed asynchronous event is given again after this long.
    pub retry_in: Option<Duration>,
    /// A failed asynchronous event has gone to the dead-letter list.
    pub dead: bool,
    /// How long the invocation took.
    pub took: Duration,
    /// The command and its answer, if the event was a command and did not fail.
    pub answer: Option<(Value, Value)>,
}

/// An asynchronous event that failed for good.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Which function.
    pub function: String,
    /// The same over all attempts.
    pub request_id: String,
    /// What the function was given.
    pub payload: Value,
    /// Of the last attempt.
    pub error: FunctionError,
    /// How often it was tried.
    pub attempts: u32,
}
