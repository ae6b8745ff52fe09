//! Finds out when a published chart is really visible, by fetching the index through the edge as a client would.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chartdrop::index::Listing;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::outcomes::{Outcome, OutcomeKind, Outcomes};
use crate::steps::{StepKind, Steps};
use crate::sync::lock;

/// Between two looks at the edge.
const EAGER: Duration = Duration::from_millis(10);
/// The same, once it takes longer than a reader would wait.
const PATIENT: Duration = Duration::from_millis(250);
const EAGER_LOOKS: u32 = 200;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Watches the edge for published charts. Clones are handles to the same watch.
#[derive(Clone)]
pub(crate) struct Visibility {
    edge: SocketAddr,
    awaited: Arc<Mutex<BTreeMap<String, Vec<Outcome>>>>,
    arrived: Arc<Notify>,
    outcomes: Outcomes,
    steps: Steps,
}

impl Visibility {
    pub(crate) fn new(edge: SocketAddr, outcomes: Outcomes, steps: Steps) -> Self {
        Self { edge, awaited: Arc::default(), arrived: Arc::default(), outcomes, steps }
    }

    /// Looks out for a chart if it was published.
    pub(crate) fn await_chart(&self, outcome: &Outcome) {
        if outcome.kind == OutcomeKind::Published {
            let path = index_path(&outcome.receipt.repository);
            lock(&self.awaited).entry(path).or_default().push(outcome.clone());
            self.arrived.notify_one();
        }
    }

    pub(crate) fn watch(self) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut seen = BTreeMap::new();
            let mut looks = 0;
            loop {
                if lock(&self.awaited).is_empty() {
                    self.arrived.notified().await;
                    looks = 0;
                }
                self.look(&mut seen).await;
                looks += 1;
                tokio::time::sleep(if looks < EAGER_LOOKS { EAGER } else { PATIENT }).await;
            }
        })
    }

    /// Fetches each awaited index that changed since the last look, and reports what is in it.
    pub(crate) async fn look(&self, seen: &mut BTreeMap<String, String>) {
        let paths: Vec<String> = lock(&self.awaited).keys().cloned().collect();
        for path in paths {
            let known = seen.get(&path).map(String::as_str);
            let Ok((status, headers, body)) = crate::http::get(self.edge, &path, known).await else { continue };
            if !status.is_success() {
                continue;
            }
            if let Some(etag) = headers.get("etag").and_then(|etag| etag.to_str().ok()) {
                seen.insert(path.clone(), etag.to_owned());
            }
            self.report(&path, &body, seen);
        }
    }

    fn report(&self, path: &str, index: &[u8], seen: &mut BTreeMap<String, String>) {
        let mut awaited = lock(&self.awaited);
        let Some(outcomes) = awaited.get_mut(path) else { return };
        outcomes.retain(|outcome| {
            let (Some(chart), Some(version)) = (&outcome.receipt.chart, &outcome.receipt.version) else { return false };
            let visible = lists(index, chart, version);
            if visible {
                self.steps.tell(StepKind::Visible {
                    key: outcome.upload.key.clone(),
                    etag: outcome.upload.etag.clone(),
                    chart: chart.clone(),
                    version: version.clone(),
                    after: self.outcomes.since(&outcome.upload).map_or(outcome.after, |since| since.elapsed()),
                });
            }
            !visible
        });
        if outcomes.is_empty() {
            awaited.remove(path);
            // Whoever is awaited next may be in these very bytes already.
            seen.remove(path);
        }
    }
}

/// The path of a repository's index at the edge.
pub(crate) fn index_path(repository: &str) -> String {
    let folder = utf8_percent_encode(repository.trim_matches('/'), PLAIN).to_string();
    if folder.is_empty() { "/index.yaml".to_owned() } else { format!("/{folder}/index.yaml") }
}

/// Whether an index lists that version of that chart; one that cannot be read lists nothing.
fn lists(index: &[u8], chart: &str, version: &str) -> bool {
    Listing::read(index).is_ok_and(|listing| listing.digest_of(chart, version).is_some())
}
