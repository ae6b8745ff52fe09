//! Invocations: direct ones, and those from the asynchronous queue with its retries and its
//! dead-letter queue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::environment::Environment;
use super::error::FunctionError;
use super::function::Function;
use super::progress::{DeadLetter, Finished, Invoked, Progress};
use super::spec::FunctionSpec;
use crate::aws::request_id::new_request_id;
use crate::events::keys_in;
use crate::faults::{Delivery, Faults};
use crate::sync::lock;

/// All functions, with their queue of events. Clones share the same state.
#[derive(Clone)]
pub struct Lambda {
    inner: Arc<Inner>,
}

struct Inner {
    functions: BTreeMap<String, Function>,
    retry_delays: Vec<Duration>,
    dead_letters: Mutex<Vec<DeadLetter>>,
    /// The number of events that are queued, delayed or running, including direct invocations.
    busy: watch::Sender<usize>,
    faults: Arc<dyn Faults>,
    on_progress: Box<dyn Fn(Progress) + Send + Sync>,
    runtime: Handle,
}

/// Counts one event as busy until it is dropped.
struct Busy(Arc<Inner>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Lambda {
    pub(crate) fn new(
        specs: Vec<FunctionSpec>,
        environment: &Environment,
        retry_delays: Vec<Duration>,
        faults: Arc<dyn Faults>,
        on_progress: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Self {
        let functions = specs
            .into_iter()
            .map(|spec| (spec.name.clone(), Function::new(spec, environment.clone())))
            .collect();
        let inner = Inner {
            functions,
            retry_delays,
            dead_letters: Mutex::default(),
            busy: watch::Sender::new(0),
            faults,
            on_progress: Box::new(on_progress),
            runtime: Handle::current(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Runs a function and waits for its answer.
    ///
    /// # Errors
    ///
    /// The error that the function reported, or why it could not answer.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Result<Value, FunctionError> {
        let _busy = self.busy();
        let payload = Bytes::from(payload.to_string());
        let (request_id, started) = (new_request_id(), Instant::now());
        let response = self.attempt(function, &request_id, 1, &payload).await;
        self.report(Progress::Finished(Finished {
            function: function.to_owned(),
            request_id,
            attempt: 1,
            error: response.as_ref().err().cloned(),
            retry_in: None,
            dead: false,
            took: started.elapsed(),
            answer: answered(&payload, response.as_ref().ok()),
        }));
        let response = response?;
        serde_json::from_slice(&response)
            .map_err(|error| FunctionError::new(function, "Local.NotJson", format!("the answer is not JSON: {error}")))
    }

    /// Queues an event, and immediately returns its request id.
    pub fn invoke_async(&self, function: &str, payload: &Value) -> String {
        let request_id = new_request_id();
        let bytes = Bytes::from(payload.to_string());
        let (times, late) = match self.inner.faults.delivery(function, &bytes) {
            Delivery::Once => (1, Duration::ZERO),
            Delivery::Times(times) => (times, Duration::ZERO),
            Delivery::Late(late) => (1, late),
        };
        for _ in 0..times {
            let event = self.clone().deliver(
                self.busy(),
                function.to_owned(),
                request_id.clone(),
                bytes.clone(),
                late,
            );
            self.inner.runtime.spawn(event);
        }
        request_id
    }

    async fn deliver(self, busy: Busy, function: String, request_id: String, payload: Bytes, late: Duration) {
        tokio::time::sleep(late).await;
        let mut attempt = 1;
        let mut delays = self.inner.retry_delays.iter();
        loop {
            let started = Instant::now();
            let response = self.attempt(&function, &request_id, attempt, &payload).await;
            let answer = answered(&payload, response.as_ref().ok());
            let error = response.err();
            let delay = delays.next().filter(|_| error.is_some()).copied();
            self.report(Progress::Finished(Finished {
                function: function.clone(),
                request_id: request_id.clone(),
                attempt,
                error: error.clone(),
                retry_in: delay,
                dead: error.is_some() && delay.is_none(),
                took: started.elapsed(),
                answer,
            }));
            match (error, delay) {
                (None, _) => break,
                (Some(_), Some(delay)) => tokio::time::sleep(delay).await,
                (Some(error), None) => {
                    let payload = serde_json::from_slice(&payload).unwrap_or_default();
                    self.bury(DeadLetter {
                        function,
                        request_id,
                        payload,
                        error,
                        attempts: attempt,
                    });
                    break;
                }
            }
            attempt += 1;
        }
        drop(busy);
    }

    fn bury(&self, letter: DeadLetter) {
        self.report(Progress::Buried(letter.clone()));
        lock(&self.inner.dead_letters).push(letter);
    }

    async fn attempt(
        &self,
        name: &str,
        request_id: &str,
        attempt: u32,
        payload: &Bytes,
    ) -> Result<Bytes, FunctionError> {
        let Some(function) = self.inner.functions.get(name) else {
            let known: Vec<&str> = self.inner.functions.keys().map(String::as_str).collect();
            let message = format!("Function not found; the functions are {}", known.join(" and "));
            return Err(FunctionError::new(name, "ResourceNotFoundException", message));
        };
        self.report(Progress::Invoked(Invoked {
            function: name.to_owned(),
            request_id: request_id.to_owned(),
            attempt,
            about: about(payload),
            command: command(payload),
        }));
        function.invoke(request_id, payload).await
    }

    /// Waits until no event is queued, delayed or running.
    pub async fn settled(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.inner.busy.subscribe().wait_for(|count| *count == 0).await;
    }

    pub(crate) fn is_settled(&self) -> bool {
        *self.inner.busy.borrow() == 0
    }

    /// The events in the dead-letter queue, oldest first.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        lock(&self.inner.dead_letters).clone()
    }

    /// What the processes of a function wrote to stdout and stderr, line by line.
    #[must_use]
    pub fn logs(&self, function: &str) -> Vec<String> {
        self.inner
            .functions
            .get(function)
            .map(Function::logs)
            .unwrap_or_default()
    }

    /// The number of processes of a function.
    #[must_use]
    pub fn processes(&self, function: &str) -> usize {
        self.inner
            .functions
            .get(function)
            .map(Function::processes)
            .unwrap_or_default()
    }

    pub(crate) fn has(&self, function: &str) -> bool {
        self.inner.functions.contains_key(function)
    }

    /// Kills the process with this id.
    pub(crate) fn kill(&self, process: &str) {
        self.inner
            .functions
            .values()
            .for_each(|function| function.kill(process));
    }

    /// Kills all processes, and starts no new ones.
    pub(crate) fn stop(&self) {
        self.inner.functions.values().for_each(Function::stop);
    }

    /// Waits until the processes that [`Lambda::stop`] killed have ended.
    pub(crate) async fn ended(&self) {
        for function in self.inner.functions.values() {
            function.ended().await;
        }
    }

    fn report(&self, progress: Progress) {
        (self.inner.on_progress)(progress);
    }

    fn busy(&self) -> Busy {
        self.inner.busy.send_modify(|count| *count += 1);
        Busy(Arc::clone(&self.inner))
    }
}

/// The event, if it is a command.
fn command(payload: &[u8]) -> Option<Value> {
    let payload: Value = serde_json::from_slice(payload).ok()?;
    payload.get("command").is_some().then_some(payload)
}

/// The command and its answer, if the event is a command that was answered.
fn answered(payload: &[u8], answer: Option<&Bytes>) -> Option<(Value, Value)> {
    Some((command(payload)?, serde_json::from_slice(answer?).ok()?))
}

/// The subject of an event: its command, or the keys that it names.
fn about(payload: &[u8]) -> Vec<String> {
    let payload: Value = serde_json::from_slice(payload).unwrap_or_default();
    match payload.get("command").and_then(Value::as_str) {
        Some(command) => vec![command.to_owned()],
        None => keys_in(&payload),
    }
}
