//! Lambda: functions as processes under the real Runtime API.
//!
//! [`Lambda::invoke`] waits for the answer. [`Lambda::invoke_async`] queues an event: if it fails, it
//! is retried, and after the last retry it goes to the dead-letter queue, as Lambda does with S3's
//! notifications.

mod environment;
mod error;
mod function;
mod invoke_api;
mod process;
mod progress;
mod queue;
mod runtime_api;
mod spec;

use std::time::Duration;

pub(crate) use self::environment::{Endpoints, Environment};
pub use self::error::FunctionError;
pub(crate) use self::invoke_api::{PREFIX as INVOKE_PREFIX, answer as answer_invoke};
pub(crate) use self::progress::Progress;
pub use self::progress::{DeadLetter, Finished, Invoked};
pub use self::queue::Lambda;
pub(crate) use self::spec::FunctionSpec;

/// The pauses before the retries. AWS waits one and two minutes, too long for a local run.
pub const RETRY_DELAYS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
