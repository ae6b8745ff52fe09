//! Starts the stand-ins and wires them together.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::binaries::{self, Binaries, BuildError, INVALIDATE_CDN, PUBLISH_CHART};
use crate::cloudfront::Invalidations;
use crate::edge::Edge;
use crate::faults::{Faults, NoFaults};
use crate::http::{Reply, Server, infallible, reply, serve};
use crate::lambda::{
    DeadLetter, Endpoints, Environment, FunctionError, FunctionSpec, INVOKE_PREFIX, Lambda, RETRY_DELAYS,
};
use crate::outcomes::{Outcome, Outcomes, Upload};
use crate::s3::notifications::RULES;
use crate::s3::store::Change;
use crate::s3::{BUCKET, Disk, Front, LoggedRequest, RequestLog, Store};
use crate::steps::{Step, StepKind, Steps};
use crate::visibility::Visibility;
use crate::{cloudfront, edge, lambda, secrets};

/// How a system is set up. The default listens on free ports of 127.0.0.1 and keeps everything in memory.
#[derive(Clone)]
pub struct Options {
    /// Where the edge listens; port 0 for any free one.
    pub edge: SocketAddr,
    /// Where S3 listens; port 0 for any free one.
    pub s3: SocketAddr,
    /// The bucket is kept in that folder between runs.
    pub data: Option<PathBuf>,
    /// Processes of publish-chart at once.
    pub instances: usize,
    /// Environment of the functions: DESIGN's settings, and whatever else is to be set or overridden.
    pub settings: BTreeMap<String, String>,
    /// The value of the one secret.
    pub secret: Option<String>,
    /// S3 tells the functions about new objects. Without, a test delivers events by itself.
    pub notifications: bool,
    /// Fetches the index through the edge until each published chart is visible there, and tells [`StepKind::Visible`].
    pub watch_edge: bool,
    /// The functions' executables; `None`: [`binaries::build`].
    pub functions: Option<Binaries>,
    /// How long publish-chart may take.
    pub publish_timeout: Duration,
    /// How long invalidate-cdn may take.
    pub invalidate_timeout: Duration,
    /// Pauses before an asynchronous event is tried again; as many retries as there are pauses.
    pub retry_delays: Vec<Duration>,
    /// How long an invalidation is in progress.
    pub invalidation_takes: Duration,
    /// What goes wrong.
    pub faults: Arc<dyn Faults>,
}

