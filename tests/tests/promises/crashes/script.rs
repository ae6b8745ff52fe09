//! The script of the faults in one system that many trials share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use local::aws::s3::Store;
use local::faults::{Delivery, Faults, InvalidationFault, InvalidationSeen, RequestSeen, S3Fault};
use serde_json::Value;

use crate::crashes::fault::Fault;
use crate::crashes::flow::Rival;

/// One request of a flow, with its number among those of its kind, from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) function: String,
    pub(crate) operation: String,
    /// The key, the prefix of a listing or the path of an invalidation, with `{}` in place of the
    /// repository's folder.
    pub(crate) what: String,
    pub(crate) nth: usize,
}

/// The faults for each repository. Clones share the same script.
#[derive(Clone, Default)]
pub(crate) struct Script {
    lines: Arc<Mutex<BTreeMap<String, Line>>>,
    store: Arc<OnceLock<Store>>,
    /// The repository that requests without a folder belong to, such as listings of `staging/`.
    alone: Arc<Mutex<Option<String>>>,
}

/// The part of the script for one repository.
#[derive(Default)]
struct Line {
    /// Whether requests are counted and faults injected.
    armed: bool,
    /// Whether events of single uploads are lost.
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

    /// Starts to count the requests of this repository, and to inject this fault.
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

    /// Counts requests without a folder for this repository.
    pub(crate) fn alone(&self, folder: &str) {
        *self.alone.lock().expect("no panic") = Some(folder.to_owned());
    }

    /// The requests of a repository so far.
    pub(crate) fn steps(&self, folder: &str) -> Vec<Step> {
        let lines = self.lines();
        lines
            .get(folder)
            .map(|line| line.seen.iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Stops injecting the fault. Returns how often it was injected.
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
            // A fault that occurs several times in a row also meets the next attempts.
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

/// The folder in a key or path: `c17` in `staging/c17/demo-1.0.0.tgz` and in `/c17/index.yaml`.
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
