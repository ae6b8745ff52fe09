//! One process of a function, under a Runtime API that reports when it is called.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use local::System;
use local::http::server::{self, Server};
use local::identity;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};

/// A deadline in the past, ten minutes after 1970: the functions treat it as none, and allow
/// themselves half a minute.
const NO_DEADLINE: &str = "600000";

/// A function's executable and its environment variables.
pub struct Function {
    name: &'static str,
    binary: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Function {
    /// The function of this executable, with the system's bucket.
    pub fn new(name: &'static str, binary: PathBuf, system: &System) -> Self {
        let environment = [
            ("AWS_LAMBDA_FUNCTION_NAME", name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_REGION", identity::REGION),
            ("AWS_ACCESS_KEY_ID", "measured"),
            ("AWS_SECRET_ACCESS_KEY", identity::SECRET_ACCESS_KEY),
            ("AWS_ENDPOINT_URL_S3", &system.s3_endpoint()),
            ("AWS_ENDPOINT_URL_CLOUDFRONT", &system.aws_endpoint()),
            ("CHART_BUCKET", system.bucket_name()),
            ("REPOSITORY_URL", "https://charts.example.com"),
            ("DISTRIBUTION_ID", "E2EXAMPLE1ABCD"),
        ];
        Self {
            name,
            binary,
            environment: environment.map(|(name, value)| (name, value.to_owned())).to_vec(),
        }
    }

    /// The size of the executable in bytes.
    pub fn size(&self) -> f64 {
        self.binary.metadata().expect("the binary exists").len() as f64
    }

    /// Starts a process.
    pub async fn start(&self) -> Process {
        let (listener, address) = server::listen().await.expect("a free port");
        let (events, waiting) = mpsc::unbounded_channel();
        let (calls, seen) = mpsc::unbounded_channel();
        let api = Arc::new(RuntimeApi {
            events: Mutex::new(waiting),
            calls,
        });
        let server = server::serve(listener, move |request| Arc::clone(&api).respond(request));
        let started = Instant::now();
        let child = Command::new(&self.binary)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the function starts");
        Process {
            child,
            started,
            events,
            calls: seen,
            _server: server,
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A running function. Dropping it kills the process.
pub struct Process {
    child: Child,
    started: Instant,
    events: mpsc::UnboundedSender<Value>,
    calls: mpsc::UnboundedReceiver<Call>,
    _server: Server,
}

/// A call of the Runtime API.
enum Call {
    Next,
    Answer(Bytes),
    Error(Bytes),
}

impl Process {
    /// Sets the next event, even if the process has not requested it yet.
    pub fn give(&self, event: Value) {
        self.events.send(event).expect("the Runtime API runs");
    }

    /// Waits until the process requests an event. Returns the time since its start.
    pub async fn next(&mut self) -> Duration {
        match self.call().await {
            Call::Next => self.started.elapsed(),
            Call::Answer(bytes) | Call::Error(bytes) => panic!("not asked: {}", String::from_utf8_lossy(&bytes)),
        }
    }

    /// Waits for the answer to an event, whose upload must be published. Returns the time since the
    /// start of the process.
    pub async fn published(&mut self) -> Duration {
        let (report, time) = self.answered().await;
        assert_eq!(report["outcomes"][0]["outcome"], "published", "{report}");
        time
    }

    /// Waits for the answer to an event. Returns it, with the time since the start of the process.
    pub async fn answered(&mut self) -> (Value, Duration) {
        let answer = match self.call().await {
            Call::Answer(bytes) => bytes,
            Call::Error(bytes) => panic!("the function failed: {}", String::from_utf8_lossy(&bytes)),
            Call::Next => panic!("the function asks for another event before it has answered"),
        };
        let time = self.started.elapsed();
        (serde_json::from_slice(&answer).expect("a report is JSON"), time)
    }

    async fn call(&mut self) -> Call {
        tokio::select! {
            call = self.calls.recv() => call.expect("the Runtime API runs"),
            ended = self.child.wait() => panic!("the function ended: {ended:?}"),
        }
    }

    /// The peak memory of the process so far, in bytes. (`ru_maxrss` would be at least the memory
    /// that its parent had when it started the process.)
    pub fn peak(&self) -> f64 {
        let id = self.child.id().expect("it runs");
        let status =
            std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux has a status for each process");
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
        let kib: f64 = kib.and_then(|kib| kib.trim().parse().ok()).expect("a number of kB");
        kib * 1024.0
    }

    /// Kills the process, and waits until it has ended.
    pub async fn end(mut self) {
        self.child.kill().await.expect("it runs");
    }
}

struct RuntimeApi {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    calls: mpsc::UnboundedSender<Call>,
}

impl RuntimeApi {
    /// Answers a request: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
    async fn respond(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        if head.method == Method::GET {
            // Sending fails if the receiver is gone.
            let _ = self.calls.send(Call::Next);
            let event = self.events.lock().await.recv().await.unwrap_or_default();
            let response = Response::builder()
                .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
                .header("lambda-runtime-deadline-ms", NO_DEADLINE)
                .header(
                    "lambda-runtime-invoked-function-arn",
                    identity::function_arn("measured"),
                )
                .body(Full::from(event.to_string()));
            return Ok(response.expect("a response"));
        }
        let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let answered = head.uri.path().ends_with("/response");
        let _ = self.calls.send(if answered {
            Call::Answer(bytes)
        } else {
            Call::Error(bytes)
        });
        let accepted = Response::builder().status(202).body(Full::default());
        Ok(accepted.expect("a response"))
    }
}