impl Default for Options {
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            edge: any,
            s3: any,
            data: None,
            instances: 10,
            settings: BTreeMap::new(),
            secret: None,
            notifications: true,
            watch_edge: false,
            functions: None,
            publish_timeout: Duration::from_secs(60),
            invalidate_timeout: Duration::from_secs(30),
            retry_delays: RETRY_DELAYS.to_vec(),
            invalidation_takes: Duration::from_millis(100),
            faults: Arc::new(NoFaults),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("edge", &self.edge)
            .field("s3", &self.s3)
            .field("data", &self.data)
            .field("instances", &self.instances)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Why a system does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken, or may not be used.
    #[error("{what} cannot listen on {address}: {error}; {option} chooses another address, port 0 any free one")]
    Listen {
        /// Which stand-in.
        what: &'static str,
        /// Where it should listen.
        address: SocketAddr,
        /// The option that changes it.
        option: &'static str,
        /// The system's words.
        error: io::Error,
    },
    /// The folder for the bucket cannot be used.
    #[error("the bucket cannot be kept in {folder}: {error}", folder = .folder.display())]
    Data {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// There are no functions to run.
    #[error(transparent)]
    Functions(#[from] BuildError),
}

/// A running system. Dropping it ends everything, processes included.
pub struct System {
    edge: SocketAddr,
    s3: SocketAddr,
    aws: SocketAddr,
    store: Store,
    requests: RequestLog,
    lambda: Lambda,
    invalidations: Invalidations,
    outcomes: Outcomes,
    visibility: Visibility,
    steps: Steps,
    servers: Vec<Server>,
    watch: Option<JoinHandle<()>>,
}

impl Drop for System {
    fn drop(&mut self) {
        self.lambda.stop();
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
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (aws_listener, aws_address) = listen("the AWS endpoint", any, "nothing").await?;
        let functions = functions(options.functions.clone()).await?;
        let store = open(&options)?;

        let steps = Steps::new();
        let outcomes = Outcomes::new();
        let visibility = Visibility::new(reachable(edge_address), outcomes.clone(), steps.clone());
        let edge = Edge::new(store.clone());
        let invalidations =
            Invalidations::new(edge.clone(), steps.clone(), options.invalidation_takes, Handle::current());
        let environment = Environment {
            endpoints: Endpoints { s3: url(s3_address), aws: url(aws_address), edge: url(edge_address) },
            settings: options.settings.clone(),
        };
        let lambda = Lambda::new(
            specs(&options, functions),
            &environment,
            options.retry_delays.clone(),
            Arc::clone(&options.faults),
            steps.clone(),
            on_dead_letter(outcomes.clone(), steps.clone()),
        );
        let observer = Observer {
            notify: options.notifications.then(|| lambda.clone()),
            outcomes: outcomes.clone(),
            visibility: visibility.clone(),
            steps: steps.clone(),
        };
        store.observe(move |change| observer.see(change));

        let requests = RequestLog::default();
        let killer = lambda.clone();
        let front = Front {
            store: store.clone(),
            log: requests.clone(),
            faults: options.faults,
            killer: Arc::new(move |process| killer.kill(process)),
        };
        let servers = vec![
            edge::serve(edge_listener, edge),
            front.serve(s3_listener),
            serve_aws(aws_listener, &lambda, &invalidations, options.secret),
        ];
        let watch = options.watch_edge.then(|| visibility.clone().watch());
        let system = Self {
            edge: edge_address,
            s3: s3_address,
            aws: aws_address,
            store,
            requests,
            lambda,
            invalidations,
            outcomes,
            visibility,
            steps,
            servers,
            watch,
        };
        if options.notifications {
            system.sweep_leftovers();
        }
        Ok(system)
    }

    /// Notifications of an earlier run died with it; its uploads did not.
    fn sweep_leftovers(&self) {
        let left: Vec<String> = self.store.list("staging/").into_iter().filter(|key| key.ends_with(".tgz")).collect();
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

    /// Queues an event for a function as S3 would; returns its request id.
    pub fn invoke_async(&self, function: &str, payload: &Value) -> String {
        self.lambda.invoke_async(function, payload)
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

    /// How many there were of each operation.
    #[must_use]
    pub fn s3_request_counts(&self) -> BTreeMap<String, usize> {
        self.requests.by_operation()
    }

    /// The paths of each invalidation, oldest first.
    #[must_use]
    pub fn invalidations(&self) -> Vec<Vec<String>> {
        self.invalidations.all().into_iter().map(|invalidation| invalidation.paths).collect()
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

    /// Ends everything: listeners, connections, processes.
    pub async fn shutdown(mut self) {
        self.lambda.stop();
        self.servers.clear();
        // Let the killed processes be reaped.
        tokio::task::yield_now().await;
    }
}

/// What happens when the bucket changes, while it is still locked.
struct Observer {
    notify: Option<Lambda>,
    outcomes: Outcomes,
    visibility: Visibility,
    steps: Steps,
}

impl Observer {
    fn see(&self, change: &Change<'_>) {
        match change.object {
            Some(object) => self.written(change, object),
            None => {
                if change.key.starts_with("staging/") {
                    self.outcomes.withdrawn(change.key);
                }
                self.steps.tell(StepKind::Removed { key: change.key.to_owned(), by: change.cause.by.clone() });
            }
        }
        if let Some(lambda) = &self.notify {
            for rule in &RULES {
                if let Some(event) = rule.event(change) {
                    lambda.invoke_async(rule.function, &event);
                }
            }
        }
    }

    fn written(&self, change: &Change<'_>, object: &crate::s3::Object) {
        let (key, etag, size) = (change.key.to_owned(), object.etag.clone(), object.bytes.len());
        if key.starts_with("staging/") {
            if key.ends_with(".tgz") {
                self.outcomes.uploaded(&key, &etag);
            }
            self.steps.tell(StepKind::Uploaded { key, etag, size });
            return;
        }
        self.steps.tell(StepKind::Written { key, etag, size, by: change.cause.by.clone() });
        if change.key.starts_with("receipts/")
            && let Some(outcome) = self.outcomes.receipt(&object.bytes)
        {
            self.visibility.await_chart(&outcome);
            self.steps.tell(StepKind::Outcome(Box::new(outcome)));
        }
    }
}

fn on_dead_letter(outcomes: Outcomes, steps: Steps) -> impl Fn(&DeadLetter) + Send + Sync {
    move |letter| {
        if letter.function == PUBLISH_CHART {
            for outcome in outcomes.dead(letter) {
                steps.tell(StepKind::Outcome(Box::new(outcome)));
            }
        }
    }
}

async fn listen(
    what: &'static str,
    address: SocketAddr,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen { what, address, option, error };
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
    let Some(folder) = &options.data else { return Ok(Store::in_memory()) };
    let opened = Disk::open(folder).and_then(Store::on_disk);
    opened.map_err(|error| StartError::Data { folder: folder.clone(), error })
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

/// One listener for the small APIs, told apart by their paths and headers.
fn serve_aws(
    listener: TcpListener,
    lambda: &Lambda,
    invalidations: &Invalidations,
    secret: Option<String>,
) -> Server {
    let (lambda, invalidations, secret) = (lambda.clone(), invalidations.clone(), secret.map(Arc::<str>::from));
    serve(listener, move |request| {
        let (lambda, invalidations, secret) = (lambda.clone(), invalidations.clone(), secret.clone());
        async move { infallible(answer_aws(&lambda, &invalidations, secret.as_deref(), request).await) }
    })
}

async fn answer_aws(
    lambda: &Lambda,
    invalidations: &Invalidations,
    secret: Option<&str>,
    request: Request<Incoming>,
) -> Reply {
    let path = request.uri().path();
    if path.starts_with(cloudfront::API_PREFIX) {
        cloudfront::answer(invalidations, request).await
    } else if path.starts_with(INVOKE_PREFIX) {
        lambda::answer_invoke(lambda, request).await
    } else if request.headers().contains_key("x-amz-target") {
        secrets::answer(secret, request).await
    } else {
        let known = "this endpoint stands in for CloudFront, Secrets Manager and Lambda's Invoke API\n";
        reply(StatusCode::NOT_FOUND, "text/plain", known)
    }
}

/// A listener on all addresses is reached on this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())) } else { address }
}

fn url(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}
