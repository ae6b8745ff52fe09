//! The outcome of each upload, from the receipts that publish-chart writes and from the dead-letter
//! queue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chartdrop::receipt;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::aws::lambda::DeadLetter;
use crate::events::objects_in;
use crate::sync::lock;

/// One upload. The same key may be uploaded again with other bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Upload {
    /// The key: `staging/…`.
    pub key: String,
    /// The ETag, without quotes.
    pub etag: String,
}

/// The outcomes of a receipt, and `failed` for an upload whose event ended in the dead-letter
/// queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the outcomes of a receipt")]
pub enum OutcomeKind {
    Published,
    Unchanged,
    Rejected,
    Held,
    Failed,
}

impl From<receipt::Outcome> for OutcomeKind {
    fn from(recorded: receipt::Outcome) -> Self {
        match recorded {
            receipt::Outcome::Published => Self::Published,
            receipt::Outcome::Unchanged => Self::Unchanged,
            receipt::Outcome::Rejected => Self::Rejected,
            receipt::Outcome::Held => Self::Held,
        }
    }
}

impl OutcomeKind {
    /// Whether the outcome is final. A later run may still publish an upload that is held or
    /// failed.
    fn is_final(self) -> bool {
        !matches!(self, Self::Held | Self::Failed)
    }
}

/// The outcome of an upload.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The upload.
    pub upload: Upload,
    /// The kind of outcome.
    pub kind: OutcomeKind,
    /// The receipt. For a failed upload, it holds only the reason.
    pub receipt: Receipt,
    /// The time since the upload.
    pub after: Duration,
}

/// The fields of a receipt that are shown or checked here.
///
/// It is not [`receipt::Receipt`], because it reads the JSON as any tool outside of Chartdrop does:
/// a field that is renamed or dropped there goes missing here, and tests notice. It also reads the
/// receipts of other builds of the functions (`CHARTDROP_FUNCTIONS`), which that type would reject.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields of a receipt")]
pub struct Receipt {
    pub upload: String,
    pub upload_etag: String,
    pub outcome: Option<receipt::Outcome>,
    pub repository: String,
    pub chart: Option<String>,
    pub version: Option<String>,
    pub digest: Option<String>,
    pub url: Option<String>,
    pub reason: Option<String>,
    pub reason_code: Option<String>,
    pub warnings: Vec<String>,
}

/// All uploads so far, with their outcomes. Clones share the same state.
#[derive(Clone)]
pub(crate) struct Outcomes {
    all: Arc<Mutex<BTreeMap<Upload, Tracked>>>,
    started: Instant,
    changes: Arc<watch::Sender<u64>>,
}

struct Tracked {
    since: Instant,
    outcome: Option<Outcome>,
    /// The receipt of an earlier upload of the same bytes under the same key.
    earlier: Option<Receipt>,
}

