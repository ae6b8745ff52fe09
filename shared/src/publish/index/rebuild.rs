//! Describes an index that was missing and was rebuilt, for the receipts of that write, the log and
//! the metrics.

use std::fmt;

use crate::keys::Repository;
use crate::rebuilt::Rebuilt;
use crate::repository::{Remembered, command};

/// The most lost versions that a message names.
const MAX_NAMED_VERSIONS: usize = 20;

/// A lost index that was rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRebuilt {
    /// The repository whose index this is.
    pub repository: Repository,
    /// The number of archives that it was rebuilt from.
    pub archives: usize,
    /// The first, by name, of the versions that were published according to their receipts but have
    /// no archive that can be listed.
    pub lost: Vec<String>,
    /// The number of those versions.
    pub lost_count: usize,
}

impl IndexRebuilt {
    pub(crate) fn new(repository: &Repository, rebuilt: &Rebuilt, lost: &[Remembered]) -> Self {
        let named = lost.iter().take(MAX_NAMED_VERSIONS);
        Self {
            repository: repository.clone(),
            archives: rebuilt.archives,
            lost: named.map(|lost| format!("{} {}", lost.chart, lost.version)).collect(),
            lost_count: lost.len(),
        }
    }
}

impl fmt::Display for IndexRebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.repository.index_key();
        write!(
            f,
            "{key} was missing and was rebuilt from {} archives. Entries that pointed elsewhere are lost",
            self.archives
        )?;
        if self.lost_count > 0 {
            write!(
                f,
                ", and so are these, whose archives are missing or were changed: {}",
                self.lost.join(", ")
            )?;
        }
        if self.lost_count > self.lost.len() {
            write!(f, " and {} more", self.lost_count - self.lost.len())?;
        }
        write!(f, ". {} reports how to restore them", command::verify(&self.repository))
    }
}
