//! One process of a function, with its own Runtime API.

use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use super::environment::Environment;
use super::error::FunctionError;
use super::runtime_api::{Reported, RuntimeApi, Work};
use super::spec::{FunctionSpec, Logs};
use crate::http::server::{self, Server};
use crate::sync::lock;

/// How many log lines are kept; later ones are dropped.
const LOG_LINES: usize = 200_000;
/// How long to wait for the last output of a process that has ended: it may still be in the pipes.
const LAST_OUTPUT: Duration = Duration::from_millis(500);

/// A running process. Dropping it kills the process.
pub(super) struct Process {
    id: String,
    api: Arc<RuntimeApi>,
    exit: watch::Receiver<Option<Exit>>,
    kill: Arc<Notify>,
    _server: Server,
    waiter: JoinHandle<()>,
}

/// A handle to kill a process and to wait for its end.
pub(super) struct Handle {
    pub(super) id: String,
    kill: Arc<Notify>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Handle {
    pub(super) fn kill(&self) {
        self.kill.notify_one();
    }

    pub(super) async fn ended(mut self) {
        // It fails if the sender is gone: then the process was dropped, and so killed.
        let _ = self.exit.wait_for(Option::is_some).await;
    }
}

#[derive(Debug, Clone)]
struct Exit {
    status: String,
    last_line: Option<String>,
}

/// An invocation that failed.
pub(super) struct Ended {
    pub(super) error: FunctionError,
    /// Whether the process is still running and can serve the next invocation.
    pub(super) alive: bool,
    /// Whether the process had received the event.
    pub(super) delivered: bool,
    pub(super) timed_out: bool,
}

/// What can happen during an invocation.
enum Event {
    /// The process reported a response or an error; `None` if its Runtime API is gone.
    Answered(Option<Result<Bytes, FunctionError>>),
    /// The process received the event (`true`), or no longer can.
    Taken(bool),
    Exited,
    TooLate,
}

impl Drop for Process {
    fn drop(&mut self) {
        // Dropping the waiter also kills the child (`kill_on_drop`).
        self.waiter.abort();
    }
}

impl Process {
    pub(super) async fn start(
        spec: &FunctionSpec,
        environment: &Environment,
        logs: Logs,
    ) -> Result<Self, FunctionError> {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let id = format!("{}-{}", spec.name, COUNT.fetch_add(1, Ordering::Relaxed));
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            FunctionError::new(&spec.name, "Runtime.InvalidEntrypoint", format!("{what}: {error}"))
        };
        let (listener, address) = server::listen()
            .await
            .map_err(|e| failed("cannot listen for the Runtime API", &e))?;
        let api = Arc::new(RuntimeApi::new(&spec.name));
        let served = Arc::clone(&api).serve(listener);
        let child = Command::new(&spec.binary)
            .env_clear()
            .envs(environment.of_process(spec, address, &id))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| failed(&format!("cannot start {}", spec.binary.display()), &e))?;
        let (exit_sender, exit) = watch::channel(None);
        let kill = Arc::new(Notify::new());
        let waiter = tokio::spawn(wait(child, logs, Arc::clone(&kill), exit_sender));
        Ok(Self {
            id,
            api,
            exit,
            kill,
            _server: served,
            waiter,
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn handle(&self) -> Handle {
        Handle {
            id: self.id.clone(),
            kill: Arc::clone(&self.kill),
            exit: self.exit.clone(),
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.exit.borrow().is_none() && !self.waiter.is_finished()
    }

    /// Gives the process one event and waits for the answer, the exit or the timeout.
    pub(super) async fn invoke(&self, spec: &FunctionSpec, request_id: &str, payload: Bytes) -> Result<Bytes, Ended> {
        let (reply, mut answer) = oneshot::channel();
        let (delivered, mut delivery) = oneshot::channel();
        let work = Work {
            request_id: request_id.to_owned(),
            payload,
            timeout: spec.timeout,
            arn: spec.arn(),
            delivered,
            reply,
        };
        self.api.give(work);
        let mut exit = self.exit.clone();
        let started = Instant::now();
        // The timeout starts when the process receives the event. Until then, the same limit
        // applies to its initialization.
        let mut taken = false;
        let mut deadline = tokio::time::Instant::now() + spec.timeout;
        loop {
            let event = tokio::select! {
                biased;
                answer = &mut answer => Event::Answered(answer.ok()),
                got = &mut delivery, if !taken => Event::Taken(got.is_ok()),
                _ = exit.wait_for(Option::is_some) => Event::Exited,
                () = tokio::time::sleep_until(deadline) => Event::TooLate,
            };
            match event {
                Event::Answered(Some(answer)) => {
                    return answer.map_err(|error| Ended {
                        error,
                        alive: true,
                        delivered: true,
                        timed_out: false,
                    });
                }
                Event::Taken(true) => {
                    taken = true;
                    deadline = tokio::time::Instant::now() + spec.timeout;
                }
                Event::Answered(None) | Event::Taken(false) | Event::Exited => break,
                Event::TooLate => {
                    self.kill.notify_one();
                    let _ = exit.wait_for(Option::is_some).await;
                    let error = timed_out(spec, request_id, taken);
                    return Err(Ended {
                        error,
                        alive: false,
                        delivered: taken,
                        timed_out: true,
                    });
                }
            }
        }
        let _ = exit.wait_for(Option::is_some).await;
        // The process may have answered just before it exited.
        if let Ok(answer) = answer.try_recv() {
            return answer.map_err(|error| Ended {
                error,
                alive: false,
                delivered: true,
                timed_out: false,
            });
        }
        taken |= delivery.try_recv().is_ok();
        let error = self.exited(spec, request_id, taken, started.elapsed());
        Err(Ended {
            error,
            alive: false,
            delivered: taken,
            timed_out: false,
        })
    }

    fn exited(&self, spec: &FunctionSpec, request_id: &str, taken: bool, after: Duration) -> FunctionError {
        let exit = self.exit.borrow().clone();
        let (status, last_line) = exit.map_or_else(|| ("unknown".to_owned(), None), |e| (e.status, e.last_line));
        if let Some(Reported { error_type, message }) = self.api.init_error() {
            return FunctionError::new(&spec.name, &error_type, message);
        }
        let said = last_line
            .map(|line| format!("; the last line on stderr: {line}"))
            .unwrap_or_default();
        let message = if taken {
            format!("RequestId: {request_id} Error: Runtime exited with error: {status}{said}")
        } else {
            format!("the function exited {after:.1?} after its start, before it received an event: {status}{said}")
        };
        FunctionError::new(&spec.name, "Runtime.ExitError", message)
    }
}

fn timed_out(spec: &FunctionSpec, request_id: &str, taken: bool) -> FunctionError {
    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    let seconds = spec.timeout.as_secs_f64();
    let message = if taken {
        format!("{now:.3} {request_id} Task timed out after {seconds:.2} seconds")
    } else {
        format!("the function did not request its first event within {seconds:.2} seconds")
    };
    FunctionError::new(&spec.name, "Sandbox.Timedout", message)
}

/// Collects the output of the process until it exits or is killed.
async fn wait(mut child: Child, logs: Logs, kill: Arc<Notify>, exit: watch::Sender<Option<Exit>>) {
    let last_error_line = Logs::default();
    let out = child
        .stdout
        .take()
        .map(|pipe| tokio::spawn(collect(pipe, vec![Arc::clone(&logs)])));
    let err = child.stderr.take();
    let err = err.map(|pipe| tokio::spawn(collect(pipe, vec![logs, Arc::clone(&last_error_line)])));
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.notified() => {
            let _ = child.start_kill();
            child.wait().await
        }
    };
    for pipe in [out, err].into_iter().flatten() {
        let _ = tokio::time::timeout(LAST_OUTPUT, pipe).await;
    }
    let last_line = lock(&last_error_line)
        .iter()
        .rev()
        .find(|line| !line.trim().is_empty())
        .cloned();
    exit.send_replace(Some(Exit {
        status: describe(status),
        last_line,
    }));
}

fn describe(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

async fn collect(pipe: impl AsyncRead + Unpin, into: Vec<Logs>) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).await.is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
        for logs in &into {
            let mut logs = lock(logs);
            if logs.len() < LOG_LINES {
                logs.push(text.clone());
            }
        }
        line.clear();
    }
}
