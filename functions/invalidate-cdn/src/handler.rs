//! One invocation: writes of indexes, removals and repairs of archives in, invalidations out.

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

/// What outlives an invocation.
pub(crate) struct Handler {
    invalidator: Invalidator,
    bucket: String,
}

/// Its key, and what tells this change from others of the key.
type Archive = (String, Option<String>);

/// What the edge must not serve any longer.
enum Changed {
    Removed(Archive),
    Repaired(Archive),
}

/// Why an invocation failed. Lambda tries an asynchronous one again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandlerError {
    #[error(
        "invalidate-cdn doesn't know this event; it accepts S3 notifications (Records) and EventBridge's \
         \"Object Created\" from S3 about …index.yaml and repaired/, the same and \"Object Deleted\" about removed archives, \
         {{\"command\":\"sweep\"}} and s3:TestEvent. It got: {start}"
    )]
    Unknown { start: String },
    #[error("the event is about the bucket {found:?}, but CHART_BUCKET is {expected:?}")]
    OtherBucket { found: String, expected: String },
    #[error("{key}: {source}")]
    Invalidate { key: String, source: InvalidateError },
    #[error(transparent)]
    Sweep(InvalidateError),
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::Unknown { .. } | HandlerError::OtherBucket { .. } => "UnknownEvent",
            HandlerError::Invalidate { .. } | HandlerError::Sweep(_) => "TryAgain",
        };
        Diagnostic {
            error_type: error_type.to_owned(),
            error_message: printable(&error.to_string()).into_owned(),
        }
    }
}

impl Handler {
    pub(crate) fn new(invalidator: Invalidator, bucket: String) -> Self {
        Handler { invalidator, bucket }
    }

    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, HandlerError> {
        let context = &event.context;
        self.run(&event.payload, context).await.inspect_err(|problem| {
            let problem = problem.to_string();
            let problem = printable(&problem);
            error!(requestId = context.request_id, %problem, "failed: {problem}");
        })
    }

