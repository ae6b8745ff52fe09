//! Turns differences into an edited index without them.

use super::report::IndexChange;
use crate::index::{Entry, EntryPosition, Index, Spliced};
use crate::keys::Repository;
use crate::maintain::Maintainer;
use crate::maintain::difference::{Difference, Kind, Repair};
use crate::repository::RepositoryError;

/// An index with every repair that is possible.
pub(super) struct Repaired {
    pub(super) text: Option<Spliced>,
    pub(super) versions: usize,
}

impl Maintainer {
    /// Makes these changes to an index.
    pub(super) fn repair(
        &self,
        repository: &Repository,
        index: &Index,
        changes: &[IndexChange],
    ) -> Result<Repaired, RepositoryError> {
        let now = self.repositories.now();
        let Edits { places, entries, notes } = edits(changes);
        let removal = index.remove(&places, &notes, now);
        let removal = removal.map_err(RepositoryError::index(repository))?;
        let rest = match &removal.text {
            Some(text) => Index::read(text.to_bytes()).map_err(RepositoryError::index(repository))?,
            None => index.clone(),
        };
        let edit = rest.edit(&entries, now).map_err(RepositoryError::index(repository))?;
        Ok(Repaired {
            text: edit.text.or(removal.text),
            versions: edit.versions,
        })
    }
}

/// Separates what can be repaired from what cannot.
pub(super) fn sort(differences: Vec<Difference>) -> (Vec<IndexChange>, Vec<Difference>) {
    let mut changes = Vec::new();
    let mut left = Vec::new();
    for difference in differences {
        let action = match difference.repair {
            Repair::None => {
                left.push(difference);
                continue;
            }
            Repair::Add(_) => "add",
            Repair::Replace(..) => "replace",
            Repair::Remove(_) => "remove",
            Repair::Note(..) => "note",
        };
        changes.push(IndexChange { action, difference });
    }
    (changes, left)
}

/// The keys of the missing archives whose entries are removed.
pub(super) fn missing_archives(changes: &[IndexChange]) -> Vec<String> {
    let missing = changes
        .iter()
        .filter(|change| change.difference.kind == Kind::ArchiveMissing);
    missing.map(|change| change.difference.key.clone()).collect()
}

/// The edit that repairs a difference.
#[derive(Default)]
struct Edits {
    places: Vec<EntryPosition>,
    entries: Vec<Entry>,
    notes: Vec<(String, String)>,
}

fn edits(changes: &[IndexChange]) -> Edits {
    let mut edits = Edits::default();
    for change in changes {
        match &change.difference.repair {
            Repair::None => {}
            Repair::Remove(place) => edits.places.push(*place),
            Repair::Add(entry) => edits.entries.push(Entry::clone(entry)),
            Repair::Replace(place, entry) => {
                edits.places.push(*place);
                edits.entries.push(Entry::clone(entry));
            }
            Repair::Note(name, value) => edits.notes.push((name.clone(), value.clone())),
        }
    }
    edits
}
