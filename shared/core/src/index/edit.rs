//! The edit itself: what becomes of each entry, and where the new ones go.

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

/// What an edit comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What became of each entry, in the order given.
    pub added: Vec<Added>,
    /// The new text, or `None` if there is nothing to do.
    pub text: Option<Spliced>,
    /// How many chart versions the index lists after the edit.
    pub versions: usize,
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is in the new index.
    New,
    /// The index lists exactly this version with this digest already, in whatever form it is
    /// written.
    Present,
    /// The index lists this version with another digest, which stays.
    Conflict {
        /// The digest that the index has, if any.
        listed: Option<String>,
    },
}

impl Index {
    /// Adds entries, and sets `generated` to `now` if that changes anything.
    ///
    /// Identity is the exact chart name and the exact version string: Helm's own merge compares
    /// versions as constraints and drops `1.0.0+b` where `1.0.0+a` exists. A new version goes
    /// before the first one that is older ([`rank`]); whatever is there stays as it is, byte for
    /// byte, if the layout is one that we know.
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

    /// The versions of a chart that are there.
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

    /// Puts new versions, newest first, each before the first one that is older.
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

    /// Puts new charts, each before the first one of a name that sorts behind its own.
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
        let json = new.entry.to_json(new.created).map_err(|error| IndexError::Refused {
            chart: metadata.name.clone(),
            version: metadata.version.clone(),
            detail: error.to_string(),
        })?;
        self.outline.layout.version(json)
    }
}

/// A version that is there.
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

/// A version to be put in.
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

/// The entries of each chart with their place among all, charts in the order of their names.
fn by_chart(entries: &[Entry]) -> BTreeMap<&str, Vec<(usize, &Entry)>> {
    let mut charts: BTreeMap<&str, Vec<(usize, &Entry)>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        charts.entry(&entry.metadata.name).or_default().push((at, entry));
    }
    charts
}

/// Decides what becomes of the entries of one chart; answers with the new ones. Of two entries for
/// one version the first counts, and of two listed ones the first, as for Helm.
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
