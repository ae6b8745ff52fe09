//! Adds entries to an index: decides the result for each entry, and finds the place of new ones.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::item::{self, Head};
use super::layout::Layout;
use super::outline::ChartPlace;
use super::rank::{self, Newcomer, Rank};
use super::spliced::{Splice, Spliced};
use super::{Created, Entry, Index, IndexError};
use crate::digest::Digest;

/// The result of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The result for each entry, in the order given.
    pub added: Vec<Added>,
    /// The new text, or `None` if nothing changes.
    pub text: Option<Spliced>,
    /// The number of versions that the index lists afterwards.
    pub versions: usize,
}

/// The result for one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It was added.
    New,
    /// The index already lists exactly this version with this digest, in whatever notation.
    Present,
    /// The index lists this version with another digest, which stays.
    Conflict {
        /// The digest in the index, if there is one.
        listed: Option<String>,
    },
}

impl Index {
    /// Adds entries, and sets `generated` to `now` if that changes anything.
    ///
    /// Identity is the exact chart name and the exact version string: Helm's own merge compares
    /// versions as constraints and drops `1.0.0+b` where `1.0.0+a` exists. A new version is placed
    /// before the first one that is older ([`rank`]). Existing entries stay as they are, byte for
    /// byte if the layout is known.
    ///
    /// # Errors
    ///
    /// [`IndexError`] if an entry cannot be written.
    pub fn edit(&self, entries: &[Entry], now: Timestamp) -> Result<Edit, IndexError> {
        let mut added = vec![Added::New; entries.len()];
        let mut splices = Vec::new();
        let mut new_charts = NewCharts::default();
        for (name, wanted) in by_chart(entries) {
            let place = self.outline.chart(&self.text, name);
            let listed = place.map(|place| self.listed(place)).unwrap_or_default();
            let new = judge(&listed, wanted, &mut added);
            if new.is_empty() {
                continue;
            }
            let ranks: Vec<Rank<'_>> = listed.iter().map(Listed::rank).collect();
            let new = in_order(new, &ranks);
            match place {
                Some(place) => self.insert_versions(place, &listed, &ranks, &new, &mut splices)?,
                None => new_charts.push(name, self.chart_text(name, &new)?),
            }
        }
        let new = added.iter().filter(|added| **added == Added::New).count();
        if new > 0 || self.is_new {
            self.insert_charts(new_charts, &mut splices);
            splices.push(self.outline.set_generated(now));
        }
        Ok(Edit {
            added,
            text: (!splices.is_empty()).then(|| Spliced::new(&self.text, splices)),
            versions: self.outline.versions + new,
        })
    }

    /// The listed versions of a chart.
    fn listed(&self, chart: &ChartPlace) -> Vec<Listed<'_>> {
        let layout = self.outline.layout;
        item::all(layout, &self.text, chart)
            .map(|at| {
                let text = self.text.get(at.clone()).unwrap_or_default();
                Listed {
                    layout,
                    text,
                    head: layout.head(text),
                    start: at.start,
                }
            })
            .collect()
    }

    /// Places new versions, newest first, each before the first listed one that is older.
    fn insert_versions(
        &self,
        chart: &ChartPlace,
        listed: &[Listed<'_>],
        ranks: &[Rank<'_>],
        new: &[New<'_>],
        splices: &mut Vec<Splice>,
    ) -> Result<(), IndexError> {
        let mut rest = new;
        for (other, rank) in listed.iter().zip(ranks) {
            let newer = rest
                .iter()
                .take_while(|new| new.rank.cmp_newest_first(rank) == Ordering::Less)
                .count();
            let (before, after) = rest.split_at(newer);
            for new in before {
                let text = self.version_text(new)? + self.outline.layout.separator();
                splices.push(Splice::insert(other.start, text));
            }
            rest = after;
            if rest.is_empty() {
                return Ok(());
            }
        }
        let rest = self.version_texts(rest)?;
        splices.push(self.outline.layout.append_versions(chart, rest));
        Ok(())
    }

    /// Places new charts, each before the first one with a later name.
    fn insert_charts(&self, new: NewCharts<'_>, splices: &mut Vec<Splice>) {
        let outline = &self.outline;
        let Some(last) = outline.charts.last() else {
            splices.extend(self.fill_vacancy(new));
            return;
        };
        for (name, text) in new.0 {
            let next = outline
                .charts
                .iter()
                .find(|other| outline.name(&self.text, other).as_ref() > name);
            splices.push(match next {
                Some(next) => Splice::insert(next.start, text + outline.layout.separator()),
                None => outline.layout.append_chart(last, text),
            });
        }
    }

    /// The first charts of an index.
    fn fill_vacancy(&self, new: NewCharts<'_>) -> Option<Splice> {
        let charts: Vec<String> = new.0.into_iter().map(|(_, text)| text).collect();
        if charts.is_empty() {
            return None;
        }
        let layout = self.outline.layout;
        Some(Splice {
            at: self.outline.vacancy.clone(),
            text: layout.first_charts(&charts.join(layout.separator())),
        })
    }

    /// The text of a whole chart: in JSON its lines up to the bracket, in YAML its lines.
    fn chart_text(&self, name: &str, versions: &[New<'_>]) -> Result<String, IndexError> {
        let versions = self.version_texts(versions)?;
        Ok(self.outline.layout.chart(name, &versions))
    }

    /// In JSON with commas between, and none at the end.
    fn version_texts(&self, versions: &[New<'_>]) -> Result<String, IndexError> {
        let texts: Result<Vec<String>, IndexError> = versions.iter().map(|new| self.version_text(new)).collect();
        Ok(texts?.join(self.outline.layout.separator()))
    }

    fn version_text(&self, new: &New<'_>) -> Result<String, IndexError> {
        let metadata = &new.entry.metadata;
        let json = new.entry.to_json(new.created).map_err(|error| IndexError::Rejected {
            chart: metadata.name.clone(),
            version: metadata.version.clone(),
            detail: error.to_string(),
        })?;
        self.outline.layout.version(json)
    }
}

/// A listed version.
struct Listed<'a> {
    layout: Layout,
    text: &'a [u8],
    head: Head<'a>,
    start: usize,
}

impl Listed<'_> {
    fn rank(&self) -> Rank<'_> {
        Rank::of_listed(self.head.version.as_deref(), self.layout, self.text)
    }
}

/// A version to add.
struct New<'a> {
    entry: &'a Entry,
    rank: Rank<'a>,
    created: Timestamp,
}

