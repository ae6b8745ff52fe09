//! The mirror: every published chart is also pushed to a registry (`OCI_MIRROR`), after everything
//! else.
//!
//! A note in the bucket for each pending chart is written before the upload is removed, so that it
//! survives a run that is killed. It is deleted when the registry has the chart. A registry that is
//! down or rejects the push delays no upload: the publishing run tries once, then every sweep does.

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::checks::verdict::Verdict;
use super::decided::Decided;
use super::sweep::sample::Sample;
use super::{Deadline, PublishError, Publisher, Report};
use crate::archive::ArchiveError;
use crate::http::HttpError;
use crate::image::Reference;
use crate::keys::{ChartFile, MIRROR, StagedKey};
use crate::mirror::{Artifact, Mirror};
use crate::provenance::MAX_BYTES as MAX_PROVENANCE_BYTES;
use crate::receipt::Receipt;
use crate::registry::{PushError, Pushed, RegistryError};
use crate::repository::PublishedArchive;
use crate::secret::SecretError;
use crate::store::{Got, StoreError};

/// The number of rejected charts after which a run stops pushing: repeating a wrong password locks
/// accounts.
const MAX_FAILURES: u32 = 3;
/// How long a registry without an answer is left to the sweep, because a run that waits for it does
/// not publish.
const SILENT_REGISTRY_BACKOFF: Duration = Duration::from_secs(60);

/// A pending chart and the result of pushing it.
#[derive(Debug, Clone)]
pub struct Mirrored {
    /// The archive.
    pub file: ChartFile,
    /// Its reference there (`None`: nothing was pending any more), or why the next sweep has to
    /// retry.
    pub result: Result<Option<String>, String>,
}

/// Why a registry did not accept a chart.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MirrorError {
    #[error(transparent)]
    Push(#[from] PushError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("the time ended before the push was complete")]
    NoTime,
}

/// Whether the same failure awaits the other charts.
enum Prospect {
    /// It does.
    Same,
    /// It may.
    Doubtful,
    /// It does not.
    Own,
}

impl MirrorError {
    fn prospect(&self) -> Prospect {
        match self {
            Self::NoTime
            | Self::Secret(_)
            | Self::Push(PushError::Registry(
                RegistryError::RateLimited { .. } | RegistryError::Http(HttpError::Unreachable { .. }),
            )) => Prospect::Same,
            Self::Push(PushError::Registry(_) | PushError::Denied { .. }) | Self::Store(_) => Prospect::Doubtful,
            _ => Prospect::Own,
        }
    }
}

/// A published chart on its way to the registry.
struct Chart {
    name: Reference,
    artifact: Artifact,
}

impl Publisher {
    /// Notes every listed chart as pending, before its upload is removed.
    pub(super) async fn owe_to_mirror(&self, decided: &mut Decided) -> Result<(), PublishError> {
        let Some(mirror) = &self.settings.oci_mirror else {
            return Ok(());
        };
        let (Verdict::Pass(visible), Some(archive)) = (&decided.verdict, &mut decided.archive) else {
            return Ok(());
        };
        if !visible.may_mirror {
            return Ok(());
        }
        let metadata = &archive.metadata;
        match mirror.reference(&decided.upload.repository, &metadata.name, &metadata.version) {
            Ok(_) => Ok(self.note_for_mirror(&decided.upload.file()).await?),
            Err(error) => {
                archive
                    .warnings
                    .push(format!("the chart is not pushed to {mirror}: {error}"));
                Ok(())
            }
        }
    }

    /// Each note gets a fresh id, so a run that pushed an older state cannot delete it.
    pub(super) async fn note_for_mirror(&self, file: &ChartFile) -> Result<(), StoreError> {
        let key = file.mirror_key();
        let note = json!({"notedAt": (self.clock)(), "id": format!("{:016x}", fastrand::u64(..))});
        let note = Bytes::from(format!("{note}\n"));
        self.repositories.write_note(&key, note).await
    }

