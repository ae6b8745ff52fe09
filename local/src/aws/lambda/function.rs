//! One function: its processes, how many may run at once, and what they said.

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

    /// Runs one invocation on an idle process, or a new one, or waits for one to become idle.
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
                // It died between two invocations: nothing has begun, so another process takes this
                // one.
                Err(Ended {
                    delivered: false,
                    timed_out: false,
                    ..
                }) if used => self.forget(&process),
                Err(Ended { error, .. }) => {
                    self.forget(&process);
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
            self.forget(&process);
        }
    }

    async fn start(&self) -> Result<Process, FunctionError> {
        let process = Process::start(&self.spec, &self.environment, Arc::clone(&self.logs)).await?;
        lock(&self.running).push(process.handle());
        Ok(process)
    }

    fn forget(&self, process: &Process) {
        lock(&self.running).retain(|handle| handle.id != process.id());
    }

    /// Kills the process with that id, if it is one of this function's.
    pub(super) fn kill(&self, process: &str) {
        lock(&self.running)
            .iter()
            .filter(|handle| handle.id == process)
            .for_each(Handle::kill);
    }

    /// How many processes there are.
    pub(super) fn processes(&self) -> usize {
        lock(&self.running).len()
    }

    pub(super) fn logs(&self) -> Vec<String> {
        lock(&self.logs).clone()
    }

    /// Nothing starts any more, and every process is told to end.
    pub(super) fn stop(&self) {
        self.permits.close();
        lock(&self.running).iter().for_each(Handle::kill);
    }

    /// Waits until the processes that were told to end have ended.
    pub(super) async fn ended(&self) {
        let handles: Vec<Handle> = lock(&self.running).drain(..).collect();
        for handle in handles {
            handle.ended().await;
        }
    }
}
