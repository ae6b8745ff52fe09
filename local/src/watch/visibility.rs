//! Detects when a published chart becomes visible, by fetching the index through the edge as a
//! client would.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chartdrop::index::Index;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::http::client;
use crate::sync::lock;
use crate::watch::outcomes::{Outcome, OutcomeKind, Outcomes};
use crate::watch::steps::{StepKind, Steps};

/// The first interval between two requests.
const EAGER: Duration = Duration::from_millis(10);
/// The interval after [`EAGER_LOOKS`] requests.
const PATIENT: Duration = Duration::from_millis(250);
/// How many requests are sent at the first interval.
const EAGER_LOOKS: u32 = 200;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Watches the edge for published charts. Clones share the same state.
#[derive(Clone)]
pub(crate) struct Visibility {
    edge: SocketAddr,
    /// The charts that are not visible yet, by path of the index.
    expected: Arc<Mutex<BTreeMap<String, Expected>>>,
    arrived: Arc<Notify>,
    outcomes: Outcomes,
    steps: Steps,
}

#[derive(Default)]
struct Expected {
    outcomes: Vec<Outcome>,
    /// The ETag of the last index, in which none of them was.
    seen: Option<String>,
}

impl Visibility {
    pub(crate) fn new(edge: SocketAddr, outcomes: Outcomes, steps: Steps) -> Self {
        Self {
            edge,
            expected: Arc::default(),
            arrived: Arc::default(),
            outcomes,
            steps,
        }
    }

    /// Starts to watch for a chart, if it was published.
    pub(crate) fn expect(&self, outcome: &Outcome) {
        if outcome.kind == OutcomeKind::Published {
            let mut all = lock(&self.expected);
            let expected = all.entry(index_path(&outcome.receipt.repository)).or_default();
            expected.outcomes.push(outcome.clone());
            expected.seen = None;
            self.arrived.notify_one();
        }
    }

    pub(crate) fn watch(self) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut looks = 0;
            loop {
                if lock(&self.expected).is_empty() {
                    self.arrived.notified().await;
                    looks = 0;
                }
                self.look().await;
                looks += 1;
                tokio::time::sleep(if looks < EAGER_LOOKS { EAGER } else { PATIENT }).await;
            }
        })
    }

    /// Fetches each index that has expected charts, and reports those that it lists. An index that
    /// has not changed is not read again.
    pub(crate) async fn look(&self) {
        let known: Vec<(String, Option<String>)> = lock(&self.expected)
            .iter()
            .map(|(path, expected)| (path.clone(), expected.seen.clone()))
            .collect();
        for (path, seen) in known {
            let Ok(answer) = client::get(self.edge, &path, seen.as_deref()).await else {
                continue;
            };
            if answer.status().is_success() {
                let etag = answer.headers().get("etag").and_then(|etag| etag.to_str().ok());
                self.report(&path, answer.body(), etag);
            }
        }
    }

    fn report(&self, path: &str, index: &Bytes, etag: Option<&str>) {
        // An index that cannot be read lists nothing.
        let Ok(index) = Index::read(index.clone()) else {
            return;
        };
        let mut all = lock(&self.expected);
        let Some(expected) = all.get_mut(path) else { return };
        expected.seen = etag.map(str::to_owned);
        expected.outcomes.retain(|outcome| {
            let (Some(chart), Some(version)) = (&outcome.receipt.chart, &outcome.receipt.version) else {
                return false;
            };
            let visible = index.lists(chart, version);
            if visible {
                self.steps.report(StepKind::Visible {
                    key: outcome.upload.key.clone(),
                    etag: outcome.upload.etag.clone(),
                    chart: chart.clone(),
                    version: version.clone(),
                    after: self
                        .outcomes
                        .since(&outcome.upload)
                        .map_or(outcome.after, |since| since.elapsed()),
                });
            }
            !visible
        });
        if expected.outcomes.is_empty() {
            all.remove(path);
        }
    }
}

/// The path of a repository's index at the edge.
pub(crate) fn index_path(repository: &str) -> String {
    let folder = utf8_percent_encode(repository.trim_matches('/'), PLAIN).to_string();
    if folder.is_empty() {
        "/index.yaml".to_owned()
    } else {
        format!("/{folder}/index.yaml")
    }
}
