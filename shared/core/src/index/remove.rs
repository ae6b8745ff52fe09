//! Removes versions from an index and adds a note about them in the same write.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;

use super::spliced::{Splice, Spliced};
use super::{EntryPosition, Index, IndexError, item};

/// The result of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The new text, or `None` if nothing changes.
    pub text: Option<Spliced>,
    /// The number of versions that the index lists afterwards.
    pub versions: usize,
}

impl Index {
    /// Removes the versions at these positions, sets annotations, and sets `generated` to `now` if
    /// that changes anything.
    ///
    /// A chart is removed with its last version. Every other byte stays if the layout is known:
    /// adding a version and removing it restores the earlier text.
    ///
    /// # Errors
    ///
    /// [`IndexError`] if the index has to be rewritten and cannot be.
    pub fn remove(
        &self,
        places: &[EntryPosition],
        annotations: &[(String, String)],
        now: Timestamp,
    ) -> Result<Removal, IndexError> {
        if let Some(splices) = self.annotate(annotations) {
            return Ok(self.remove_with(places, splices, now));
        }
        // Versions keep their numbers when the index is rewritten.
        let rewritten = Self::parse(&self.text)?;
        let splices = rewritten.annotate(annotations).ok_or_else(|| IndexError::NotAnIndex {
            detail: "its annotations can't be written".to_owned(),
        })?;
        Ok(rewritten.remove_with(places, splices, now))
    }

    fn remove_with(&self, places: &[EntryPosition], mut splices: Vec<Splice>, now: Timestamp) -> Removal {
        let places: BTreeSet<EntryPosition> = places.iter().copied().collect();
        let removed = self.cut(&places, &mut splices);
        if !splices.is_empty() {
            splices.push(self.outline.set_generated(now));
        }
        Removal {
            text: (!splices.is_empty()).then(|| Spliced::new(&self.text, splices)),
            versions: self.outline.versions - removed,
        }
    }

    /// Returns the number of versions that are cut.
    fn cut(&self, places: &BTreeSet<EntryPosition>, splices: &mut Vec<Splice>) -> usize {
        let mut removed = 0;
        let mut charts = Vec::with_capacity(self.outline.charts.len());
        for (number, chart) in self.outline.charts.iter().enumerate() {
            let from = EntryPosition { chart: number, item: 0 };
            let to = EntryPosition {
                chart: number,
                item: usize::MAX,
            };
            let mut wanted = places.range(from..to).peekable();
            if wanted.peek().is_none() {
                charts.push((self.outline.layout.lines_of_chart(&self.text, chart), false));
                continue;
            }
            let wanted: BTreeSet<usize> = wanted.map(|place| place.item).collect();
            let items: Vec<_> = item::all(self.outline.layout, &self.text, chart)
                .enumerate()
                .map(|(item, at)| (at, wanted.contains(&item)))
                .collect();
            let gone = items.iter().filter(|(_, gone)| *gone).count();
            removed += gone;
            let is_empty = gone > 0 && gone == items.len();
            charts.push((self.outline.layout.lines_of_chart(&self.text, chart), is_empty));
            if !is_empty {
                self.cut_from_list(&items, splices);
            }
        }
        let none_stays = !charts.is_empty() && charts.iter().all(|(_, gone)| *gone);
        match self.outline.without_charts().filter(|_| none_stays) {
            Some(splice) => splices.push(splice),
            None => self.cut_from_list(&charts, splices),
        }
        removed
    }

    /// Cuts from a list whose elements follow each other. In JSON, the last remaining one loses its
    /// comma.
    fn cut_from_list(&self, elements: &[(Range<usize>, bool)], splices: &mut Vec<Splice>) {
        let gone = elements.iter().filter(|(_, gone)| *gone);
        splices.extend(gone.map(|(at, _)| Splice::cut(at.clone())));
        let last_is_gone = elements.last().is_some_and(|(_, gone)| *gone);
        if last_is_gone && let Some((last, _)) = elements.iter().rfind(|(_, gone)| !gone) {
            splices.extend(self.outline.layout.lost_by_last(last).map(Splice::cut));
        }
    }
}
