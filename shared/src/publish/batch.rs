//! Batches: uploads that share an index write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use futures_util::stream;

use super::decided::Decided;
use super::index::state::StateCell;
use super::prepare::candidate::{Candidate, Prepared};
use super::{CONCURRENT_ARCHIVES, Deadline, PublishError, Publisher, Reason, Report};
use crate::keys::{ChartFile, Repository, StagedKey};
use crate::repository::RepositoryError;

/// Receipts and removals that run at the same time.
const CONCURRENT_CONCLUSIONS: usize = 8;
/// The most uploads in one index write.
const MAX_BATCH_UPLOADS: usize = 100;
/// The size of their entries at which a batch is full, in bytes. In memory a list of thousands of
/// short texts takes ten times its bytes.
const MAX_BATCH_ENTRY_BYTES: usize = 1024 * 1024;

/// Uploads to the same repository, which can share an index write.
#[derive(Debug)]
pub(super) struct Batch {
    repository: Repository,
    files: Vec<ChartFile>,
}

/// The uploads of one batch on their way to the index.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) candidates: Vec<Candidate>,
    pub(super) decided: Vec<Decided>,
}

impl Round {
    fn sort_in(&mut self, prepared: Vec<(StagedKey, Result<Prepared, PublishError>)>, report: &mut Report) {
        for (staged, prepared) in prepared {
            match prepared {
                Ok(Prepared::Candidate(candidate)) => self.candidates.push(*candidate),
                Ok(Prepared::Decided(decided)) => self.decided.push(*decided),
                Ok(Prepared::Late(late)) => report.late_provenance.push(late),
                Ok(Prepared::Gone) => report.gone.push(staged),
                Err(error) => report.fail(staged, &error),
            }
        }
    }
}

impl Publisher {
    /// The uploads in the groups that share an index write.
    pub(super) async fn batches(&self, uploads: &[StagedKey], report: &mut Report) -> Vec<Batch> {
        let mut batches = Vec::new();
        for (repository, files) in self.by_repository(uploads, report).await {
            batches.extend(files.chunks(MAX_BATCH_UPLOADS).map(|chunk| Batch {
                repository: repository.clone(),
                files: chunk.to_vec(),
            }));
        }
        batches
    }

    pub(super) async fn publish_batches(&self, batches: Vec<Batch>, deadline: Deadline, report: &mut Report) {
        for Batch { repository, files } in &batches {
            let mut rest = files.as_slice();
            while !rest.is_empty() && deadline.has_time() {
                // Boxed: the SDK's futures are too deep for the compiler without it.
                let published = Box::pin(self.publish_batch(repository, rest, deadline, report));
                // A batch that does not finish is stopped as if the process had been killed, so
                // that earlier outcomes are still reported.
                match tokio::time::timeout(deadline.left_to_the_end(), published).await {
                    Ok(taken) => rest = rest.get(taken..).unwrap_or_default(),
                    Err(_) => break,
                }
            }
            for staged in rest.iter().map(ChartFile::upload) {
                if !report.knows(&staged) {
                    report.fail(staged, &RepositoryError::NoTime);
                }
            }
        }
        self.mirror_new(deadline, report).await;
    }

    /// Groups uploads by repository. An event may name an upload twice. An upload whose folder
    /// cannot be a repository is rejected here.
    async fn by_repository(&self, uploads: &[StagedKey], report: &mut Report) -> BTreeMap<Repository, Vec<ChartFile>> {
        let mut groups: BTreeMap<Repository, Vec<ChartFile>> = BTreeMap::new();
        for staged in uploads {
            if staged.is_too_long() {
                let bytes = staged.key().len();
                self.reject_unread(staged, Reason::KeyTooLong { bytes }, report).await;
                continue;
            }
            match ChartFile::of_upload(staged) {
                Ok(file) => {
                    let group = groups.entry(file.repository().clone()).or_default();
                    if !group.contains(&file) {
                        group.push(file);
                    }
                }
                Err(bad) => self.reject_unread(staged, Reason::BadRepository(bad), report).await,
            }
        }
        groups
    }

    /// Publishes as many of these uploads as fit into one index write. Returns their number, at
    /// least one.
    async fn publish_batch(
        &self,
        repository: &Repository,
        uploads: &[ChartFile],
        deadline: Deadline,
        report: &mut Report,
    ) -> usize {
        let state = StateCell::new();
        let read_index = self.index_state(repository, &state);
        let prepare = self.prepare_some(uploads, &state, 0);
        // Reads the index and the first archives concurrently, because neither depends on the
        // other.
        let (_, prepared) = tokio::join!(read_index, prepare);
        let batch = prepared.len();
        let mut round = Round::default();
        round.sort_in(prepared, report);
        if let Some(Ok(state)) = state.into_inner()
            && !round.candidates.is_empty()
        {
            self.swap(repository, state, &mut round, deadline, report).await;
        }
        self.conclude_all(round.decided, report).await;
        batch
    }

    /// Prepares as many of these uploads as fit into a batch that already holds `taken` bytes.
    pub(super) async fn prepare_some(
        &self,
        uploads: &[ChartFile],
        state: &StateCell,
        taken: usize,
    ) -> Vec<(StagedKey, Result<Prepared, PublishError>)> {
        let taken = &AtomicUsize::new(taken);
        stream::iter(uploads)
            .take_while(|_| std::future::ready(taken.load(Ordering::Relaxed) < MAX_BATCH_ENTRY_BYTES))
            .map(|file| async move {
                let prepared = self.prepare(file, state).await;
                let listed_bytes = prepared.as_ref().map_or(0, Prepared::listed_bytes);
                taken.fetch_add(listed_bytes, Ordering::Relaxed);
                (file.upload(), prepared)
            })
            .buffered(CONCURRENT_ARCHIVES)
            .collect()
            .await
    }

    async fn conclude_all(&self, decided: Vec<Decided>, report: &mut Report) {
        let concluded: Vec<_> = stream::iter(decided)
            .map(|decided| async move {
                let staged = decided.upload.staged.clone();
                (staged, self.conclude(decided).await)
            })
            .buffered(CONCURRENT_CONCLUSIONS)
            .collect()
            .await;
        for (staged, result) in concluded {
            match result {
                Ok(concluded) => report.concluded.push(concluded),
                Err(error) => report.fail(staged, &error),
            }
        }
    }
}
