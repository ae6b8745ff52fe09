//! One invocation: from an event about changed indexes and archives to CloudFront invalidations.

use std::collections::BTreeMap;

use chartdrop::cdn::{InvalidateError, Invalidated, Invalidator};
use chartdrop::keys::{self, Repository};
use chartdrop::metrics::Metrics;
use chartdrop::notification::{self, ObjectCreated, ObjectRemoved};
use chartdrop::printable::printable;
use jiff::Timestamp;
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use tracing::{error, info};

/// State that is kept between invocations.
pub(crate) struct Handler {
    invalidator: Invalidator,
    bucket: String,
}

/// An archive or provenance file that changed under its key.
struct ChangedArchive {
    key: String,
    change: Change,
    /// Tells this change apart from other changes of the same key, as far as the event allows.
    id: Option<String>,
}

/// Why the cached copy at the edge is wrong.
#[derive(Clone, Copy)]
enum Change {
    /// Removed. The event's sequencer identifies the removal.
    Removed,
    /// Repaired. The ETag of the repair note identifies the repair.
    Repaired,
}

/// Why an invocation failed. Lambda retries a failed asynchronous invocation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandlerError {
    #[error(
        "invalidate-cdn does not accept this event. It accepts S3 notifications (Records) and EventBridge's events from S3 about \
         written indexes, removed archives and repaired/, s3:TestEvent, and {{\"command\":\"sweep\"}}. The event begins with {start}"
    )]
    Unknown { start: String },
    #[error("the event is about the bucket {found:?}, but CHART_BUCKET is {expected:?}. Find out who sent it")]
    OtherBucket { found: String, expected: String },
    #[error("{key}: {problem}")]
    Invalidate { key: String, problem: InvalidateError },
    #[error(transparent)]
    Sweep(InvalidateError),
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::Unknown { .. } | HandlerError::OtherBucket { .. } => "UnknownEvent",
            HandlerError::Invalidate { .. } | HandlerError::Sweep(_) => "TryAgain",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: printable(&error.to_string()).into_owned(),
        }
    }
}

impl Handler {
    pub(crate) fn new(invalidator: Invalidator, bucket: String) -> Self {
        Self { invalidator, bucket }
    }

    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, HandlerError> {
        let context = &event.context;
        self.run(&event.payload, context).await.inspect_err(|problem| {
            let problem = problem.to_string();
            let problem = printable(&problem);
            error!(requestId = context.request_id, %problem, "failed: {problem}");
        })
    }

    /// Handles every change, and then returns the first failure. A retry does not repeat
    /// invalidations that were already made. A sweep never fails: Lambda would retry it although
    /// the next one comes anyway, and would then move it to the dead-letter queue.
    async fn run(&self, event: &Value, context: &Context) -> Result<Value, HandlerError> {
        let (mut metrics, mut failures) = (Metrics::default(), Vec::new());
        let written = self.written(event, &mut failures).await?;
        let mut changed = self.removed(event)?;
        changed.extend(self.repaired(event, &mut failures).await);
        let archives = self.invalidate_archives(changed, &mut metrics, &mut failures).await;
        let indexes = self.invalidate_indexes(written, &mut metrics, &mut failures).await;
        let is_sweep = is_sweep(event);
        if is_sweep && !failures.is_empty() {
            metrics.count("SweepFailures", failures.len() as u64);
        }
        metrics.property("requestId", context.request_id.as_str());
        for line in metrics.lines(&context.env_config.function_name, Timestamp::now()) {
            println!("{line}");
        }
        let answer = json!({ "indexes": indexes, "archives": archives });
        if is_sweep {
            return Ok(with_failures(answer, &failures, context));
        }
        match failures.into_iter().next() {
            Some(failure) => Err(failure),
            None => Ok(answer),
        }
    }

    async fn invalidate_archives(
        &self,
        changed: Vec<ChangedArchive>,
        metrics: &mut Metrics,
        failures: &mut Vec<HandlerError>,
    ) -> Vec<Value> {
        let mut answers = Vec::new();
        for ChangedArchive { key, change, id } in changed {
            let invalidated = match change {
                Change::Removed => self.invalidator.archive_removed(&key, id.as_deref()).await,
                Change::Repaired => self.invalidator.archive_repaired(&key, id.as_deref()).await,
            };
            answers.extend(tell("archive", key, invalidated, metrics, failures));
        }
        answers
    }

    async fn invalidate_indexes(
        &self,
        written: BTreeMap<Repository, Option<String>>,
        metrics: &mut Metrics,
        failures: &mut Vec<HandlerError>,
    ) -> Vec<Value> {
        let mut answers = Vec::new();
        for (repository, etag) in written {
            let invalidated = self.invalidator.index_written(&repository, etag.as_deref()).await;
            answers.extend(tell("index", repository.index_key(), invalidated, metrics, failures));
        }
        answers
    }

    /// The indexes that were written: those that the event names or, for a sweep, those written
    /// recently, in case their events were lost.
    async fn written(
        &self,
        event: &Value,
        failures: &mut Vec<HandlerError>,
    ) -> Result<BTreeMap<Repository, Option<String>>, HandlerError> {
        if !is_sweep(event) {
            return self.indexes(event);
        }
        match self.invalidator.written_lately(Timestamp::now()).await {
            Ok(written) => Ok(written.into_iter().map(|repository| (repository, None)).collect()),
            Err(problem) => {
                failures.push(HandlerError::Sweep(problem));
                Ok(BTreeMap::new())
            }
        }
    }

