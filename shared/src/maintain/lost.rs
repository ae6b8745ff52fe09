//! What the bucket remembers about a repository beyond its index and archives: that the repository
//! exists, that its index was lost, and versions that only receipts know.

use std::collections::BTreeSet;

use super::changed::quoted;
use super::difference::{Difference, Kind, Repair};
use super::survey::Survey;
use super::{MaintainError, Maintainer};
use crate::chart::archive_name;
use crate::keys::{CHARTS, ChartFile, Repository};
use crate::rebuilt::Rebuilt;
use crate::repository::{IndexState, Remembered, command};
use crate::store::StoreError;

/// The most keys below `charts/` that are searched for existing repositories.
const LOOKED_THROUGH: usize = 20_000;

impl Maintainer {
    /// Fails if the repository does not exist. A repository without index and archives exists if
    /// uploads for it are waiting or were processed; any other name is a mistake. The root
    /// repository always exists.
    ///
    /// # Errors
    ///
    /// [`MaintainError::NoRepository`], which names the existing ones.
    pub(super) async fn must_exist(&self, repository: &Repository) -> Result<(), MaintainError> {
        if *repository == Repository::default() {
            return Ok(());
        }
        for prefix in [repository.receipts_prefix(), repository.staging_prefix()] {
            if !self.store.list_folder(&prefix, 1).await?.is_empty() {
                return Ok(());
            }
        }
        let keys = self.store.list(CHARTS, LOOKED_THROUGH).await?;
        Err(MaintainError::NoRepository {
            repository: repository.clone(),
            known: keys
                .iter()
                .filter_map(|object| Repository::of_index_key(&object.key))
                .collect(),
        })
    }

    /// The versions that were published according to their receipts but are neither listed nor
    /// stored, without those that were unpublished.
    pub(super) async fn lost(
        &self,
        repository: &Repository,
        state: Option<(&IndexState, &Survey)>,
    ) -> Result<Vec<Difference>, MaintainError> {
        let known = state
            .map(|(state, survey)| Known::of(repository, state, survey))
            .unwrap_or_default();
        let archives = match state {
            Some(_) => BTreeSet::new(),
            None => self.archive_names(repository).await?,
        };
        let unknown = |file_name: &str| !known.0.contains(file_name) && !archives.contains(file_name);
        let memory = self.repositories.memory(repository, unknown).await?;
        if memory.listed.is_empty() {
            return Ok(Vec::new());
        }
        // A concurrent publish has written a receipt, and an index that is newer than the one
        // compared.
        let newer = match self.repositories.existing_index(repository).await? {
            Some(newer) => {
                let survey = self.survey(repository, &newer).await?;
                Known::of(repository, &newer, &survey)
            }
            None => Known(self.archive_names(repository).await?),
        };
        let lost = memory
            .listed
            .iter()
            .filter(|(file_name, _)| !newer.0.contains(*file_name));
        Ok(lost
            .filter_map(|(file_name, lost)| Some(entry_lost(repository, &ChartFile::new(repository, file_name)?, lost)))
            .collect())
    }

    async fn archive_names(&self, repository: &Repository) -> Result<BTreeSet<String>, StoreError> {
        let archives = self.repositories.archives(repository).await?;
        Ok(archives
            .iter()
            .map(|(staged, _)| staged.file_name().to_owned())
            .collect())
    }

    /// The difference for an index that was rebuilt and not yet confirmed by a person.
    pub(super) fn index_rebuilt(&self, repository: &Repository, rebuilt: Option<&Rebuilt>) -> Option<Difference> {
        let rebuilt = rebuilt.filter(|rebuilt| !rebuilt.seen)?;
        let (bucket, key) = (&self.settings.bucket, quoted(&repository.index_key()));
        let seen = Rebuilt {
            seen: true,
            ..rebuilt.clone()
        };
        let (name, value) = seen.annotation();
        let message = format!(
            "the index was missing, and was rebuilt at {} from {} archives. Entries that pointed elsewhere are lost. List its \
             earlier versions, which are kept for 30 days: `aws s3api list-object-versions --bucket {bucket} --prefix {key}`. If \
             entries are missing, restore a version with `aws s3api copy-object --bucket {bucket} --key {key} --copy-source \
             '{bucket}/{}?versionId=ID' --content-type application/yaml --metadata-directive REPLACE`. Then run {}: it adds what \
             was published since, and records that you have checked this",
            rebuilt.at,
            rebuilt.archives,
            repository.index_key(),
            command::reindex(repository)
        );
        Some(Difference {
            repair: Repair::Note(name, value),
            ..Difference::of_index(repository, Kind::IndexRebuilt, message)
        })
    }
}

/// The archive names that are known without a receipt.
#[derive(Default)]
struct Known(BTreeSet<String>);

impl Known {
    /// Those that are listed, stored or unpublished.
    fn of(repository: &Repository, state: &IndexState, survey: &Survey) -> Self {
        let prefix = repository.charts_prefix();
        let there = survey.subjects.values().filter(|subject| subject.object.is_some());
        let there = there.filter_map(|subject| subject.key.strip_prefix(&prefix).map(str::to_owned));
        let listed = state.index.listed_versions();
        let listed = listed.map(|listed| archive_name(&listed.chart, &listed.version));
        Self(there.chain(listed).chain(state.unpublished.keys().cloned()).collect())
    }
}

fn entry_lost(repository: &Repository, staged: &ChartFile, lost: &Remembered) -> Difference {
    let Remembered { chart, version, at, .. } = lost;
    let digest = lost
        .digest
        .map(|digest| format!(" with the digest {}", digest.short()))
        .unwrap_or_default();
    Difference {
        kind: Kind::EntryLost,
        key: staged.archive_key(),
        chart: Some(chart.clone()),
        version: Some(version.clone()),
        message: format!(
            "according to its receipt, {chart} {version} was published by {at}{digest}, but the index does not list it, and its \
             archive is gone. Upload the same chart again, or restore the earlier version of its archive and run {}. If it was \
             removed on purpose, run {}, which records that",
            command::reindex(repository),
            command::unpublish(repository, chart, version)
        ),
        repair: Repair::None,
    }
}
