//! One invocation: a trigger in, a report of outcomes out.

use std::time::{Duration, SystemTime};

use chartdrop::publish::{Deadline, Publisher, Report};
use chartdrop::store::StoreError;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use tracing::{error, info};

use crate::report;
use crate::trigger::{Trigger, TriggerError};

/// What outlives an invocation.
pub(crate) struct Handler {
    publisher: Publisher,
    bucket: String,
}

/// Why an invocation failed. Lambda tries an asynchronous one again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandlerError {
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{count} of the uploads could not be dealt with and stay in staging; the first is {first}")]
    Uploads { count: usize, first: String },
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::Trigger(_) => "UnknownEvent",
            HandlerError::Store(_) | HandlerError::Uploads { .. } => "TryAgain",
        };
        Diagnostic {
            error_type: error_type.to_owned(),
            error_message: error.to_string(),
        }
    }
}

impl Handler {
    pub(crate) fn new(publisher: Publisher, bucket: String) -> Self {
        Handler { publisher, bucket }
    }

    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, HandlerError> {
        let started = SystemTime::now();
        let request_id = event.context.request_id.clone();
        let report = self
            .run(&event)
            .await
            .inspect_err(|problem| error!(requestId = request_id, %problem, "failed: {problem}"))?;
        report::log(&report);
        report::count(&report, started.elapsed().unwrap_or_default(), &request_id);
        match report.failed.first() {
            None => Ok(report::answer(&report)),
            Some(first) => Err(HandlerError::Uploads {
                count: report.failed.len(),
                first: format!("{}: {}", first.staged, first.error),
            }),
        }
    }

    async fn run(&self, event: &LambdaEvent<Value>) -> Result<Report, HandlerError> {
        let deadline = Deadline::after(time_left(event.context.deadline));
        match Trigger::of(&event.payload, &self.bucket)? {
            Trigger::Uploads(uploads) => Ok(self.publisher.publish(&uploads, deadline).await),
            Trigger::Sweep => Ok(self.publisher.sweep(deadline).await?),
            Trigger::Test => {
                info!("S3 tried out its notification; nothing to do");
                Ok(Report::default())
            }
        }
    }
}

/// From the deadline that Lambda gives, in milliseconds since 1970.
fn time_left(deadline_ms: u64) -> Duration {
    let deadline = SystemTime::UNIX_EPOCH + Duration::from_millis(deadline_ms);
    deadline.duration_since(SystemTime::now()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_in_the_past_leaves_no_time() {
        assert_eq!(time_left(1), Duration::ZERO);
    }
}
