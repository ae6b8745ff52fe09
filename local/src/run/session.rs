//! One run of the program: uploads the charts, waits for their outcomes, then serves or ends.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;

use crate::faults::chaos::Chaos;
use crate::http::client;
use crate::run::printer::{Printer, milliseconds};
use crate::run::summary::{Concluded, Summary};
use crate::run::uploads::Prepared;
use crate::system::System;
use crate::watch::outcomes::{Outcome, OutcomeKind, Upload};
use crate::watch::steps::{Step, StepKind};
use crate::watch::visibility::index_path;

/// How often to check whether the system is idle.
const PULSE: Duration = Duration::from_millis(250);

/// The resolution of `Last-Modified`: uploads this far apart have different times.
const CLOCK: Duration = Duration::from_secs(1);

pub(crate) struct Session {
    system: System,
    printer: Box<dyn Printer>,
    once: bool,
    steps: Receiver<Step>,
    /// Uploads that wait for an earlier one under the same key.
    queue: VecDeque<Prepared>,
    /// Uploads without an outcome.
    open: Vec<Upload>,
    /// Keys that cannot be uploaded again yet: publish-chart still has to remove the previous
    /// upload (`None`), or the clock of `Last-Modified` has to reach the next second.
    leaving: BTreeMap<String, Option<Instant>>,
    /// Published, but not visible at the edge yet.
    unseen: Vec<Outcome>,
    summary: Summary,
    idle_pulses: u32,
    /// Injects faults until the system is idle; then `is_calm` is set.
    chaos: Option<Chaos>,
    is_calm: bool,
}

impl Session {
    pub(crate) fn new(system: System, printer: Box<dyn Printer>, once: bool, chaos: Option<Chaos>) -> Self {
        let steps = system.subscribe();
        let open = system.open_uploads();
        Self {
            system,
            printer,
            once,
            steps,
            queue: VecDeque::new(),
            open,
            leaving: BTreeMap::new(),
            unseen: Vec::new(),
            summary: Summary::default(),
            idle_pulses: 0,
            is_calm: chaos.is_none(),
            chaos,
        }
    }

    /// Uploads everything and waits until every upload is concluded. Then it ends (`--once`), or
    /// serves until a signal stops it.
    pub(crate) async fn run(mut self, uploads: Vec<Prepared>) -> ExitCode {
        self.printer.started(&self.system);
        self.warm_the_edge().await;
        self.queue.extend(uploads);
        let mut stop = std::pin::pin!(stop_signal());
        let mut pulse = tokio::time::interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut through = false;
        loop {
            self.upload_what_can_be();
            if !through && self.is_calm && self.is_through() {
                through = true;
                if self.once {
                    break;
                }
                self.printer.serving(&self.system);
            }
            tokio::select! {
                biased;
                () = &mut stop => break,
                step = self.steps.recv() => match step {
                    Ok(step) => self.take(&step),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                },
                _ = pulse.tick() => self.look_for_an_end().await,
            }
        }
        self.finish(through).await
    }

    /// Fetches the index through the edge, so that the cache holds the state before the run
    /// (perhaps a 404): without the invalidation, clients would then see an old index.
    async fn warm_the_edge(&self) {
        let _ = client::get(self.system.edge_address(), &index_path(""), None).await;
    }

    fn upload_what_can_be(&mut self) {
        self.leaving
            .retain(|_, until| until.is_none_or(|until| until > Instant::now()));
        for _ in 0..self.queue.len() {
            let Some(next) = self.queue.pop_front() else { break };
            if self.leaving.contains_key(&next.key) || self.open.iter().any(|upload| upload.key == next.key) {
                self.queue.push_back(next);
                continue;
            }
            let key = next.key.clone();
            match self.system.store().put(&next.key, next.bytes, next.metadata) {
                Ok(etag) if key.ends_with(".tgz") => self.open.push(Upload { key, etag }),
                Ok(_) => {}
                Err(error) => self.system.fail(
                    Upload {
                        key,
                        etag: String::new(),
                    },
                    &error.to_string(),
                ),
            }
        }
    }

    fn is_through(&self) -> bool {
        self.queue.is_empty() && self.open.is_empty() && self.unseen.is_empty()
    }

