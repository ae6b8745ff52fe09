//! Finds out when a published chart is really visible, by fetching the index through the edge as a
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

/// Between two looks at the edge.
const EAGER: Duration = Duration::from_millis(10);
/// The same, once it takes longer than a reader would wait.
const PATIENT: Duration = Duration::from_millis(250);
const EAGER_LOOKS: u32 = 200;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Watches the edge for published charts. Clones are handles to the same watch.
#[derive(Clone)]
pub(crate) struct Visibility {
    edge: SocketAddr,
    /// By path of the index.
    awaited: Arc<Mutex<BTreeMap<String, Awaited>>>,
    arrived: Arc<Notify>,
    outcomes: Outcomes,
    steps: Steps,
}

#[derive(Default)]
struct Awaited {
    outcomes: Vec<Outcome>,
    /// The index in which none of them is.
    seen: Option<String>,
}

impl Visibility {
    pub(crate) fn new(edge: SocketAddr, outcomes: Outcomes, steps: Steps) -> Self {
        Self {
            edge,
            awaited: Arc::default(),
            arrived: Arc::default(),
            outcomes,
            steps,
        }
    }

    /// Looks out for a chart if it was published.
    pub(crate) fn await_chart(&self, outcome: &Outcome) {
        if outcome.kind == OutcomeKind::Published {
            let mut all = lock(&self.awaited);
            let awaited = all.entry(index_path(&outcome.receipt.repository)).or_default();
            awaited.outcomes.push(outcome.clone());
            awaited.seen = None;
            self.arrived.notify_one();
        }
    }

    pub(crate) fn watch(self) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut looks = 0;
            loop {
                if lock(&self.awaited).is_empty() {
                    self.arrived.notified().await;
                    looks = 0;
                }
                self.look().await;
                looks += 1;
                tokio::time::sleep(if looks < EAGER_LOOKS { EAGER } else { PATIENT }).await;
            }
        })
    }

    /// Fetches each awaited index, unless it is the one that was seen last, and tells what is in
    /// it.
    pub(crate) async fn look(&self) {
        let known: Vec<(String, Option<String>)> = lock(&self.awaited)
            .iter()
            .map(|(path, awaited)| (path.clone(), awaited.seen.clone()))
            .collect();
        for (path, seen) in known {
            let Ok(answer) = client::get(self.edge, &path, seen.as_deref()).await else {
                continue;
            };
            if answer.status().is_success() {
                let etag = answer.headers().get("etag").and_then(|etag| etag.to_str().ok());
                self.tell(&path, answer.body(), etag);
            }
        }
    }

    fn tell(&self, path: &str, index: &Bytes, etag: Option<&str>) {
        // One that cannot be read lists nothing.
        let Ok(index) = Index::read(index.clone()) else {
            return;
        };
        let mut all = lock(&self.awaited);
        let Some(awaited) = all.get_mut(path) else { return };
        awaited.seen = etag.map(str::to_owned);
        awaited.outcomes.retain(|outcome| {
            let (Some(chart), Some(version)) = (&outcome.receipt.chart, &outcome.receipt.version) else {
                return false;
            };
            let visible = index.lists(chart, version);
            if visible {
                self.steps.tell(StepKind::Visible {
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
        if awaited.outcomes.is_empty() {
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
