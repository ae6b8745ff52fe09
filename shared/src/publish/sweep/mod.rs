//! The sweep: it publishes everything in staging, in case events were lost.
//!
//! Any uploader can fill `staging/` with foreign objects, or with uploads that stay. Neither may
//! hide another upload, so the listing is read to its end, page by page, in the memory of one page
//! and of the chosen uploads ([`Sample`]). If time runs out, the next sweep of the process
//! continues there.

pub(in crate::publish) mod foreign;
pub(in crate::publish) mod sample;

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::Timestamp;

use crate::keys::{STAGING, StagedKey};
use crate::publish::{Deadline, MAX_SWEPT_OBJECTS, Publisher, Report, age};
use crate::store::{Listed, Pages, StoreError};
use crate::sync::lock;
use foreign::Foreign;
use sample::Sample;

/// The key behind which the next sweep of this process continues, if the last one ran out of time.
#[derive(Debug, Default)]
pub(in crate::publish) struct Position(Mutex<Option<String>>);

impl Position {
    fn take(&self) -> Option<String> {
        lock(&self.0).take()
    }

    fn set(&self, key: Option<String>) {
        *lock(&self.0) = key;
    }
}

/// What a sweep finds in the bucket.
#[derive(Debug)]
struct Found {
    /// The uploads that this sweep handles.
    chosen: Vec<(StagedKey, Timestamp)>,
    /// When the oldest of the others was uploaded.
    oldest_left: Option<Timestamp>,
    foreign: Foreign,
}

impl Publisher {
    /// Publishes everything in staging.
    ///
    /// Failures are part of the report. The next sweep retries, so failing this one would gain
    /// nothing.
    pub async fn sweep(&self, deadline: Deadline) -> Report {
        let mut report = Report::default();
        let mut search = Search::new(self.takes_provenance());
        if let Err(error) = self.search_staging(&mut search, deadline.half()).await {
            report.problem(&format!("staging/ could not be listed completely: {error}"));
        }
        if let Err(error) = self.search_root(&mut search.foreign).await {
            report.problem(&format!("the root of the bucket could not be listed: {error}"));
        }
        let found = search.found();
        let now = (self.clock)();
        let waiting: Vec<StagedKey> = found.chosen.iter().map(|(staged, _)| staged.clone()).collect();
        let mut batches = self.batches(&waiting, &mut report).await;
        fastrand::shuffle(&mut batches);
        self.publish_batches(batches, deadline, &mut report).await;

        let held: BTreeSet<&str> = report.held().collect();
        let (held, other): (Vec<_>, Vec<_>) = found.chosen.iter().partition(|(staged, _)| held.contains(staged.key()));
        let times = |uploads: Vec<&(StagedKey, Timestamp)>| uploads.into_iter().map(|(_, uploaded)| *uploaded).min();
        let (held, other) = (times(held), times(other).into_iter().chain(found.oldest_left));
        report.oldest_held = age(now, held.into_iter());
        report.oldest_waiting = age(now, other);
        report.foreign = found.foreign;
        report.swept = true;
        self.mirror_rest(deadline, &mut report).await;
        report
    }

    /// Looks through `staging/` once, starting where the last sweep stopped.
    async fn search_staging(&self, search: &mut Search, deadline: Deadline) -> Result<(), StoreError> {
        let start = self.position.take();
        let mut pages = self.store.pages(STAGING).after(start.as_deref());
        let mut stopped = self.search_pages(&mut pages, search, None, deadline).await?;
        if let (None, Some(start)) = (&stopped, &start) {
            let mut pages = self.store.pages(STAGING);
            stopped = self.search_pages(&mut pages, search, Some(start), deadline).await?;
        }
        self.position.set(stopped);
        Ok(())
    }

    /// The key behind which the next search has to continue, if time ran out.
    async fn search_pages(
        &self,
        pages: &mut Pages<'_>,
        search: &mut Search,
        until: Option<&String>,
        deadline: Deadline,
    ) -> Result<Option<String>, StoreError> {
        while let Some(page) = pages.next().await? {
            let last = page.objects.last().map(|object| object.key.clone());
            for object in page.objects {
                if until.is_some_and(|until| object.key > *until) {
                    return Ok(None);
                }
                search.see(&object);
            }
            if !deadline.has_time() && last.is_some() {
                return Ok(last);
            }
        }
        Ok(None)
    }

    /// One page is enough, because only the operator can write there.
    async fn search_root(&self, foreign: &mut Foreign) -> Result<(), StoreError> {
        let page = self.store.pages("").of_folder().next().await?.unwrap_or_default();
        for object in &page.objects {
            foreign.add(&object.key, foreign::in_root(&object.key));
        }
        for folder in &page.folders {
            if let Some(hint) = foreign::folder(folder) {
                foreign.add(folder, hint);
            }
        }
        Ok(())
    }
}

/// A search in progress.
struct Search {
    uses_provenance: bool,
    sample: Sample<(StagedKey, Timestamp)>,
    oldest_left: Option<Timestamp>,
    foreign: Foreign,
}

impl Search {
    fn new(uses_provenance: bool) -> Self {
        Self {
            uses_provenance,
            sample: Sample::of_at_most(MAX_SWEPT_OBJECTS),
            oldest_left: None,
            foreign: Foreign::default(),
        }
    }

    fn see(&mut self, object: &Listed) {
        let of_provenance = || StagedKey::of_provenance(&object.key).filter(|_| self.uses_provenance);
        match StagedKey::new(&object.key).or_else(of_provenance) {
            Some(staged) => {
                let left = self
                    .sample
                    .show((staged, object.modified))
                    .map(|(_, uploaded)| uploaded);
                self.oldest_left = self.oldest_left.into_iter().chain(left).min();
            }
            None => {
                if let Some(hint) = foreign::in_staging(&object.key, self.uses_provenance) {
                    self.foreign.add(&object.key, hint);
                }
            }
        }
    }

    fn found(self) -> Found {
        Found {
            chosen: self.sample.chosen(),
            oldest_left: self.oldest_left,
            foreign: self.foreign,
        }
    }
}
