//! Starts the stand-ins and wires them together.

pub mod binaries;
pub mod options;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::aws::caller::Killer;
use crate::aws::cloudfront::{Api, Invalidations};
use crate::aws::edge::{Distribution, Edge, EdgeTemplate};
use crate::aws::iam::{Denied, Iam, Permission};
use crate::aws::lambda::{DeadLetter, Endpoints, Environment, FunctionError, FunctionSpec, Lambda};
use crate::aws::s3::{Disk, Front, LoggedRequest, RequestLog, Store};
use crate::aws::{edge, endpoint, secrets};
use crate::http::server::Server;
use crate::identity::{BUCKET, INVALIDATE_CDN, PUBLISH_CHART};
use crate::system::binaries::{Binaries, BuildError};
use crate::system::options::{Options, StartError};
use crate::watch::observer::{Observer, on_denied, on_invalidation, on_progress};
use crate::watch::outcomes::{Outcome, Outcomes, Upload};
use crate::watch::promises::Promises;
use crate::watch::steps::{Step, StepKind, Steps};
use crate::watch::visibility::Visibility;

/// A running system. Dropping it ends everything, processes included.
pub struct System {
    edge: SocketAddr,
    s3: SocketAddr,
    aws: SocketAddr,
    store: Store,
    requests: RequestLog,
    iam: Iam,
    lambda: Lambda,
    invalidations: Invalidations,
    secret: secrets::Value,
    outcomes: Outcomes,
    visibility: Visibility,
    promises: Option<Promises>,
    steps: Steps,
    _servers: [Server; 3],
    watch: Option<JoinHandle<()>>,
}

impl Drop for System {
    fn drop(&mut self) {
        self.lambda.stop();
        self.store.close();
        if let Some(watch) = &self.watch {
            watch.abort();
        }
    }
}

impl System {
    /// Starts everything. Uploads that an earlier run left in staging are swept up.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (edge_listener, edge_address) = listen("the edge", options.edge, "--listen").await?;
        let (s3_listener, s3_address) = listen("S3", options.s3, "--s3").await?;
        let (aws_listener, aws_address) = listen("the AWS endpoint", options.aws, "--aws").await?;
        let functions = functions(options.functions.clone()).await?;
        let store = open(&options)?;

        let steps = Steps::new();
        let iam = Iam::new(&options.template, on_denied(steps.clone()))?;
        let outcomes = Outcomes::new();
        let visibility = Visibility::new(reachable(edge_address), outcomes.clone(), steps.clone());
        let distribution = Distribution::read(&EdgeTemplate::read(&options.template, &options.settings)?)?;
        let edge = Edge::new(store.clone(), distribution);
        let invalidations = Invalidations::new(
            edge.clone(),
            options.invalidation_takes,
            Handle::current(),
            on_invalidation(steps.clone()),
        );
        let environment = Environment {
            endpoints: Endpoints {
                s3: url(s3_address),
                aws: url(aws_address),
                edge: url(edge_address),
            },
            settings: options.settings.clone(),
        };
        let lambda = Lambda::new(
            specs(&options, functions),
            &environment,
            options.retry_delays.clone(),
            Arc::clone(&options.faults),
            on_progress(outcomes.clone(), steps.clone()),
        );
        let repository_url = options.settings.get("REPOSITORY_URL").cloned();
        let repository_url = repository_url.unwrap_or_else(|| url(edge_address));
        let promises = options.watch_promises.then(|| Promises::new(&repository_url));
        let observer = Observer {
            notify: options.notifications.then(|| lambda.clone()),
            outcomes: outcomes.clone(),
            visibility: visibility.clone(),
            promises: promises.clone(),
            steps: steps.clone(),
        };
        store.observe(move |change| observer.see(change));