    /// Pushes the charts that this run has published.
    pub(super) async fn mirror_new(&self, deadline: Deadline, report: &mut Report) {
        let Some(mirror) = &self.settings.oci_mirror else {
            return;
        };
        if self
            .mirror_silent
            .get()
            .is_some_and(|since| since.elapsed() < SILENT_REGISTRY_BACKOFF)
        {
            return;
        }
        let receipts = report.concluded.iter().map(|concluded| &concluded.receipt);
        let visible = receipts.filter(|receipt| receipt.url.is_some());
        let visible = visible.filter_map(|receipt| StagedKey::new(&receipt.upload));
        let late = report.late_provenance.iter().filter(|late| late.result.is_ok());
        let uploads = visible.chain(late.map(|late| late.staged.clone()));
        let owed = uploads
            .filter_map(|staged| ChartFile::of_upload(&staged).ok())
            .collect();
        report.mirrored = self.mirror(mirror, owed, deadline).await;
    }

    /// Pushes the charts that earlier runs left pending.
    pub(super) async fn mirror_rest(&self, deadline: Deadline, report: &mut Report) {
        let Some(mirror) = &self.settings.oci_mirror else {
            return;
        };
        // A random choice: charts that are never accepted must not block the others.
        let mut notes = Sample::of_at_most(super::MAX_SWEPT_OBJECTS);
        let mut oldest_left = None;
        let now = (self.clock)();
        if let Err(error) = self.notes(&mut notes, &mut oldest_left, deadline).await {
            report.problem(&format!("mirror/ could not be listed, so nothing was pushed: {error}"));
        }
        let mut owed = notes.chosen();
        fastrand::shuffle(&mut owed);
        let tried = |file: &ChartFile| report.mirrored.iter().find(|mirrored| mirrored.file == *file);
        let untried = owed.iter().map(|(file, _)| file);
        let untried = untried.filter(|file| tried(file).is_none()).cloned().collect();
        let mirrored = self.mirror(mirror, untried, deadline).await;
        report.mirrored.extend(mirrored);
        let tried = |file: &ChartFile| report.mirrored.iter().find(|mirrored| mirrored.file == *file);
        let left = owed
            .iter()
            .filter(|(file, _)| tried(file).is_none_or(|mirrored| mirrored.result.is_err()));
        let noted = left.map(|(_, noted)| *noted).chain(oldest_left);
        report.oldest_unmirrored = super::age(now, noted);
    }

    /// A random choice of the pending charts, and since when the oldest of the others has been
    /// waiting.
    async fn notes(
        &self,
        notes: &mut Sample<(ChartFile, Timestamp)>,
        oldest_left: &mut Option<Timestamp>,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let mut pages = self.store.pages(MIRROR);
        while let Some(page) = pages.next().await? {
            for note in page.objects {
                let note = ChartFile::of_mirror(&note.key).map(|file| (file, note.modified));
                let left = note.and_then(|note| notes.show(note)).map(|(_, noted)| noted);
                *oldest_left = oldest_left.take().into_iter().chain(left).min();
            }
            if !deadline.has_time() {
                break;
            }
        }
        Ok(())
    }

    /// One after the other: no upload waits for them.
    async fn mirror(&self, mirror: &Mirror, owed: Vec<ChartFile>, deadline: Deadline) -> Vec<Mirrored> {
        let mut mirrored = Vec::new();
        let mut failures = 0;
        for file in owed {
            // Boxed, as in `Publisher::publish`.
            let pushed = Box::pin(self.mirror_one(mirror, &file));
            let pushed = tokio::time::timeout(deadline.left(), pushed).await;
            let pushed = pushed.unwrap_or(Err(MirrorError::NoTime));
            let result = match &pushed {
                Ok(name) => Ok(name.clone()),
                Err(error) => Err(self.not_mirrored(&file.upload(), error).await),
            };
            mirrored.push(Mirrored { file, result });
            match pushed.map_err(|error| error.prospect()) {
                Err(Prospect::Same) => {
                    self.mirror_silent.set(Instant::now());
                    break;
                }
                Err(Prospect::Doubtful) => failures += 1,
                Ok(_) | Err(Prospect::Own) => {}
            }
            if failures == MAX_FAILURES {
                break;
            }
        }
        mirrored
    }

