//! The requests that the functions made, so that tests can check their number and order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::sync::lock;

/// One request of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// `publish-chart` or `invalidate-cdn`.
    pub function: String,
    /// S3's name for the operation, such as `GetObject`.
    pub operation: String,
    /// Empty for operations on the bucket.
    pub key: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// How many requests of this function had been answered when this one arrived. It can only
    /// depend on those.
    pub answered_before: usize,
}

/// All requests of the functions, in the order of their answers. Clones share the same log.
#[derive(Debug, Clone, Default)]
pub struct RequestLog {
    requests: Arc<Mutex<Vec<LoggedRequest>>>,
    begun: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl RequestLog {
    pub(super) fn add(&self, request: LoggedRequest) {
        lock(&self.requests).push(request);
    }

    /// Counts a request of a function, and returns its number, from 1.
    pub(super) fn begin(&self, function: &str) -> usize {
        let mut begun = lock(&self.begun);
        let count = begun.entry(function.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// How many requests of a function have been answered.
    pub(super) fn answered(&self, function: &str) -> usize {
        let requests = lock(&self.requests);
        requests.iter().filter(|request| request.function == function).count()
    }

    pub(crate) fn all(&self) -> Vec<LoggedRequest> {
        lock(&self.requests).clone()
    }

    pub(crate) fn by_operation(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in lock(&self.requests).iter() {
            *counts.entry(request.operation.clone()).or_default() += 1;
        }
        counts
    }
}