        let requests = RequestLog::default();
        let killer = lambda.clone();
        let killer: Killer = Arc::new(move |process| killer.kill(process));
        let cloudfront = Api {
            invalidations: invalidations.clone(),
            faults: Arc::clone(&options.faults),
            killer: Arc::clone(&killer),
            iam: iam.clone(),
        };
        let front = Front {
            store: store.clone(),
            log: requests.clone(),
            faults: options.faults,
            killer,
            iam: iam.clone(),
        };
        let secret = secrets::Value::new(options.secret);
        let servers = [
            edge::serve(edge_listener, edge),
            front.serve(s3_listener),
            endpoint::serve(aws_listener, &lambda, &cloudfront, secret.clone(), &iam),
        ];
        let watch = options.watch_edge.then(|| visibility.clone().watch());
        let system = Self {
            edge: edge_address,
            s3: s3_address,
            aws: aws_address,
            store,
            requests,
            iam,
            lambda,
            invalidations,
            secret,
            outcomes,
            visibility,
            promises,
            steps,
            _servers: servers,
            watch,
        };
        if options.notifications {
            system.sweep_leftovers();
        }
        Ok(system)
    }

    /// Notifications of an earlier run died with it; its uploads did not.
    fn sweep_leftovers(&self) {
        let left: Vec<String> = self
            .store
            .list("staging/")
            .into_iter()
            .filter(|key| key.ends_with(".tgz"))
            .collect();
        for key in &left {
            if let Some(object) = self.store.get(key) {
                self.outcomes.uploaded(key, &object.etag);
            }
        }
        if !left.is_empty() {
            self.invoke_async(PUBLISH_CHART, &json!({ "command": "sweep" }));
        }
    }

    /// Where clients find the repository, without a slash at the end.
    #[must_use]
    pub fn edge_url(&self) -> String {
        url(self.edge)
    }

    /// Where S3 listens.
    #[must_use]
    pub fn s3_endpoint(&self) -> String {
        url(self.s3)
    }

    /// Where CloudFront, Secrets Manager and Lambda's Invoke API listen.
    #[must_use]
    pub fn aws_endpoint(&self) -> String {
        url(self.aws)
    }

    /// The same as [`System::aws_endpoint`], as an address.
    #[must_use]
    pub fn aws_address(&self) -> SocketAddr {
        self.aws
    }

    /// The edge, as an address on this machine.
    pub(crate) fn edge_address(&self) -> SocketAddr {
        reachable(self.edge)
    }

    /// Nothing is queued, delayed or running, and no invalidation is in progress.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.lambda.is_settled() && self.invalidations.is_completed()
    }

    /// Whether a repository is in the bucket: of an earlier run, in the folder that it was kept in.
    #[must_use]
    pub fn has_repository(&self) -> bool {
        !self.store.list("charts/").is_empty()
    }

    /// The name of the one bucket.
    #[must_use]
    pub fn bucket_name(&self) -> &'static str {
        BUCKET
    }

    /// The bucket itself, past HTTP. Writes notify the functions; nothing is counted.
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

    /// Rotates the one secret.
    pub fn set_secret(&self, value: Option<String>) {
        self.secret.set(value);
    }

    /// Queues an event for a function as S3 would; returns its request id.
    pub fn invoke_async(&self, function: &str, payload: &Value) -> String {
        self.lambda.invoke_async(function, payload)
    }

    /// Queues events as [`System::invoke_async`] does, for who hears of them from elsewhere and outlives no system.
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

    /// The permissions in the template without which no request so far would have failed, each with its function.
    #[must_use]
    pub fn unneeded_permissions(&self) -> Vec<(String, Permission)> {
        self.iam.unneeded()
    }

    /// How many there were of each operation.
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

    /// CloudFront's own view of them.
    #[must_use]
    pub fn cloudfront(&self) -> &Invalidations {
        &self.invalidations
    }

    /// What the processes of a function wrote to stdout and stderr, line by line.
    #[must_use]
    pub fn function_logs(&self, function: &str) -> Vec<String> {
        self.lambda.logs(function)
    }

    /// How many processes of a function there are.
    #[must_use]
    pub fn processes(&self, function: &str) -> usize {
        self.lambda.processes(function)
    }

    /// Everything that happens from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Step> {
        self.steps.subscribe()
    }

    /// Since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.steps.elapsed()
    }

    /// The outcomes so far, by upload.
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.outcomes.all()
    }

    /// Waits for an upload's outcome; `None` if it was replaced or withdrawn before it had one.
    pub async fn outcome(&self, upload: &Upload) -> Option<Outcome> {
        self.outcomes.wait(upload).await
    }

    /// Runs both functions as the schedules in `template.yaml` would.
    ///
    /// # Errors
    ///
    /// What the first function that failed reported, or that left something undone.
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

    /// The promises that were broken so far or don't hold now; to be asked when nothing is under way. Always empty without
    /// [`Options::watch_promises`].
    pub async fn broken_promises(&self) -> Vec<String> {
        match &self.promises {
            Some(promises) => promises.broken(&self.store, &self.outcomes, self.edge_address()).await,
            None => Vec::new(),
        }
    }

    /// Uploads without an outcome.
    #[must_use]
    pub fn open_uploads(&self) -> Vec<Upload> {
        self.outcomes.open()
    }

    /// Concludes uploads that no function will look at any more.
    pub(crate) fn fail(&self, upload: Upload, reason: &str) {
        let outcome = self.outcomes.fail(upload, reason.to_owned());
        self.steps.tell(StepKind::Outcome(Box::new(outcome)));
    }

    pub(crate) fn visibility(&self) -> &Visibility {
        &self.visibility
    }

    /// Ends everything and waits until the processes have ended.
    pub async fn shutdown(self) {
        self.lambda.stop();
        self.lambda.ended().await;
    }
}

/// What a sweep says that it could not do. It does not fail for that.
#[must_use]
pub fn undone(answer: &Value) -> Option<&Value> {
    ["failed", "problems"].into_iter().find_map(|list| answer.get(list))
}

async fn listen(
    what: &'static str,
    address: SocketAddr,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen {
        what,
        address,
        option,
        error,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

async fn functions(given: Option<Binaries>) -> Result<Binaries, StartError> {
    if let Some(given) = given {
        return Ok(given);
    }
    let built = tokio::task::spawn_blocking(binaries::build).await;
    Ok(built.unwrap_or_else(|error| Err(BuildError::NoCargo(error.to_string())))?)
}

fn open(options: &Options) -> Result<Store, StartError> {
    let Some(folder) = &options.data else {
        return Ok(Store::in_memory());
    };
    let opened = Disk::open(folder).and_then(Store::on_disk);
    opened.map_err(|error| StartError::Data {
        folder: folder.clone(),
        error,
    })
}

fn specs(options: &Options, functions: Binaries) -> Vec<FunctionSpec> {
    vec![
        FunctionSpec {
            name: PUBLISH_CHART.to_owned(),
            binary: functions.publish_chart,
            memory_mib: 512,
            timeout: options.publish_timeout,
            instances: options.instances,
        },
        FunctionSpec {
            name: INVALIDATE_CDN.to_owned(),
            binary: functions.invalidate_cdn,
            memory_mib: 128,
            timeout: options.invalidate_timeout,
            instances: options.instances,
        },
    ]
}

/// A listener on all addresses is reached on this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()))
    } else {
        address
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}