    /// Everything is tried; the first failure fails the invocation, and its retry repeats no
    /// invalidation. A sweep does not fail: Lambda would try it again although the next one is due,
    /// and queue it beside the events that nobody deals with any more.
    async fn run(&self, event: &Value, context: &Context) -> Result<Value, HandlerError> {
        let mut metrics = Metrics::default();
        let (mut indexes, mut archives) = (Vec::new(), Vec::new());
        let mut failures = Vec::new();
        let is_sweep = is_sweep(event);
        let written = match is_sweep {
            true => self.written_lately().await.unwrap_or_else(|problem| {
                failures.push(problem);
                BTreeMap::new()
            }),
            false => self.indexes(event)?,
        };
        let removed = self.archives(event)?.into_iter().map(Changed::Removed);
        let repaired = match self.repaired(event).await {
            Ok(repaired) => repaired,
            Err(problem) if is_sweep => {
                failures.push(problem);
                Vec::new()
            }
            Err(problem) => return Err(problem),
        };
        let repaired = repaired.into_iter().map(Changed::Repaired);
        for changed in removed.chain(repaired) {
            let (key, done) = self.invalidate(changed).await;
            match done {
                Ok(invalidated) => archives.push(tell("archive", &key, &invalidated, &mut metrics)),
                Err(source) => {
                    metrics.count("InvalidationsFailed", 1);
                    failures.push(HandlerError::Invalidate { key, source });
                }
            }
        }
        for (repository, etag) in written {
            let key = repository.index_key();
            match self.invalidator.index_written(&repository, etag.as_deref()).await {
                Ok(invalidated) => indexes.push(tell("index", &key, &invalidated, &mut metrics)),
                Err(source) => {
                    metrics.count("InvalidationsFailed", 1);
                    failures.push(HandlerError::Invalidate { key, source });
                }
            }
        }
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

    /// The key of the archive, and what the edge was told.
    async fn invalidate(&self, changed: Changed) -> (String, Result<Invalidated, InvalidateError>) {
        match changed {
            Changed::Removed((key, sequencer)) => {
                let done = self.invalidator.archive_removed(&key, sequencer.as_deref()).await;
                (key, done)
            }
            Changed::Repaired((key, etag)) => {
                let done = self.invalidator.archive_repaired(&key, etag.as_deref()).await;
                (key, done)
            }
        }
    }

    /// The indexes that were written, each with the ETag of its last write in the event.
    fn indexes(&self, event: &Value) -> Result<BTreeMap<Repository, Option<String>>, HandlerError> {
        if notification::is_test_event(event) {
            info!("S3 tried out its notification; nothing to do");
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
                    // Two writes of one index in one event: in whatever order they stand, what
                    // counts is the object now.
                    indexes
                        .entry(repository)
                        .and_modify(|known| *known = None)
                        .or_insert(etag);
                }
                // Of a repair; see below.
                None if keys::of_repaired(&key).is_some() => {}
                None => info!(key, "{} is no index; nothing to do", printable(&key)),
            }
        }
        Ok(indexes)
    }

    /// The archives that were repaired, by this event or, for a sweep, lately: key and ETag of the
    /// note.
    async fn repaired(&self, event: &Value) -> Result<Vec<Archive>, HandlerError> {
        let notes: Vec<Archive> = if is_sweep(event) {
            let lately = self.invalidator.repaired_lately(Timestamp::now()).await;
            let lately = lately.map_err(HandlerError::Sweep)?;
            lately.into_iter().map(|(key, etag)| (key, Some(etag))).collect()
        } else {
            let created = notification::objects_created(event).unwrap_or_default();
            let notes = created.into_iter();
            notes
                .filter_map(|note| Some((keys::of_repaired(&note.key)?, note.etag)))
                .collect()
        };
        Ok(notes)
    }

    /// The indexes that were written lately, whatever became of their events.
    async fn written_lately(&self) -> Result<BTreeMap<Repository, Option<String>>, HandlerError> {
        let written = self.invalidator.written_lately(Timestamp::now()).await;
        let written = written.map_err(HandlerError::Sweep)?;
        Ok(written.into_iter().map(|repository| (repository, None)).collect())
    }

    /// The archives and provenance files that were removed: key and sequencer.
    fn archives(&self, event: &Value) -> Result<Vec<Archive>, HandlerError> {
        let mut archives = Vec::new();
        for ObjectRemoved { bucket, key, sequencer } in notification::objects_removed(event).unwrap_or_default() {
            self.check_bucket(bucket)?;
            if keys::is_published(&key) {
                archives.push((key, sequencer));
            } else {
                info!(key, "{} was no archive; nothing to do", printable(&key));
            }
        }
        Ok(archives)
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

/// What a sweep says of what it could not do: in the log, and in its answer.
fn with_failures(mut answer: Value, failures: &[HandlerError], context: &Context) -> Value {
    let shown = failures
        .iter()
        .map(|problem| printable(&problem.to_string()).into_owned());
    let shown: Vec<String> = shown.collect();
    for problem in &shown {
        error!(
            requestId = context.request_id,
            problem, "the sweep is not complete: {problem}"
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

/// The schedule's input: an event may never have come, or have failed for good.
fn is_sweep(event: &Value) -> bool {
    event.get("command").and_then(Value::as_str) == Some("sweep")
}

/// A line in the log, a count, and the answer's part. `what` is `index` or `archive`.
fn tell(what: &str, key: &str, invalidated: &Invalidated, metrics: &mut Metrics) -> Value {
    let shown_key = printable(key);
    match invalidated {
        Invalidated::Made { id, paths } => {
            metrics.count("Invalidations", 1);
            let shown = paths.join(" ");
            info!(
                key,
                invalidation = id,
                paths = shown,
                "the edge forgets {shown} (invalidation {id})"
            );
            json!({what: key, "invalidation": id, "paths": paths})
        }
        Invalidated::Superseded => {
            metrics.count("InvalidationsSuperseded", 1);
            info!(
                key,
                "{shown_key} has been written again since; that event does the work"
            );
            json!({what: key, "invalidation": null, "superseded": true})
        }
        Invalidated::Gone => {
            info!(key, "{shown_key} is gone; nothing to do");
            json!({what: key, "invalidation": null, "gone": true})
        }
    }
}
