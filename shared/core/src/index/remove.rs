//! Taking versions out of an index, and leaving a note about it in the same write.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;

use super::outline::ChartPlace;
use super::spliced::{Change, Spliced};
use super::{Format, Index, IndexError, Place, item};

/// What a removal comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The new text, or `None` if there is nothing to do.
    pub text: Option<Spliced>,
    /// How many chart versions the index lists afterwards.
    pub versions: usize,
}

impl Index {
    /// Takes the versions in these places out, sets annotations, and `generated` to `now` if that changes anything.
    ///
    /// A chart goes with its last version. Every other byte stays, if the layout is one that we know: what was added and
    /// is removed leaves the text that was there before.
    ///
    /// # Errors
    ///
    /// [`IndexError`] if the index has to be written anew and can't be.
    pub fn remove(
        &self,
        places: &[Place],
        annotations: &[(String, String)],
        now: Timestamp,
    ) -> Result<Removal, IndexError> {
        if let Some(changes) = self.annotate(annotations) {
            return Ok(self.remove_with(places, changes, now));
        }
        // Versions keep their numbers when the index is written anew.
        let anew = Index::parse(&self.text)?;
        let changes = anew.annotate(annotations).ok_or_else(|| IndexError::NotAnIndex {
            detail: "its annotations can't be written".to_owned(),
        })?;
        Ok(anew.remove_with(places, changes, now))
    }

    fn remove_with(&self, places: &[Place], mut changes: Vec<Change>, now: Timestamp) -> Removal {
        let places: BTreeSet<Place> = places.iter().copied().collect();
        let removed = self.cut(&places, &mut changes);
        if !changes.is_empty() {
            changes.push(self.outline.set_generated(now));
        }
        Removal {
            text: (!changes.is_empty()).then(|| Spliced::new(&self.text, changes)),
            versions: self.outline.versions - removed,
        }
    }

    /// Answers with how many versions are cut.
    fn cut(&self, places: &BTreeSet<Place>, changes: &mut Vec<Change>) -> usize {
        let mut removed = 0;
        let mut charts = Vec::with_capacity(self.outline.charts.len());
        for (number, chart) in self.outline.charts.iter().enumerate() {
            let from = Place { chart: number, item: 0 };
            let to = Place {
                chart: number,
                item: usize::MAX,
            };
            let mut wanted = places.range(from..to).peekable();
            if wanted.peek().is_none() {
                charts.push((self.span(chart), false));
                continue;
            }
            let wanted: BTreeSet<usize> = wanted.map(|place| place.item).collect();
            let items: Vec<_> = item::all(self.outline.layout(), &self.text, chart)
                .enumerate()
                .map(|(item, at)| (at, wanted.contains(&item)))
                .collect();
            let gone = items.iter().filter(|(_, gone)| *gone).count();
            removed += gone;
            let is_empty = gone > 0 && gone == items.len();
            charts.push((self.span(chart), is_empty));
            if !is_empty {
                self.cut_from_list(&items, changes);
            }
        }
        let none_stays = !charts.is_empty() && charts.iter().all(|(_, gone)| *gone);
        match self.outline.without_charts().filter(|_| none_stays) {
            Some(change) => changes.push(change),
            None => self.cut_from_list(&charts, changes),
        }
        removed
    }

    /// A chart with all of its lines, in JSON the comma behind it included.
    fn span(&self, chart: &ChartPlace) -> Range<usize> {
        let end = self.outline.end_of_chart(chart);
        let end = match self.outline.format {
            Format::Yaml => end,
            Format::Json => {
                let rest = self.text.get(end..).unwrap_or_default();
                end + if rest.starts_with(b",") { 2 } else { 1 }
            }
        };
        chart.start..end
    }

    /// Cuts from a list whose elements stand below each other. In JSON the last one that stays loses its comma.
    fn cut_from_list(&self, elements: &[(Range<usize>, bool)], changes: &mut Vec<Change>) {
        let cut = |at: Range<usize>| Change {
            at,
            text: String::new(),
        };
        let gone = elements.iter().filter(|(_, gone)| *gone);
        changes.extend(gone.map(|(at, _)| cut(at.clone())));
        let last_is_gone = elements.last().is_some_and(|(_, gone)| *gone);
        if let (Format::Json, true) = (self.outline.format, last_is_gone)
            && let Some((last, _)) = elements.iter().rfind(|(_, gone)| !gone)
        {
            // `,` and a line feed.
            changes.push(cut(last.end - 2..last.end - 1));
        }
    }
}
