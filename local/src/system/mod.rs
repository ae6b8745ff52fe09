//! [`System`]: the running system, with methods to act on it and to inspect it.

pub mod binaries;
pub mod cargo;
mod listeners;
pub mod options;
mod start;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use self::listeners::{Addresses, reachable, url};
use crate::aws::cloudfront::Invalidations;
use crate::aws::iam::{Denied, Iam, Permission};
use crate::aws::lambda::{DeadLetter, FunctionError, Lambda};
use crate::aws::s3::{LoggedRequest, RequestLog, Store};
use crate::aws::secrets;
use crate::http::server::Server;
use crate::identity::{BUCKET, INVALIDATE_CDN, PUBLISH_CHART};
use crate::watch::Watch;
use crate::watch::outcomes::{Outcome, Upload};
use crate::watch::steps::{Step, StepKind};
use crate::watch::visibility::Visibility;

/// A running system. Dropping it stops everything, including the processes.
pub struct System {
    addresses: Addresses,
    store: Store,
    requests: RequestLog,
    iam: Iam,
    lambda: Lambda,
    invalidations: Invalidations,
    secret: secrets::Value,
    watch: Watch,
    /// The task that watches the edge, with [`options::Options::watch_edge`].
    edge_watch: Option<JoinHandle<()>>,
    _servers: [Server; 3],
}

impl Drop for System {
    fn drop(&mut self) {
        self.lambda.stop();
        self.store.close();
        if let Some(watch) = &self.edge_watch {
            watch.abort();
        }
    }
}

impl System {
    /// The URL of the repository for clients, without a slash at the end.
    #[must_use]
    pub fn edge_url(&self) -> String {
        url(self.addresses.edge)
    }

    /// The URL of S3.
    #[must_use]
    pub fn s3_endpoint(&self) -> String {
        url(self.addresses.s3)
    }

    /// The URL of CloudFront's API, Secrets Manager and Lambda's Invoke API.
    #[must_use]
    pub fn aws_endpoint(&self) -> String {
        url(self.addresses.aws)
    }

    /// The same as [`System::aws_endpoint`], as an address.
    #[must_use]
    pub fn aws_address(&self) -> SocketAddr {
        self.addresses.aws
    }

    /// The edge, as an address on this machine.
    pub(crate) fn edge_address(&self) -> SocketAddr {
        reachable(self.addresses.edge)
    }

