//! The versions that an index lists, for comparing them with archives.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use super::{Index, item};
use crate::digest::Digest;

/// A chart version as an index lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedVersion {
    /// The chart that it is listed under, which Helm uses.
    pub chart: String,
    /// The name in the entry itself.
    pub name: Option<String>,
    /// The version.
    pub version: String,
    /// The digest, as it is written.
    pub digest: Option<String>,
    /// The URL of the archive: Helm tries only the first one.
    pub url: Option<String>,
    /// When it was published, as it is written.
    pub created: Option<String>,
    /// Its position in the index.
    pub place: EntryPosition,
}

/// Whether an index lists a version, and with which digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedDigest {
    /// It does not list the version.
    NotListed,
    /// It lists the version without a digest.
    Absent,
    /// It lists the version with this digest, as it is written.
    Written(String),
}

/// The archive that an index lists for a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The digest, as it is written.
    pub digest: Option<String>,
    /// The URL of the archive: Helm tries only the first one.
    pub url: Option<String>,
}

/// The position of an entry in one index: chart and version, numbered in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPosition {
    pub(super) chart: usize,
    pub(super) item: usize,
}

impl Promise {
    /// The digest, if it can be compared.
    pub fn comparable(&self) -> Option<Digest> {
        Digest::of_entry(self.digest.as_deref()?)
    }
}

impl ListedVersion {
    /// The digest, if it can be compared.
    pub fn comparable(&self) -> Option<Digest> {
        Digest::of_entry(self.digest.as_deref()?)
    }
}

impl Index {
    /// Whether a version is listed. Version and name are compared as exact texts.
    pub fn lists(&self, chart: &str, version: &str) -> bool {
        self.item_of(chart, version).is_some()
    }

    /// Whether a version is listed, and with which digest. Version and name are compared as exact
    /// texts.
    pub fn digest_of(&self, chart: &str, version: &str) -> ListedDigest {
        let item = self.item_of(chart, version).and_then(|item| self.text.get(item));
        match item.map(|item| self.outline.layout.head(item).digest) {
            None => ListedDigest::NotListed,
            Some(None) => ListedDigest::Absent,
            Some(Some(digest)) => ListedDigest::Written(digest.into()),
        }
    }

    /// What the index lists for a version, from the first of several entries, as for Helm.
    pub fn promise(&self, chart: &str, version: &str) -> Option<Promise> {
        let texts = self
            .outline
            .layout
            .texts(self.text.get(self.item_of(chart, version)?)?)?;
        Some(Promise {
            digest: texts.digest.filter(|digest| !digest.is_empty()).map(Cow::into_owned),
            url: texts.url.filter(|url| !url.is_empty()).map(Cow::into_owned),
        })
    }

    /// The listed versions, in the order of the text, without those that Helm skips (a null entry,
    /// or one without a version).
    pub fn listed_versions(&self) -> impl Iterator<Item = ListedVersion> + '_ {
        let layout = self.outline.layout;
        self.outline.charts.iter().enumerate().flat_map(move |(chart, place)| {
            let name = self.outline.name(&self.text, place).into_owned();
            item::all(layout, &self.text, place)
                .enumerate()
                .filter_map(move |(item, at)| {
                    let texts = layout.texts(self.text.get(at)?)?;
                    let version = texts.version.filter(|version| !version.is_empty())?;
                    Some(ListedVersion {
                        chart: name.clone(),
                        name: texts.name.map(Cow::into_owned),
                        version: version.into_owned(),
                        digest: texts.digest.filter(|digest| !digest.is_empty()).map(Cow::into_owned),
                        url: texts.url.filter(|url| !url.is_empty()).map(Cow::into_owned),
                        created: texts.created.map(Cow::into_owned),
                        place: EntryPosition { chart, item },
                    })
                })
        })
    }

    /// The position of a version's text: of the first one, if it is listed more than once.
    fn item_of(&self, chart: &str, version: &str) -> Option<Range<usize>> {
        let place = self.outline.chart(&self.text, chart)?;
        let mut at = place.items.start;
        // The characters of a version are never escaped, so its text occurs as it is.
        while let Some(found) = memmem::find(self.text.get(at..place.items.end)?, version.as_bytes()) {
            let item = item::around(self.outline.layout, &self.text, place, at + found);
            at = item.end;
            let head = self.outline.layout.head(self.text.get(item.clone())?);
            if head.version.as_deref() == Some(version) {
                return Some(item);
            }
        }
        None
    }
}
