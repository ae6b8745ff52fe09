//! What became of each upload, read from the receipts that publish-chart writes and from the
//! dead-letter list.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chartdrop::receipt;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::aws::lambda::DeadLetter;
use crate::events::objects_in;
use crate::sync::lock;

/// One staged upload: the same key may be uploaded again with other bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Upload {
    /// `staging/…`
    pub key: String,
    /// Without quotes.
    pub etag: String,
}

/// What a receipt can say, and `failed` for an upload whose event ended in the dead-letter list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the receipt")]
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
    /// What is held waits for a later run, and what has failed may still be published by one.
    fn is_final(self) -> bool {
        !matches!(self, Self::Held | Self::Failed)
    }
}

/// What became of an upload.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Which upload.
    pub upload: Upload,
    /// What became of it.
    pub kind: OutcomeKind,
    /// The receipt; of a failed upload, only its reason is known.
    pub receipt: Receipt,
    /// Since the upload.
    pub after: Duration,
}

/// As much of a receipt as is shown or checked here.
///
/// Not [`receipt::Receipt`]: this reads the JSON as any tool outside of Chartdrop does. So a field
/// that is renamed or dropped there is missing here, and the receipts of an earlier build of the
/// functions (`CHARTDROP_FUNCTIONS`) are read too, which that type would refuse.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields of the receipt")]
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

/// All uploads that were seen, with their outcomes. Clones are handles to the same ones.
#[derive(Clone)]
pub(crate) struct Outcomes {
    all: Arc<Mutex<BTreeMap<Upload, Tracked>>>,
    started: Instant,
    changes: Arc<watch::Sender<u64>>,
}

struct Tracked {
    since: Instant,
    outcome: Option<Outcome>,
    /// What became of the same bytes when they were uploaded under the same key before.
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

    /// An upload arrived, perhaps in place of one that publish-chart has not looked at yet.
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

    /// An upload went away. One without an outcome was taken back, or publish-chart removed it
    /// without another receipt because it found the receipt of the very same upload: then that one
    /// holds, and is returned.
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

    /// publish-chart wrote a receipt; returns the outcome if it is news. Two runs that take the
    /// same upload along at the same time both write its receipt.
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

    /// An event failed for good: so did its uploads, unless another event has published them.
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

    /// Nothing will become of an upload any more.
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

    /// Waits for an upload's outcome; `None` if the upload was replaced or withdrawn before it had
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
