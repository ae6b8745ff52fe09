//! Verifies a repository: reports every difference and changes nothing.

use std::collections::BTreeSet;

use serde::Serialize;

use super::compare::{Compared, Digests, Scope};
use super::difference::{Difference, Kind};
use super::survey::Survey;
use super::{EdgeSummary, Elsewhere, IndexSummary, MaintainError, Maintainer};
use crate::deadline::Deadline;
use crate::keys::{ChartFile, Repository, StagedKey};
use crate::repository::{IndexState, RepositoryError, command};

/// The most differences in an answer, which Lambda limits to 6 MB.
const MAX_DIFFERENCES: usize = 2_000;
/// The most waiting uploads that are listed.
const MAX_WAITING_UPLOADS: usize = 2_000;
/// How often differences are compared again because the index was written meanwhile.
const MAX_RECOMPARISONS: usize = 3;
/// The end of the message for a difference that a publish in progress may explain.
const BEING_PUBLISHED: &str = " (its upload is still in staging: it is being published)";

/// The result of a verification.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// The repository, empty for the root one.
    pub repository: String,
    /// Its index, if it is readable.
    pub index: Option<IndexSummary>,
    /// The number of stored archives.
    pub archives: usize,
    /// The number of entries that point to archives of this repository.
    pub entries: usize,
    /// The number of archive names that this run has compared.
    pub compared: usize,
    /// The number of archives that had to be downloaded, because S3 does not know their digest or
    /// because something was wrong.
    pub downloaded: usize,
    /// What was compared at the edge, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge: Option<EdgeSummary>,
    /// Every difference.
    pub differences: Vec<Difference>,
    /// Entries that point elsewhere, which were not checked.
    pub elsewhere: Elsewhere,
    /// Whether everything was compared.
    pub complete: bool,
    /// Where to continue if not: the `after` of the next run.
    pub after: Option<String>,
}

impl Verified {
    /// The number of differences that deserve an alarm. Excluded are those that a publish in
    /// progress explains and those that users do not notice and `reindex` does not repair, which an
    /// adopted repository may have permanently.
    #[must_use]
    pub fn alarming(&self) -> usize {
        let alarming = |difference: &&Difference| {
            let harmless = matches!(difference.kind, Kind::FileName | Kind::ListedElsewhere);
            !harmless && !difference.message.ends_with(BEING_PUBLISHED)
        };
        self.differences.iter().filter(alarming).count()
    }
}

impl Maintainer {
    /// Compares the index of a repository with its archives, from behind the key `after`. With
    /// `edge` also with what users download.
    ///
    /// # Errors
    ///
    /// [`MaintainError`] if S3 cannot be asked. A bad index is a difference, not an error.
    pub async fn verify(
        &self,
        repository: &Repository,
        after: Option<&str>,
        edge: bool,
        deadline: Deadline,
    ) -> Result<Verified, MaintainError> {
        let state = match self.repositories.existing_index(repository).await {
            Ok(Some(state)) => state,
            Ok(None) => return self.verify_without_index(repository).await,
            Err(RepositoryError::Index { problem, .. }) => {
                let message = format!("{problem}, or run {} to repair it", command::reindex(repository));
                let archives = self.repositories.archives(repository).await?.len();
                return Ok(no_index(repository, archives, Some((Kind::IndexUnreadable, message))));
            }
            Err(error) => return Err(error.into()),
        };
        let survey = self.survey(repository, &state).await?;
        let scope = Scope {
            repository,
            after,
            max_differences: MAX_DIFFERENCES,
            accept_changed: false,
            deadline,
        };
        let compared = self.compare(&survey, &Digests::default(), scope).await?;
        let mut differences = self.look_again(scope, &state, compared.differences).await?;
        if scope.after.is_none() {
            differences.extend(self.index_rebuilt(repository, state.rebuilt.as_ref()));
        }
        let (mut edge_summary, mut after) = (None, compared.after);
        // Once, at the end. If time has run out by then, the next run has nothing else to do.
        if after.is_none() {
            if deadline.has_time() {
                differences.extend(self.lost(repository, Some((&state, &survey))).await?);
            } else {
                after = survey.subjects.keys().next_back().cloned();
            }
        }
        if edge {
            let at_edge = self.compare_edge(&survey, scope, after.as_deref()).await?;
            differences.extend(at_edge.differences);
            edge_summary = Some(at_edge.summary);
            // The empty key precedes all others.
            after = at_edge.after.or(after);
        }
        Ok(Verified {
            repository: repository.name().to_owned(),
            index: Some(IndexSummary {
                key: repository.index_key(),
                versions: state.index.versions(),
            }),
            archives: survey.archives,
            entries: survey.entries,
            compared: compared.names,
            downloaded: compared.downloaded,
            edge: edge_summary,
            differences,
            elsewhere: Elsewhere::of(&survey.elsewhere),
            complete: after.is_none(),
            after,
        })
    }

