//! Who is to stumble where: the faults of one system in which many repositories are on trial.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use local::aws::s3::Store;
use local::faults::{Delivery, Faults, InvalidationFault, InvalidationSeen, RequestSeen, S3Fault};
use serde_json::Value;

use crate::crashes::fault::Fault;
use crate::crashes::flow::Rival;

/// One request of a flow: which of its kind it is, from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) function: String,
    pub(crate) operation: String,
    /// The key, the prefix of a listing or the path of an invalidation, with `{}` for the
    /// repository's folder.
    pub(crate) what: String,
    pub(crate) nth: usize,
}

/// Clones are handles to the same script.
#[derive(Clone, Default)]
pub(crate) struct Script {
    lines: Arc<Mutex<BTreeMap<String, Line>>>,
    store: Arc<OnceLock<Store>>,
    /// The repository whose runs list all of staging.
    alone: Arc<Mutex<Option<String>>>,
}

/// What is meant for one repository.
#[derive(Default)]
struct Line {
    /// Nothing is counted and nothing happens before.
    armed: bool,
    /// Events of single uploads don't come.
    quiet: bool,
    rival: Option<Rival>,
    fault: Option<(Step, &'static Fault)>,
    seen: BTreeSet<Step>,
    fired: usize,
}

impl Script {
    pub(crate) fn of(&self, store: &Store) {
        let _ = self.store.set(store.clone());
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<String, Line>> {
        self.lines.lock().expect("no panic")
    }

    /// From now on what happens in this repository is counted, and this fault is its own.
    pub(crate) fn arm(&self, folder: &str, quiet: bool, rival: Option<Rival>, fault: Option<(Step, &'static Fault)>) {
        let line = Line {
            armed: true,
            quiet,
            rival,
            fault,
            ..Line::default()
        };
        self.lines().insert(folder.to_owned(), line);
    }

    /// Requests that name no repository are this one's.
    pub(crate) fn alone(&self, folder: &str) {
        *self.alone.lock().expect("no panic") = Some(folder.to_owned());
    }

    /// The requests so far.
    pub(crate) fn steps(&self, folder: &str) -> Vec<Step> {
        let lines = self.lines();
        lines
            .get(folder)
            .map(|line| line.seen.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// The fault strikes no more. How often it did.
    pub(crate) fn disarm(&self, folder: &str) -> usize {
        self.lines().get_mut(folder).map_or(0, |line| {
            line.armed = false;
            line.fired
        })
    }

    /// The fault that a request meets.
    fn meet(&self, function: Option<&str>, operation: &str, what: &str) -> Option<&'static Fault> {
        let function = function?;
        let folder = folder_of(what).or_else(|| self.alone.lock().expect("no panic").clone())?;
        let mut lines = self.lines();
        let line = lines.get_mut(&folder).filter(|line| line.armed)?;
        let mut step = Step {
            function: function.to_owned(),
            operation: operation.to_owned(),
            what: what.replacen(&format!("{folder}/"), "{}/", 1),
            nth: 1,
        };
        while !line.seen.insert(step.clone()) {
            step.nth += 1;
        }
        let meant = line.fault.as_ref().filter(|(at, fault)| {
            // A fault that comes several times in a row hits the attempts that follow.
            let of_that_kind = Step {
                nth: at.nth,
                ..step.clone()
            } == *at;
            of_that_kind && (at.nth..at.nth + fault.times).contains(&step.nth)
        });
        let fault = meant.map(|(_, fault)| *fault);
        line.fired += usize::from(fault.is_some());
        let rival = line
            .rival
            .take_if(|_| operation == "PutObject" && what.ends_with("/index.yaml"));
        drop(lines);
        if let (Some(rival), Some(store)) = (rival, self.store.get()) {
            rival.writes(store);
        }
        fault
    }
}

/// `c17` of `staging/c17/demo-1.0.0.tgz` and of `/c17/index.yaml`.
fn folder_of(what: &str) -> Option<String> {
    let (_, rest) = what.split_once('/')?;
    let (folder, _) = rest.split_once('/')?;
    Some(folder.to_owned())
}

impl Faults for Script {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let what = if request.key.is_empty() {
            &request.prefix
        } else {
            &request.key
        };
        self.meet(request.function.as_deref(), &request.operation, what)
            .map_or(S3Fault::None, |fault| fault.s3.clone())
    }

    fn invalidation(&self, request: &InvalidationSeen) -> InvalidationFault {
        let path = request.paths.first().map(String::as_str).unwrap_or_default();
        self.meet(request.function.as_deref(), "CreateInvalidation", path)
            .map_or(InvalidationFault::None, |fault| fault.cloudfront.clone())
    }

    fn delivery(&self, function: &str, payload: &[u8]) -> Delivery {
        let event: Value = serde_json::from_slice(payload).unwrap_or_default();
        let records = event["Records"].as_array().map(Vec::as_slice).unwrap_or_default();
        let [record] = records else {
            return Delivery::Once;
        };
        let key = record["s3"]["object"]["key"].as_str().unwrap_or_default();
        let lines = self.lines();
        let quiet = folder_of(key)
            .and_then(|folder| lines.get(&folder))
            .is_some_and(|line| line.quiet);
        if quiet && function == "publish-chart" {
            Delivery::Times(0)
        } else {
            Delivery::Once
        }
    }
}
