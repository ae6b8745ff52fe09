//! The result of a repair.

use serde::Serialize;

use crate::index::Dropped;
use crate::keys::Repository;
use crate::maintain::IndexSummary;
use crate::maintain::difference::{Difference, Kind};

/// The result of a repair.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reindexed {
    /// The repository, empty for the root one.
    pub repository: String,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// Whether the index was written.
    pub written: bool,
    /// The index afterwards, if there is one (with `dryRun`: as it would be).
    pub index: Option<IndexSummary>,
    /// What was wrong with the index as a whole, if anything: it was missing, or Helm could not
    /// load it.
    pub damage: Option<String>,
    /// The number of archives that a missing index was rebuilt from (with `dryRun`: would be).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebuilt_from: Option<usize>,
    /// The key of the copy of a damaged index.
    pub kept: Option<String>,
    /// The number of changes.
    pub change_count: usize,
    /// The first changes.
    pub changes: Vec<IndexChange>,
    /// Differences that it does not repair.
    pub left: Vec<Difference>,
    /// Entries that point elsewhere, which stay.
    pub elsewhere: usize,
    /// The number of archive names that were compared.
    pub compared: usize,
    /// The number of archives that had to be downloaded.
    pub downloaded: usize,
    /// The number of lost races.
    pub lost_races: u32,
    /// Whether everything was compared.
    pub complete: bool,
    /// Where to continue if not: the `after` of the next run.
    pub after: Option<String>,
}

/// One change of the index.
#[derive(Debug, Serialize)]
pub struct IndexChange {
    /// `add`, `replace`, `remove`, `note`, or `drop` for what could not be read of a damaged index.
    pub action: &'static str,
    /// The reason.
    #[serde(flatten)]
    pub difference: Difference,
}

impl Reindexed {
    /// Adds the results of an earlier attempt of the same run.
    pub(super) fn behind(self, earlier: Option<Self>) -> Self {
        let Some(mut earlier) = earlier else { return self };
        earlier.changes.extend(self.changes);
        Self {
            written: self.written || earlier.written,
            damage: self.damage.or(earlier.damage),
            rebuilt_from: self.rebuilt_from.or(earlier.rebuilt_from),
            kept: self.kept.or(earlier.kept),
            change_count: self.change_count + earlier.change_count,
            changes: earlier.changes,
            ..self
        }
    }
}

/// The change for an unreadable part of a damaged index.
pub(super) fn drop_of(repository: &Repository, dropped: Dropped) -> IndexChange {
    let Dropped { chart, version, reason } = dropped;
    let what = match (&chart, &version) {
        (Some(chart), Some(version)) => format!("the entry of {chart} {version}"),
        (Some(chart), None) => format!("an entry of {chart}"),
        (None, Some(version)) => format!("an entry of version {version}"),
        (None, None) => "a part of the index".to_owned(),
    };
    let message = format!(
        "{what} is dropped: {reason}. If its archive is in this repository, the entry is added from it; an entry that pointed \
         elsewhere is in the copy of the damaged index only"
    );
    let difference = Difference {
        chart,
        version,
        ..Difference::of_index(repository, Kind::EntryUnreadable, message)
    };
    IndexChange {
        action: "drop",
        difference,
    }
}