    async fn verify_without_index(&self, repository: &Repository) -> Result<Verified, MaintainError> {
        let archives = self.repositories.archives(repository).await?.len();
        if archives == 0 {
            self.must_exist(repository).await?;
        }
        let lost = self.lost(repository, None).await?;
        let difference = (archives > 0 || !lost.is_empty()).then(|| {
            let message = format!(
                "the index is missing, although {archives} archives are published. The next upload rebuilds it, and so does {}, but \
                 without the entries that pointed elsewhere. To keep those, restore an earlier version of {} first",
                command::reindex(repository),
                repository.index_key()
            );
            (Kind::IndexMissing, message)
        });
        let mut verified = no_index(repository, archives, difference);
        verified.differences.extend(lost);
        Ok(verified)
    }

    /// Concurrent publishes look like differences; a newer index clears them.
    async fn look_again(
        &self,
        scope: Scope<'_>,
        state: &IndexState,
        differences: Vec<Difference>,
    ) -> Result<Vec<Difference>, MaintainError> {
        let mut differences = differences;
        let mut known = state.etag.clone();
        for _ in 0..MAX_RECOMPARISONS {
            if differences.is_empty() {
                break;
            }
            let Some(newer) = self.repositories.existing_index(scope.repository).await? else {
                break;
            };
            if newer.etag == known {
                break;
            }
            let survey = self.survey(scope.repository, &newer).await?;
            differences = self.compare_again(scope, survey, &differences).await?.differences;
            known = newer.etag;
        }
        self.tell_of_waiting_uploads(scope.repository, &mut differences).await?;
        Ok(differences)
    }

    async fn compare_again(
        &self,
        scope: Scope<'_>,
        mut survey: Survey,
        differences: &[Difference],
    ) -> Result<Compared, MaintainError> {
        let keys: BTreeSet<&str> = differences.iter().map(|difference| difference.key.as_str()).collect();
        survey.subjects.retain(|key, _| keys.contains(key.as_str()));
        let scope = Scope {
            max_differences: usize::MAX,
            ..scope
        };
        self.compare(&survey, &Digests::default(), scope).await
    }

    /// An archive is stored before the index lists it, so a publish in progress looks like a
    /// difference.
    async fn tell_of_waiting_uploads(
        &self,
        repository: &Repository,
        differences: &mut [Difference],
    ) -> Result<(), MaintainError> {
        if differences.iter().all(|difference| !may_come(difference)) {
            return Ok(());
        }
        let waiting = self
            .store
            .list_folder(&repository.staging_prefix(), MAX_WAITING_UPLOADS)
            .await?;
        let waiting: BTreeSet<String> = waiting
            .iter()
            .filter_map(|upload| ChartFile::of_upload(&StagedKey::new(&upload.key)?).ok())
            .map(|file| file.archive_key())
            .collect();
        for difference in differences {
            if may_come(difference) && waiting.contains(&difference.key) {
                difference.message += BEING_PUBLISHED;
            }
        }
        Ok(())
    }
}

/// Whether a waiting upload may explain why the archive is not listed.
fn may_come(difference: &Difference) -> bool {
    matches!(difference.kind, Kind::NotListed | Kind::Unsigned)
}

fn no_index(repository: &Repository, archives: usize, difference: Option<(Kind, String)>) -> Verified {
    let difference = difference.map(|(kind, message)| Difference::of_index(repository, kind, message));
    Verified {
        repository: repository.name().to_owned(),
        index: None,
        archives,
        entries: 0,
        compared: 0,
        downloaded: 0,
        edge: None,
        differences: difference.into_iter().collect(),
        elsewhere: Elsewhere::default(),
        complete: true,
        after: None,
    }
}