impl<'a> New<'a> {
    fn of(entry: &'a Entry) -> Self {
        New {
            entry,
            rank: Rank::of_new(&entry.metadata.version, entry.created.time()),
            created: entry.created.time(),
        }
    }
}

impl Newcomer for New<'_> {
    fn rank(&self) -> &Rank<'_> {
        &self.rank
    }

    fn created(&self) -> &Created {
        &self.entry.created
    }
}

/// New versions, newest first, each with a time of its own.
fn in_order<'a>(mut new: Vec<New<'a>>, listed: &[Rank<'_>]) -> Vec<New<'a>> {
    let times = rank::times(&new, listed);
    for (new, time) in new.iter_mut().zip(times) {
        new.created = time;
        new.rank = Rank::of_new(&new.entry.metadata.version, time);
    }
    new.sort_by(|a, b| a.rank.cmp_newest_first(&b.rank));
    new
}

/// Charts that the index does not have yet, in the order of their names.
#[derive(Default)]
struct NewCharts<'a>(Vec<(&'a str, String)>);

impl<'a> NewCharts<'a> {
    fn push(&mut self, name: &'a str, text: String) {
        self.0.push((name, text));
    }
}

/// The entries of each chart with their original positions, charts in the order of their names.
fn by_chart(entries: &[Entry]) -> BTreeMap<&str, Vec<(usize, &Entry)>> {
    let mut charts: BTreeMap<&str, Vec<(usize, &Entry)>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        charts.entry(&entry.metadata.name).or_default().push((at, entry));
    }
    charts
}

/// Decides the result for the entries of one chart and returns the new ones. If two entries have
/// the same version, the first counts; of two listed ones too, as for Helm.
fn judge<'a>(listed: &[Listed<'_>], wanted: Vec<(usize, &'a Entry)>, added: &mut [Added]) -> Vec<New<'a>> {
    let mut known: HashMap<&str, Option<Cow<'_, str>>> = HashMap::with_capacity(listed.len() + wanted.len());
    for Listed { head, .. } in listed {
        if let Some(version) = &head.version {
            known
                .entry(version)
                .or_insert_with(|| head.digest.as_deref().map(Cow::Borrowed));
        }
    }
    let mut new = Vec::new();
    for (at, entry) in wanted {
        let version = entry.metadata.version.as_str();
        let outcome = match known.get(version) {
            None => {
                new.push(New::of(entry));
                known.insert(version, Some(Cow::Owned(entry.digest.to_string())));
                Added::New
            }
            Some(Some(listed)) if Digest::of_entry(listed) == Some(entry.digest) => Added::Present,
            Some(listed) => Added::Conflict {
                listed: listed.as_deref().map(str::to_owned),
            },
        };
        if let Some(place) = added.get_mut(at) {
            *place = outcome;
        }
    }
    new
}