    /// Whether no event is queued, delayed or running, and no invalidation is in progress.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.lambda.is_settled() && self.invalidations.is_completed()
    }

    /// Whether the bucket holds a repository, for example from an earlier run with the same folder.
    #[must_use]
    pub fn has_repository(&self) -> bool {
        !self.store.list("charts/").is_empty()
    }

    /// The name of the bucket.
    #[must_use]
    pub fn bucket_name(&self) -> &'static str {
        BUCKET
    }

    /// Direct access to the bucket, without HTTP. Writes notify the functions; requests are not
    /// counted.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs a function and waits for its answer.
    ///
    /// # Errors
    ///
    /// What the function reported, or why it could not answer.
    pub async fn invoke(&self, function: &str, payload: Value) -> Result<Value, FunctionError> {
        self.lambda.invoke(function, &payload).await
    }

    /// Replaces the value of the secret.
    pub fn set_secret(&self, value: Option<String>) {
        self.secret.set(value);
    }

    /// Queues an event for a function as S3 would; returns its request id.
    pub fn invoke_async(&self, function: &str, payload: &Value) -> String {
        self.lambda.invoke_async(function, payload)
    }

    /// A handle that queues events as [`System::invoke_async`] does, for tasks that cannot borrow
    /// the system.
    #[must_use]
    pub fn invoker(&self) -> Lambda {
        self.lambda.clone()
    }

    /// Waits until no event is queued, delayed or running. Invalidations may still be in progress:
    /// see [`System::invalidations_completed`].
    pub async fn settled(&self) {
        self.lambda.settled().await;
    }

    /// Waits until no invalidation is in progress.
    pub async fn invalidations_completed(&self) {
        self.invalidations.completed().await;
    }

    /// Events that failed for good, oldest first.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.lambda.dead_letters()
    }

    /// The functions' own requests to S3, in the order of their answers.
    #[must_use]
    pub fn s3_requests(&self) -> Vec<LoggedRequest> {
        self.requests.all()
    }

    /// The functions' requests that their policies do not allow, oldest first.
    #[must_use]
    pub fn denied_requests(&self) -> Vec<Denied> {
        self.iam.denied()
    }

    /// The permissions in the template that no request so far has needed, each with its function.
    #[must_use]
    pub fn unneeded_permissions(&self) -> Vec<(String, Permission)> {
        self.iam.unneeded()
    }

    /// The number of requests of each operation.
    #[must_use]
    pub fn s3_request_counts(&self) -> BTreeMap<String, usize> {
        self.requests.by_operation()
    }

    /// The paths of each invalidation, oldest first.
    #[must_use]
    pub fn invalidations(&self) -> Vec<Vec<String>> {
        self.invalidations
            .all()
            .into_iter()
            .map(|invalidation| invalidation.paths)
            .collect()
    }

    /// CloudFront's invalidations.
    #[must_use]
    pub fn cloudfront(&self) -> &Invalidations {
        &self.invalidations
    }

    /// What the processes of a function wrote to stdout and stderr, line by line.
    #[must_use]
    pub fn function_logs(&self, function: &str) -> Vec<String> {
        self.lambda.logs(function)
    }

    /// The number of processes of a function.
    #[must_use]
    pub fn processes(&self, function: &str) -> usize {
        self.lambda.processes(function)
    }

    /// Receives every step from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Step> {
        self.watch.steps.subscribe()
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.watch.steps.elapsed()
    }

    /// The outcomes so far, ordered by upload.
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.watch.outcomes.all()
    }

    /// Waits for an upload's outcome; `None` if it was replaced or withdrawn before it had one.
    pub async fn outcome(&self, upload: &Upload) -> Option<Outcome> {
        self.watch.outcomes.wait(upload).await
    }

    /// Runs a sweep of both functions, as the schedules in `template.yaml` would.
    ///
    /// # Errors
    ///
    /// The report of the first function that failed or left something undone.
    pub async fn sweep(&self) -> Result<(), FunctionError> {
        for function in [PUBLISH_CHART, INVALIDATE_CDN] {
            let answer = self.invoke(function, json!({ "command": "sweep" })).await?;
            if let Some(undone) = undone(&answer) {
                return Err(FunctionError::new(function, "Undone", undone.to_string()));
            }
            self.settled().await;
        }
        self.invalidations_completed().await;
        Ok(())
    }

    /// The promises that were broken so far, or are broken now. Call it when the system is idle.
    /// Always empty without [`options::Options::watch_promises`].
    pub async fn broken_promises(&self) -> Vec<String> {
        match &self.watch.promises {
            Some(promises) => {
                promises
                    .broken(&self.store, &self.watch.outcomes, self.edge_address())
                    .await
            }
            None => Vec::new(),
        }
    }

    /// Uploads without an outcome.
    #[must_use]
    pub fn open_uploads(&self) -> Vec<Upload> {
        self.watch.outcomes.open()
    }

    /// Concludes an upload that no function will process any more.
    pub(crate) fn fail(&self, upload: Upload, reason: &str) {
        let outcome = self.watch.outcomes.fail(upload, reason.to_owned());
        self.watch.steps.report(StepKind::Outcome(Box::new(outcome)));
    }

    pub(crate) fn visibility(&self) -> &Visibility {
        &self.watch.visibility
    }

    /// Stops everything and waits until the processes have ended.
    pub async fn shutdown(self) {
        self.lambda.stop();
        self.lambda.ended().await;
    }
}

/// The part of a sweep's answer that lists what it could not do. The sweep itself succeeds then.
#[must_use]
pub fn undone(answer: &Value) -> Option<&Value> {
    ["failed", "problems"].into_iter().find_map(|list| answer.get(list))
}
