//! What a function is set up with, and where its processes log.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::identity::function_arn;

/// The part of `template.yaml` that concerns one function.
#[derive(Debug, Clone)]
pub(crate) struct FunctionSpec {
    pub(crate) name: String,
    pub(crate) binary: PathBuf,
    pub(crate) memory_mib: u32,
    /// After that long an invocation is ended and its process killed.
    pub(crate) timeout: Duration,
    /// Processes at once.
    pub(crate) instances: usize,
}

impl FunctionSpec {
    pub(crate) fn arn(&self) -> String {
        function_arn(&self.name)
    }
}

/// Lines that the processes of a function wrote, oldest first.
pub(super) type Logs = Arc<Mutex<Vec<String>>>;
