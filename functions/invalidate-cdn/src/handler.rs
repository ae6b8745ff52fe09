//! One invocation: writes of indexes in, invalidations out.

use std::collections::BTreeMap;

use chartdrop::cdn::{InvalidateError, Invalidated, Invalidator};
use chartdrop::keys::Repository;
use chartdrop::metrics::Metrics;
use chartdrop::notification::{self, ObjectCreated};
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use tracing::{error, info};

/// What outlives an invocation.
pub(crate) struct Handler {
    invalidator: Invalidator,
    bucket: String,
}

/// Why an invocation failed. Lambda tries an asynchronous one again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandlerError {
    #[error(
        "invalidate-cdn doesn't know this event; it accepts S3 notifications (Records) and EventBridge's \
         \"Object Created\" from S3 about …index.yaml, {{\"command\":\"sweep\"}} and s3:TestEvent. It got: {start}"
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
            error_message: error.to_string(),
        }
    }
}

impl Handler {
    pub(crate) fn new(invalidator: Invalidator, bucket: String) -> Self {
        Handler { invalidator, bucket }
    }

    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Value, HandlerError> {
        let request_id = event.context.request_id.clone();
        self.run(&event.payload, &request_id)
            .await
            .inspect_err(|problem| error!(requestId = request_id, %problem, "failed: {problem}"))
    }

    /// Every index is tried; the first failure fails the invocation, and its retry repeats no invalidation.
    async fn run(&self, event: &Value, request_id: &str) -> Result<Value, HandlerError> {
        let mut metrics = Metrics::default();
        let mut answers = Vec::new();
        let mut failure = None;
        let indexes = if is_sweep(event) {
            let written = self.invalidator.written_lately(Timestamp::now()).await;
            let written = written.map_err(HandlerError::Sweep)?;
            written.into_iter().map(|repository| (repository, None)).collect()
        } else {
            self.indexes(event)?
        };
        for (repository, etag) in indexes {
            match self.invalidator.index_written(&repository, etag.as_deref()).await {
                Ok(invalidated) => answers.push(tell(&repository, &invalidated, &mut metrics)),
                Err(source) => {
                    metrics.count("InvalidationsFailed", 1);
                    let key = repository.index_key();
                    failure.get_or_insert(HandlerError::Invalidate { key, source });
                }
            }
        }
        metrics.property("requestId", request_id);
        for line in metrics.lines("invalidate-cdn", Timestamp::now()) {
            println!("{line}");
        }
        match failure {
            Some(failure) => Err(failure),
            None => Ok(json!({ "indexes": answers })),
        }
    }

    /// The indexes that were written, each with the ETag of its last write in the event.
    fn indexes(&self, event: &Value) -> Result<BTreeMap<Repository, Option<String>>, HandlerError> {
        if notification::is_test_event(event) {
            info!("S3 tried out its notification; nothing to do");
            return Ok(BTreeMap::new());
        }
        let objects = notification::objects_created(event).ok_or_else(|| HandlerError::Unknown {
            start: event.to_string().chars().take(200).collect(),
        })?;
        let mut indexes = BTreeMap::new();
        for ObjectCreated { bucket, key, etag } in objects {
            if bucket != self.bucket {
                return Err(HandlerError::OtherBucket {
                    found: bucket,
                    expected: self.bucket.clone(),
                });
            }
            match Repository::of_index_key(&key) {
                Some(repository) => {
                    // Two writes of one index in one event: in whatever order they stand, what counts is the object now.
                    indexes
                        .entry(repository)
                        .and_modify(|known| *known = None)
                        .or_insert(etag);
                }
                None => info!(key, "{key} is no index; nothing to do"),
            }
        }
        Ok(indexes)
    }
}

/// The schedule's input: an event may never have come, or have failed for good.
fn is_sweep(event: &Value) -> bool {
    event.get("command").and_then(Value::as_str) == Some("sweep")
}

/// A line in the log, a count, and the answer's part.
fn tell(repository: &Repository, invalidated: &Invalidated, metrics: &mut Metrics) -> Value {
    let index = repository.index_key();
    match invalidated {
        Invalidated::Made { id, paths } => {
            metrics.count("Invalidations", 1);
            let shown = paths.join(" ");
            info!(
                index,
                invalidation = id,
                paths = shown,
                "the edge forgets {shown} (invalidation {id})"
            );
            json!({"index": index, "invalidation": id, "paths": paths})
        }
        Invalidated::Superseded => {
            metrics.count("InvalidationsSuperseded", 1);
            info!(index, "{index} has been written again since; that event does the work");
            json!({"index": index, "invalidation": null, "superseded": true})
        }
        Invalidated::Gone => {
            info!(index, "{index} is gone; nothing to do");
            json!({"index": index, "invalidation": null, "gone": true})
        }
    }
}
