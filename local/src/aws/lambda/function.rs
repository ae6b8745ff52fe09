//! One function: its processes, their maximum number, and their logs.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::environment::Environment;
use super::error::FunctionError;
use super::process::{Ended, Handle, Process};
use super::spec::{FunctionSpec, Logs};
use crate::sync::lock;

pub(crate) struct Function {
    pub(super) spec: FunctionSpec,
    environment: Environment,
    permits: Semaphore,
    idle: Mutex<Vec<Process>>,
    logs: Logs,
    running: Mutex<Vec<Handle>>,
}

impl Function {
    pub(crate) fn new(spec: FunctionSpec, environment: Environment) -> Self {
        Self {
            permits: Semaphore::new(spec.instances.max(1)),
            idle: Mutex::default(),
            logs: Logs::default(),
            running: Mutex::default(),
            spec,
            environment,
        }
    }

    /// Runs one invocation on an idle process or a new one. If the maximum number is running, it
    /// waits for one to become idle.
    pub(super) async fn invoke(&self, request_id: &str, payload: &Bytes) -> Result<Bytes, FunctionError> {
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(FunctionError::new(
                &self.spec.name,
                "Local.Stopped",
                "the system is shutting down",
            ));
        };
        loop {
            let (process, used) = match self.take_idle() {
                Some(process) => (process, true),
                None => (self.start().await?, false),
            };
            match process.invoke(&self.spec, request_id, payload.clone()).await {
                Ok(response) => {
                    lock(&self.idle).push(process);
                    return Ok(response);
                }
                Err(Ended { error, alive: true, .. }) => {
                    lock(&self.idle).push(process);
                    return Err(error);
                }
                // The process died while it was idle and never received the event, so another
                // process can run this invocation.
                Err(Ended {
                    delivered: false,
                    timed_out: false,
                    ..
                }) if used => self.remove(&process),
                Err(Ended { error, .. }) => {
                    self.remove(&process);
                    return Err(error);
                }
            }
        }
    }

    fn take_idle(&self) -> Option<Process> {
        loop {
            let process = lock(&self.idle).pop()?;
            if process.is_alive() {
                return Some(process);
            }
            self.remove(&process);
        }
    }

    async fn start(&self) -> Result<Process, FunctionError> {
        let process = Process::start(&self.spec, &self.environment, Arc::clone(&self.logs)).await?;
        lock(&self.running).push(process.handle());
        Ok(process)
    }

    fn remove(&self, process: &Process) {
        lock(&self.running).retain(|handle| handle.id != process.id());
    }

    /// Kills the process with this id, if it belongs to this function.
    pub(super) fn kill(&self, process: &str) {
        lock(&self.running)
            .iter()
            .filter(|handle| handle.id == process)
            .for_each(Handle::kill);
    }

    /// The number of processes.
    pub(super) fn processes(&self) -> usize {
        lock(&self.running).len()
    }

    pub(super) fn logs(&self) -> Vec<String> {
        lock(&self.logs).clone()
    }

    /// Kills every process, and starts no new one.
    pub(super) fn stop(&self) {
        self.permits.close();
        lock(&self.running).iter().for_each(Handle::kill);
    }

    /// Waits until the processes that [`Function::stop`] killed have ended.
    pub(super) async fn ended(&self) {
        let handles: Vec<Handle> = lock(&self.running).drain(..).collect();
        for handle in handles {
            handle.ended().await;
        }
    }
}
