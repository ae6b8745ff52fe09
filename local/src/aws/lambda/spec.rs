//! The configuration of a function, and the log of its processes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::identity::function_arn;

/// The configuration of one function, as `template.yaml` has it.
#[derive(Debug, Clone)]
pub(crate) struct FunctionSpec {
    pub(crate) name: String,
    pub(crate) binary: PathBuf,
    pub(crate) memory_mib: u32,
    /// After this long, an invocation fails and its process is killed.
    pub(crate) timeout: Duration,
    /// How many processes may run at once.
    pub(crate) instances: usize,
}

impl FunctionSpec {
    pub(crate) fn arn(&self) -> String {
        function_arn(&self.name)
    }
}

/// Lines that the processes of a function wrote, oldest first.
pub(super) type Logs = Arc<Mutex<Vec<String>>>;