impl Outcomes {
    pub(crate) fn new() -> Self {
        Self {
            all: Arc::default(),
            started: Instant::now(),
            changes: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Records an upload, perhaps in place of one that publish-chart has not read yet.
    pub(crate) fn uploaded(&self, key: &str, etag: &str) {
        let mut all = lock(&self.all);
        all.retain(|upload, tracked| upload.key != key || tracked.outcome.is_some());
        let upload = Upload {
            key: key.to_owned(),
            etag: etag.to_owned(),
        };
        let earlier = all
            .get(&upload)
            .and_then(|tracked| tracked.outcome.as_ref())
            .map(|o| o.receipt.clone());
        all.insert(
            upload,
            Tracked {
                since: Instant::now(),
                outcome: None,
                earlier,
            },
        );
        drop(all);
        self.changed();
    }

    /// Records that an upload was removed. If it has no outcome, it was withdrawn, or publish-chart
    /// found the receipt of the very same upload and removed it without writing another one. In the
    /// second case, this returns the outcome in that receipt.
    pub(crate) fn withdrawn(&self, key: &str, by_publish_chart: bool) -> Option<Outcome> {
        let mut all = lock(&self.all);
        let open = all
            .iter()
            .find(|(upload, tracked)| upload.key == key && tracked.outcome.is_none());
        let (upload, tracked) = open?;
        let (upload, earlier) = (upload.clone(), tracked.earlier.clone().filter(|_| by_publish_chart));
        if let Some(receipt) = earlier
            && let Some(recorded) = receipt.outcome
        {
            drop(all);
            return Some(self.conclude(upload, recorded.into(), receipt));
        }
        all.remove(&upload);
        drop(all);
        self.changed();
        None
    }

    /// Records a receipt, and returns its outcome unless the upload already has a final one: two
    /// runs that batch the same upload at the same time both write its receipt.
    pub(crate) fn receipt(&self, bytes: &[u8]) -> Option<Outcome> {
        let receipt: Receipt = serde_json::from_slice(bytes).ok()?;
        let kind = receipt.outcome?.into();
        let upload = Upload {
            key: receipt.upload.clone(),
            etag: receipt.upload_etag.trim_matches('"').to_owned(),
        };
        let known = lock(&self.all)
            .get(&upload)
            .and_then(|tracked| tracked.outcome.as_ref().map(|o| o.kind));
        if known.is_some_and(OutcomeKind::is_final) {
            return None;
        }
        Some(self.conclude(upload, kind, receipt))
    }

    /// Records an event that failed for good. Its uploads without an outcome have failed, too.
    pub(crate) fn dead(&self, letter: &DeadLetter) -> Vec<Outcome> {
        let uploads = objects_in(&letter.payload)
            .into_iter()
            .map(|(key, etag)| Upload { key, etag });
        let open = |upload: &Upload| {
            lock(&self.all)
                .get(upload)
                .is_some_and(|tracked| tracked.outcome.is_none())
        };
        uploads
            .filter(open)
            .map(|upload| self.fail(upload, letter.error.message.clone()))
            .collect::<Vec<_>>()
    }

    /// Records that an upload has failed.
    pub(crate) fn fail(&self, upload: Upload, reason: String) -> Outcome {
        let receipt = Receipt {
            upload: upload.key.clone(),
            upload_etag: upload.etag.clone(),
            reason: Some(reason),
            ..Receipt::default()
        };
        self.conclude(upload, OutcomeKind::Failed, receipt)
    }

    fn conclude(&self, upload: Upload, kind: OutcomeKind, receipt: Receipt) -> Outcome {
        let mut all = lock(&self.all);
        let tracked = all.entry(upload.clone()).or_insert(Tracked {
            since: self.started,
            outcome: None,
            earlier: None,
        });
        let outcome = Outcome {
            upload,
            kind,
            receipt,
            after: tracked.since.elapsed(),
        };
        tracked.outcome = Some(outcome.clone());
        drop(all);
        self.changed();
        outcome
    }

    fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    /// When an upload arrived.
    pub(crate) fn since(&self, upload: &Upload) -> Option<Instant> {
        lock(&self.all).get(upload).map(|tracked| tracked.since)
    }

    pub(crate) fn all(&self) -> Vec<Outcome> {
        lock(&self.all)
            .values()
            .filter_map(|tracked| tracked.outcome.clone())
            .collect()
    }

    /// Uploads without an outcome so far.
    pub(crate) fn open(&self) -> Vec<Upload> {
        let all = lock(&self.all);
        all.iter()
            .filter(|(_, tracked)| tracked.outcome.is_none())
            .map(|(upload, _)| upload.clone())
            .collect()
    }

    /// Waits for the outcome of an upload; `None` if it was replaced or withdrawn before it had
    /// one.
    pub(crate) async fn wait(&self, upload: &Upload) -> Option<Outcome> {
        let mut changes = self.changes.subscribe();
        loop {
            match lock(&self.all).get(upload) {
                None => return None,
                Some(Tracked {
                    outcome: Some(outcome), ..
                }) => return Some(outcome.clone()),
                Some(_) => {}
            }
            changes.changed().await.ok()?;
        }
    }
}