    fn take(&mut self, step: &Step) {
        self.idle_pulses = 0;
        self.printer.step(step);
        match &step.kind {
            StepKind::Uploaded { key, etag, .. } if key.ends_with(".tgz") => {
                let upload = Upload {
                    key: key.clone(),
                    etag: etag.clone(),
                };
                // It replaces an upload that publish-chart has not read yet.
                self.open.retain(|open| open.key != upload.key);
                self.open.push(upload);
            }
            StepKind::Written { key, .. } if key.starts_with("charts/") && key.ends_with("/index.yaml") => {
                self.summary.index_writes += 1;
            }
            // The sweep at the end of a run with faults publishes what failed before.
            StepKind::Outcome(outcome) if outcome.kind == OutcomeKind::Failed && !self.is_calm => {}
            StepKind::Outcome(outcome) => {
                self.open.retain(|open| *open != outcome.upload);
                if !matches!(outcome.kind, OutcomeKind::Held | OutcomeKind::Failed) {
                    self.leaving.insert(outcome.upload.key.clone(), None);
                }
                if outcome.kind == OutcomeKind::Published {
                    self.unseen.push((**outcome).clone());
                } else {
                    self.conclude((**outcome).clone(), None);
                }
            }
            // An open upload that was withdrawn; the others have left `open` with their outcome.
            StepKind::Removed { key, .. } => {
                if let Some(until) = self.leaving.get_mut(key) {
                    *until = Some(Instant::now() + CLOCK);
                }
                self.open.retain(|open| open.key != *key);
            }
            StepKind::Visible { key, etag, after, .. } => {
                let upload = Upload {
                    key: key.clone(),
                    etag: etag.clone(),
                };
                if let Some(position) = self.unseen.iter().position(|outcome| outcome.upload == upload) {
                    let outcome = self.unseen.remove(position);
                    self.conclude(outcome, Some(milliseconds(*after)));
                }
            }
            _ => {}
        }
    }

    fn conclude(&mut self, outcome: Outcome, visible_ms: Option<u64>) {
        let concluded = Concluded { outcome, visible_ms };
        self.summary.count(&concluded);
        self.printer.concluded(&concluded);
    }

    /// Concludes what is still open once the system is idle (nothing queued, running or being
    /// invalidated), because nothing would conclude it any more.
    async fn look_for_an_end(&mut self) {
        if (self.is_calm && self.is_through()) || !self.system.is_idle() || !self.steps.is_empty() {
            self.idle_pulses = 0;
            return;
        }
        self.idle_pulses += 1;
        if self.idle_pulses < 3 {
            return;
        }
        if !self.is_calm {
            self.end_chaos().await;
            return;
        }
        self.leaving.clear();
        for upload in std::mem::take(&mut self.open) {
            self.system
                .fail(upload, "publish-chart ended without recording an outcome");
        }
        self.system.visibility().look().await;
        if self.steps.is_empty() {
            for outcome in std::mem::take(&mut self.unseen) {
                self.conclude(outcome, None);
            }
        }
    }

    /// Stops injecting faults and sweeps once, as the schedule would.
    async fn end_chaos(&mut self) {
        self.idle_pulses = 0;
        self.is_calm = true;
        if let Some(chaos) = &self.chaos {
            chaos.calm();
        }
        if let Err(error) = self.system.sweep().await {
            let broken = format!("the sweep at the end failed: {error}");
            self.summary.chaos.get_or_insert_default().broken_promises.push(broken);
        }
    }

    async fn finish(mut self, through: bool) -> ExitCode {
        if self.once && through {
            // The last events still cause steps that belong to the story: uploads are removed, an
            // invalidation completes.
            self.system.settled().await;
            self.system.invalidations_completed().await;
            while let Ok(step) = self.steps.try_recv() {
                self.take(&step);
            }
            if let Some(chaos) = &self.chaos {
                let broken = self.system.broken_promises().await;
                let report = self.summary.chaos.get_or_insert_default();
                report.seed = chaos.seed();
                report.faults = chaos.caused();
                report.broken_promises.extend(broken);
            }
            self.summary.repository_url = self.system.edge_url();
            self.summary.s3_endpoint = self.system.s3_endpoint();
            self.summary.s3_requests = self.system.s3_request_counts();
            self.summary.invalidations = self.system.invalidations();
            self.printer.summary(&self.summary, &self.system);
        }
        self.system.shutdown().await;
        match (self.once, through) {
            (false, _) => ExitCode::SUCCESS,
            (true, true) => self.summary.exit_code(),
            // A signal stopped it before every upload was concluded.
            (true, false) => ExitCode::FAILURE,
        }
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn stop_signal() {
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = pending();
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    };
    tokio::select! {
        () = terminated => {}
        () = interrupted => {}
    }
}
