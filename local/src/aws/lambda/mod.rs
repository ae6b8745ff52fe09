//! Lambda: functions as processes under the real Runtime API.
//!
//! [`Lambda::invoke`] waits for the answer; [`Lambda::invoke_async`] queues an event that is tried
//! again when it fails and ends in the dead-letter list when it keeps failing, as Lambda does with
//! S3's notifications.

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

/// Pauses before a retry. AWS waits one and two minutes, which is too long to watch.
pub const RETRY_DELAYS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
