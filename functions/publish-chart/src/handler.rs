//! One invocation: from a trigger to a report.

use std::time::{Duration, SystemTime};

use chartdrop::brief;
use chartdrop::deadline::Deadline;
use chartdrop::keys::StagedKey;
use chartdrop::maintain::{MaintainError, Maintainer, Reindex};
use chartdrop::printable::printable;
use chartdrop::publish::{Publisher, Report};
use chartdrop::receipt::TEXT;
use chartdrop::size::counted;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use tracing::{error, info};

use crate::command::Command;
use crate::maintenance::Maintained;
use crate::report;
use crate::trigger::{Trigger, TriggerError};

/// State that is kept between invocations.
pub(crate) struct Handler {
    publisher: Publisher,
    maintainer: Maintainer,
    bucket: String,
}

/// Why an invocation failed. Lambda retries a failed asynchronous invocation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandlerError {
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    #[error(transparent)]
    Maintain(#[from] MaintainError),
    #[error("{} not be published; the next sweep retries. {}{first}", could(*count), of_several(*count))]
    Uploads { count: usize, first: String },
}

fn could(count: usize) -> String {
    format!("{} could", counted(count, "upload"))
}

/// Introduces the first of several failures.
fn of_several(count: usize) -> &'static str {
    if count > 1 { "The first is " } else { "" }
}

/// The result of an invocation.
enum Done {
    Published(Report),
    /// A sweep never fails: Lambda would retry it although the next one comes anyway, and would
    /// then move it to the dead-letter queue. Its failures are in the answer, the log and a metric.
    Swept(Report),
    Maintained(Maintained),
}

/// The message of an error, limited in length because it may quote an event of any length.
fn shown(error: &HandlerError) -> String {
    brief::text(&printable(&error.to_string()), TEXT).into_owned()
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::Trigger(_) => "UnknownEvent",
            HandlerError::Maintain(MaintainError::NoRepository { .. }) => "UnknownRepository",
            HandlerError::Maintain(_) | HandlerError::Uploads { .. } => "TryAgain",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: shown(&error),
        }
    }
}

impl Handler {
    pub(crate) fn new(publisher: Publisher, maintainer: Maintainer, bucket: String) -> Self {
        Self {
            publisher,
            maintainer,
            bucket,
        }
    }

    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, HandlerError> {
        let started = SystemTime::now();
        let context = &event.context;
        let done = self.run(&event).await.inspect_err(|problem| {
            let problem = shown(problem);
            error!(requestId = context.request_id, %problem, "failed: {problem}");
        })?;
        let (report, is_sweep) = match done {
            Done::Published(report) => (report, false),
            Done::Swept(report) => (report, true),
            Done::Maintained(maintained) => {
                maintained.log();
                maintained.count(context);
                return Ok(maintained.answer());
            }
        };
        report::log(&report);
        report::count(&report, is_sweep, started.elapsed().unwrap_or_default(), context);
        if is_sweep {
            return Ok(report::answer_of_sweep(&report));
        }
        match report.failed.first() {
            None => Ok(report::answer(&report)),
            Some(first) => Err(HandlerError::Uploads {
                count: report.failed.len(),
                first: format!("{}: {}", first.staged, first.error),
            }),
        }
    }

    async fn run(&self, event: &LambdaEvent<Value>) -> Result<Done, HandlerError> {
        let deadline = Deadline::after(time_left(event.context.deadline));
        match Trigger::of(&event.payload, &self.bucket)? {
            Trigger::Uploads { archives, provenance } => {
                let late = provenance.into_iter().filter(|_| self.publisher.takes_provenance());
                let uploads: Vec<StagedKey> = archives.into_iter().chain(late).collect();
                Ok(Done::Published(self.publisher.publish(&uploads, deadline).await))
            }
            Trigger::Command(command) => self.command(command, deadline).await,
            Trigger::Test => {
                info!("received s3:TestEvent; nothing to do");
                Ok(Done::Published(Report::default()))
            }
        }
    }

    async fn command(&self, command: Command, deadline: Deadline) -> Result<Done, HandlerError> {
        let maintainer = &self.maintainer;
        let maintained = match command {
            Command::Sweep {} => return Ok(Done::Swept(Box::pin(self.publisher.sweep(deadline)).await)),
            Command::Verify {
                repository,
                after,
                edge,
            } => {
                let verified = maintainer.verify(&repository, after.as_deref(), edge, deadline);
                Maintained::Verify(Box::pin(verified).await?)
            }
            Command::VerifyAll {} => {
                let verified = Box::pin(maintainer.verify_all(deadline)).await;
                Maintained::VerifyAll(verified.map_err(MaintainError::from)?)
            }
            Command::Reindex {
                repository,
                dry_run,
                accept_changed_archives,
                after,
            } => {
                let how = Reindex {
                    dry_run,
                    accept_changed: accept_changed_archives,
                    after: after.as_deref(),
                };
                let reindexed = maintainer.reindex(&repository, how, deadline);
                Maintained::Reindex(Box::pin(reindexed).await?)
            }
            Command::Unpublish {
                repository,
                chart,
                version,
            } => {
                let unpublished = maintainer.unpublish(&repository, &chart, &version, deadline);
                Maintained::Unpublish(Box::pin(unpublished).await?)
            }
        };
        Ok(Done::Maintained(maintained))
    }
}

/// The time limit of a run without a deadline: half of the deployed timeout.
const UNKNOWN_DEADLINE: Duration = Duration::from_secs(30);

/// The deadline that Lambda passes, in milliseconds since 1970.
///
/// cargo-lambda's emulator always passes 600000, ten minutes after 1970
/// (<https://github.com/cargo-lambda/cargo-lambda>), so a deadline in the past is ignored.
fn time_left(deadline_ms: u64) -> Duration {
    let deadline = SystemTime::UNIX_EPOCH + Duration::from_millis(deadline_ms);
    deadline.duration_since(SystemTime::now()).unwrap_or(UNKNOWN_DEADLINE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_has_passed_is_none() {
        assert_eq!(time_left(600_000), UNKNOWN_DEADLINE);
        let in_a_minute = SystemTime::now() + Duration::from_secs(60);
        let in_a_minute = in_a_minute.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let left = time_left(u64::try_from(in_a_minute.as_millis()).unwrap());
        assert!(left > UNKNOWN_DEADLINE && left <= Duration::from_secs(60), "{left:?}");
    }
}
