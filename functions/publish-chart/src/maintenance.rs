//! The results of a command: log lines, metrics and the answer.

use chartdrop::maintain::{AllVerified, Reindexed, UnpublishOutcome, UnpublishReport, Verified};
use chartdrop::metrics::{Metrics, Unit};
use chartdrop::printable::printable;
use chartdrop::size::counted;
use lambda_runtime::Context;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use tracing::{error, info, warn};

use crate::report;

/// The result of a command.
#[derive(Debug, Serialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub(crate) enum Maintained {
    Verify(Verified),
    #[serde(serialize_with = "summary")]
    VerifyAll(AllVerified),
    Reindex(Reindexed),
    Unpublish(UnpublishReport),
}

impl Maintained {
    pub(crate) fn log(&self) {
        match self {
            Self::Verify(verified) => log_verified(verified),
            Self::VerifyAll(all) => log_all_verified(all),
            Self::Reindex(reindexed) => log_reindexed(reindexed),
            Self::Unpublish(report) => log_unpublished(report),
        }
    }

    pub(crate) fn count(&self, context: &Context) {
        let mut metrics = Metrics::default();
        let lost_races = match self {
            Self::Verify(verified) => {
                count_differences(verified, &mut metrics);
                0
            }
            Self::VerifyAll(all) => {
                all.verified
                    .iter()
                    .for_each(|verified| count_differences(verified, &mut metrics));
                if all.complete {
                    metrics.count("VerificationsCompleted", 1);
                }
                0
            }
            Self::Reindex(reindexed) => {
                if reindexed.written {
                    metrics.count("IndexesRepaired", 1);
                    metrics.count("IndexChanges", number(reindexed.change_count));
                    if let Some(archives) = reindexed.rebuilt_from {
                        report::count_rebuilt(&mut metrics, archives);
                    }
                }
                reindexed.lost_races
            }
            Self::Unpublish(report) => {
                if report.outcome == UnpublishOutcome::Unpublished {
                    metrics.count("ChartsUnpublished", 1);
                }
                report.lost_races
            }
        };
        if lost_races > 0 {
            metrics.count("CompareAndSwapRetries", lost_races.into());
        }
        report::print(&mut metrics, context);
    }

    /// The answer to the caller.
    pub(crate) fn answer(&self) -> Value {
        // Serializing cannot fail: there are only texts, numbers and times.
        serde_json::to_value(self).unwrap_or_else(|error| json!({"error": error.to_string()}))
    }
}

fn count_differences(verified: &Verified, metrics: &mut Metrics) {
    metrics.add("RepositoryDifferences", Unit::Count, number(verified.alarming()));
}

/// The answer counts the differences and the log has each of them, because those of many
/// repositories do not fit into an answer.
fn summary<S: Serializer>(all: &AllVerified, serializer: S) -> Result<S::Ok, S::Error> {
    let verified = all.verified.iter().map(|verified| {
        json!({
            "repository": verified.repository,
            "archives": verified.archives,
            "compared": verified.compared,
            "differences": verified.differences.len(),
            "complete": verified.complete,
        })
    });
    let verified: Vec<Value> = verified.collect();
    json!({"repositories": verified, "failed": all.failed, "complete": all.complete}).serialize(serializer)
}

fn log_all_verified(all: &AllVerified) {
    all.verified.iter().for_each(log_verified);
    for failed in &all.failed {
        let (repository, problem) = (shown(&failed.repository), printable(&failed.error));
        error!(
            repository,
            error = &*problem,
            "{repository} could not be verified: {problem}"
        );
    }
    if !all.complete && all.failed.is_empty() {
        warn!(
            "the time ended before every repository was verified. Raise the timeout of publish-chart (Lambda allows 15 minutes), or \
             verify the others one by one with {{\"command\":\"verify\",\"repository\":\"…\"}}"
        );
    }
}

fn log_verified(verified: &Verified) {
    let repository = shown(&verified.repository);
    for difference in &verified.differences {
        let (key, message) = (printable(&difference.key), printable(&difference.message));
        let key = key.as_ref();
        warn!(repository, key, "{key}: {message}");
    }
    let count = verified.differences.len();
    let (compared, elsewhere) = (verified.compared, verified.elsewhere.count);
    info!(
        repository,
        differences = count,
        compared,
        downloaded = verified.downloaded,
        elsewhere,
        complete = verified.complete,
        "verified {repository}: {}, {} compared, {} elsewhere not checked{}",
        counted(count, "difference"),
        counted(compared, "archive"),
        counted(elsewhere, "entry"),
        behind(verified.after.as_deref())
    );
}

fn log_reindexed(reindexed: &Reindexed) {
    let repository = shown(&reindexed.repository);
    for change in &reindexed.changes {
        let (key, message) = (printable(&change.difference.key), printable(&change.difference.message));
        let key = key.as_ref();
        info!(
            repository,
            key,
            action = change.action,
            "{} {key}: {message}",
            change.action
        );
    }
    for difference in &reindexed.left {
        let (key, message) = (printable(&difference.key), printable(&difference.message));
        let key = key.as_ref();
        warn!(repository, key, "did not repair {key}: {message}");
    }
    let what = match (reindexed.dry_run, reindexed.written) {
        (true, _) => "would be repaired with",
        (false, true) => "was repaired with",
        (false, false) => "was not changed:",
    };
    let (count, left) = (reindexed.change_count, reindexed.left.len());
    info!(
        repository,
        changes = count,
        left,
        written = reindexed.written,
        complete = reindexed.complete,
        "the index of {repository} {what} {}; {} left{}",
        counted(count, "change"),
        counted(left, "difference"),
        behind(reindexed.after.as_deref())
    );
}

fn log_unpublished(report: &UnpublishReport) {
    let (chart, version, message) = (&report.chart, &report.version, printable(&report.message));
    match report.outcome {
        UnpublishOutcome::NotFound => warn!(chart, version, "{message}"),
        UnpublishOutcome::Unpublished | UnpublishOutcome::AlreadyUnpublished => info!(chart, version, "{message}"),
    }
    for warning in &report.warnings {
        warn!(chart, version, warning, "{}", printable(warning));
    }
}

fn shown(repository: &str) -> &str {
    if repository.is_empty() { "(root)" } else { repository }
}

fn behind(after: Option<&str>) -> String {
    after.map_or_else(String::new, |after| {
        format!(". The time ended; continue with \"after\":{}", Value::from(after))
    })
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
