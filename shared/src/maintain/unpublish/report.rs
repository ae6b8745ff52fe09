//! The result of an unpublish, or why there was nothing to do.

use jiff::Timestamp;
use serde::Serialize;

use crate::keys::{ChartFile, Repository};
use crate::maintain::{MaintainError, Maintainer};
use crate::repository::{IndexState, command};
use crate::unpublished::Unpublished;

/// The most listed versions that a message names if the requested one is not listed.
const MAX_NAMED_VERSIONS: usize = 10;

/// The result for the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnpublishOutcome {
    /// It was removed from the index, and its archive was deleted.
    Unpublished,
    /// An earlier run had already completed it.
    AlreadyUnpublished,
    /// The index does not list it.
    NotFound,
}

/// The result of an unpublish.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnpublishReport {
    /// The repository, empty for the root one.
    pub repository: String,
    /// The chart.
    pub chart: String,
    /// The version.
    pub version: String,
    /// The result.
    pub outcome: UnpublishOutcome,
    /// The result as a message.
    pub message: String,
    /// The note about the version.
    pub unpublished: Option<Unpublished>,
    /// The objects that were deleted.
    pub deleted: Vec<String>,
    /// Other things that the caller should know.
    pub warnings: Vec<String>,
    /// The number of lost races.
    pub lost_races: u32,
}

/// The version to unpublish.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) repository: &'a Repository,
    pub(super) chart: &'a str,
    pub(super) version: &'a str,
}

impl Target<'_> {
    pub(super) fn report(&self, outcome: UnpublishOutcome, message: String) -> UnpublishReport {
        UnpublishReport {
            repository: self.repository.name().to_owned(),
            chart: self.chart.to_owned(),
            version: self.version.to_owned(),
            outcome,
            message,
            unpublished: None,
            deleted: Vec::new(),
            warnings: Vec::new(),
            lost_races: 0,
        }
    }

    /// The message for a version that was in neither the index nor the bucket.
    pub(super) fn was_lost(&self) -> String {
        let Target { chart, version, .. } = self;
        format!(
            "{chart} {version} is recorded as unpublished; neither the index nor the bucket had it any more. The same content can be \
             uploaded again; other content under this version is always rejected"
        )
    }

    /// The message for a version that an earlier run has unpublished.
    pub(super) fn was_unpublished(&self, at: Timestamp) -> String {
        let Target { chart, version, .. } = self;
        format!("{chart} {version} was already unpublished at {at}")
    }

    /// The message for a version that this run has unpublished, with what it deleted and what
    /// stays.
    pub(super) fn is_out(&self, deleted: &[String], stays: &[String]) -> String {
        let Target { chart, version, .. } = self;
        let archive = match (stays.is_empty(), deleted.is_empty()) {
            (true, false) => "and its archive is deleted".to_owned(),
            (true, true) => "and it had no archive to delete".to_owned(),
            (false, _) => format!("but not everything is deleted: {}", stays.join("; ")),
        };
        format!(
            "{chart} {version} is removed from the index, {archive}. The same content can be uploaded again; other content under \
             this version is always rejected"
        )
    }
}

impl Maintainer {
    /// The answer for a version that does not exist.
    pub(super) async fn not_listed(
        &self,
        target: Target<'_>,
        staged: &ChartFile,
        state: Option<&IndexState>,
    ) -> Result<UnpublishReport, MaintainError> {
        let Target {
            repository,
            chart,
            version,
        } = target;
        let message = if self.store.head(&staged.archive_key()).await?.is_some() {
            format!(
                "the index of {repository} does not list {chart} {version}, but {} exists: it is being published, or its index was \
                 damaged. Run {} first, then unpublish it",
                staged.archive_key(),
                command::reindex(repository)
            )
        } else {
            let versions: Vec<String> = state
                .iter()
                .flat_map(|state| state.index.listed_versions())
                .filter(|listed| listed.chart == chart)
                .map(|listed| listed.version)
                .take(MAX_NAMED_VERSIONS)
                .collect();
            match (state, versions.is_empty()) {
                (None, _) => format!("{repository} has neither an index nor an archive of {chart} {version}"),
                (Some(_), true) => format!("the index of {repository} does not list a chart {chart}"),
                (Some(_), false) => {
                    let versions = versions.join(", ");
                    format!("the index of {repository} does not list {chart} {version}. It lists {versions}")
                }
            }
        };
        Ok(target.report(UnpublishOutcome::NotFound, message))
    }
}