    /// The indexes that the event names, each with the ETag of its last write.
    fn indexes(&self, event: &Value) -> Result<BTreeMap<Repository, Option<String>>, HandlerError> {
        if notification::is_test_event(event) {
            info!("received s3:TestEvent; nothing to do");
            return Ok(BTreeMap::new());
        }
        let objects = notification::objects_created(event);
        let is_known = objects.is_some() || notification::objects_removed(event).is_some();
        if !is_known {
            return Err(HandlerError::Unknown {
                start: event.to_string().chars().take(200).collect(),
            });
        }
        let mut indexes = BTreeMap::new();
        for ObjectCreated { bucket, key, etag } in objects.unwrap_or_default() {
            self.check_bucket(bucket)?;
            match Repository::of_index_key(&key) {
                Some(repository) => {
                    // An event may name one index twice, in any order. Only the object's present
                    // state counts.
                    indexes
                        .entry(repository)
                        .and_modify(|known| *known = None)
                        .or_insert(etag);
                }
                // Belongs to a repair; handled below.
                None if keys::of_repaired(&key).is_some() => {}
                None => info!(key, "{} is not an index; nothing to do", printable(&key)),
            }
        }
        Ok(indexes)
    }

    /// The archives that were repaired: those that the event names or, for a sweep, those repaired
    /// recently.
    async fn repaired(&self, event: &Value, failures: &mut Vec<HandlerError>) -> Vec<ChangedArchive> {
        let change = Change::Repaired;
        if !is_sweep(event) {
            let created = notification::objects_created(event).unwrap_or_default();
            let repaired = created.into_iter().filter_map(|note| {
                let (key, id) = (keys::of_repaired(&note.key)?, note.etag);
                Some(ChangedArchive { key, change, id })
            });
            return repaired.collect();
        }
        match self.invalidator.repaired_lately(Timestamp::now()).await {
            Ok(repaired) => {
                let repaired = repaired.into_iter().map(|(key, etag)| {
                    let id = Some(etag);
                    ChangedArchive { key, change, id }
                });
                repaired.collect()
            }
            Err(problem) => {
                failures.push(HandlerError::Sweep(problem));
                Vec::new()
            }
        }
    }

    /// The archives and provenance files that were removed.
    fn removed(&self, event: &Value) -> Result<Vec<ChangedArchive>, HandlerError> {
        let mut removed = Vec::new();
        for ObjectRemoved { bucket, key, sequencer } in notification::objects_removed(event).unwrap_or_default() {
            self.check_bucket(bucket)?;
            if keys::is_published(&key) {
                removed.push(ChangedArchive {
                    key,
                    change: Change::Removed,
                    id: sequencer,
                });
            } else {
                info!(key, "{} was not an archive; nothing to do", printable(&key));
            }
        }
        Ok(removed)
    }

    fn check_bucket(&self, found: String) -> Result<(), HandlerError> {
        if found == self.bucket {
            return Ok(());
        }
        Err(HandlerError::OtherBucket {
            found,
            expected: self.bucket.clone(),
        })
    }
}

/// Failures that an answer names; the others are counted.
const MAX_NAMED_FAILURES: usize = 100;

/// Describes the failures of a sweep, for the log and the answer.
fn with_failures(mut answer: Value, failures: &[HandlerError], context: &Context) -> Value {
    let shown = failures
        .iter()
        .map(|problem| printable(&problem.to_string()).into_owned());
    let shown: Vec<String> = shown.collect();
    for problem in &shown {
        error!(
            requestId = context.request_id,
            problem, "the sweep is incomplete: {problem}"
        );
    }
    if let (false, Some(answer)) = (shown.is_empty(), answer.as_object_mut()) {
        let more = shown.len().saturating_sub(MAX_NAMED_FAILURES);
        answer.insert(
            "failed".to_owned(),
            shown.into_iter().take(MAX_NAMED_FAILURES).collect(),
        );
        if more > 0 {
            answer.insert("more".to_owned(), json!({ "failed": more }));
        }
    }
    answer
}

/// Answers the schedule. It covers events that were lost or that failed for good.
fn is_sweep(event: &Value) -> bool {
    event.get("command").and_then(Value::as_str) == Some("sweep")
}

/// Writes the log line and the metric for one kind of path and returns its part of the answer, or
/// `None` if it failed. `what` is `index` or `archive`.
fn tell(
    what: &str,
    key: String,
    invalidated: Result<Invalidated, InvalidateError>,
    metrics: &mut Metrics,
    failures: &mut Vec<HandlerError>,
) -> Option<Value> {
    let shown_key = printable(&key);
    match invalidated {
        Ok(Invalidated::Made { id, paths }) => {
            metrics.count("Invalidations", 1);
            let shown = paths.join(" ");
            info!(
                key,
                invalidation = id,
                paths = shown,
                "invalidated {shown} (invalidation {id})"
            );
            Some(json!({what: key, "invalidation": id, "paths": paths}))
        }
        Ok(Invalidated::Superseded) => {
            metrics.count("InvalidationsSuperseded", 1);
            info!(
                key,
                "{shown_key} was written again since; the later event invalidates it"
            );
            Some(json!({what: key, "invalidation": null, "superseded": true}))
        }
        Ok(Invalidated::Gone) => {
            info!(key, "{shown_key} no longer exists; nothing to do");
            Some(json!({what: key, "invalidation": null, "gone": true}))
        }
        Err(problem) => {
            metrics.count("InvalidationsFailed", 1);
            failures.push(HandlerError::Invalidate { key, problem });
            None
        }
    }
}