    /// `None`: another run has pushed it, or nothing is left that could be pushed.
    async fn mirror_one(&self, mirror: &Mirror, file: &ChartFile) -> Result<Option<String>, MirrorError> {
        let Some((note, _)) = self.store.head(&file.mirror_key()).await? else {
            return Ok(None);
        };
        let Some(mut chart) = self.published_chart(mirror, file).await? else {
            self.store.delete(&file.mirror_key(), &note).await?;
            return Ok(None);
        };
        self.push(&chart).await?;
        // A registry has no compare-and-swap. A run that knew about a provenance file may have
        // pushed while this one was about to push without it. The file was in the bucket before, so
        // this looks again.
        if !chart.artifact.has_provenance()
            && self.takes_provenance()
            && self.store.head(&file.provenance_key()).await?.is_some()
            && let Some(newer) = self.published_chart(mirror, file).await?
        {
            chart = newer;
            self.push(&chart).await?;
        }
        let name = format!("oci://{}", chart.name);
        let done = |receipt: &mut Receipt| {
            receipt.mirror = Some(name.clone());
            receipt.mirror_problem = None;
        };
        self.add_to_receipt(&file.upload(), done).await?;
        self.store.delete(&file.mirror_key(), &note).await?;
        Ok(Some(name))
    }

    /// Records in the log and the receipt why a chart could not be pushed.
    async fn not_mirrored(&self, staged: &StagedKey, error: &MirrorError) -> String {
        let problem = super::shown(&error.to_string());
        let told = self.add_to_receipt(staged, |receipt| receipt.mirror_problem = Some(problem.clone()));
        if let Err(error) = told.await {
            tracing::warn!(upload = staged.key(), %error, "the mirror's problem could not be recorded in the receipt of {staged}: {error}");
        }
        problem
    }

    /// The published archive of this upload, if a registry can accept it.
    async fn published_chart(&self, mirror: &Mirror, file: &ChartFile) -> Result<Option<Chart>, MirrorError> {
        let key = file.archive_key();
        let (archive, bytes) = self.repositories.read_archive_with_bytes(&key).await?;
        if matches!(archive, PublishedArchive::Missing | PublishedArchive::TooLarge { .. }) {
            return Ok(None);
        }
        let provenance = match self.store.get(&file.provenance_key(), MAX_PROVENANCE_BYTES).await? {
            Got::Found(object) => Some(object.bytes),
            Got::Missing | Got::TooLarge { .. } => None,
        };
        let known = match archive {
            PublishedArchive::Known(known) => known,
            PublishedArchive::Unreadable { error, .. } => return Err(error.into()),
            PublishedArchive::Missing | PublishedArchive::TooLarge { .. } => return Ok(None),
        };
        let metadata = &known.archive.metadata;
        // The warning about a name that no registry accepts was given when the chart was published;
        // only its provenance file came later.
        let name = mirror.reference(file.repository(), &metadata.name, &metadata.version);
        let Ok(name) = name else { return Ok(None) };
        Ok(Some(Chart {
            name,
            artifact: Artifact::new(metadata, bytes, provenance, known.stored),
        }))
    }

    async fn push(&self, chart: &Chart) -> Result<(), MirrorError> {
        let Chart { name, artifact } = chart;
        let rejected = |pushed: &Result<Pushed, PushError>| matches!(pushed, Err(PushError::Denied { .. }));
        let pushed = self
            .with_login(
                name.host(),
                async |login| self.http.push(artifact, name, login).await,
                rejected,
            )
            .await?;
        pushed?;
        Ok(())
    }
}
