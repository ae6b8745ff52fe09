//! What an index lists, one version after the other, for those who hold it against the archives.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

use super::{Index, item};
use crate::digest::Digest;

/// One chart version as an index lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedVersion {
    /// The chart that it is listed under, which is what Helm goes by.
    pub chart: String,
    /// The name in the entry itself.
    pub name: Option<String>,
    /// The version.
    pub version: String,
    /// The digest, as it is written.
    pub digest: Option<String>,
    /// Where the archive can be downloaded: Helm tries the first one only.
    pub url: Option<String>,
    /// When it was published, as it is written.
    pub created: Option<String>,
    /// Where in the index it stands.
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

/// What an index promises of a version: which archive, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The digest, as it is written.
    pub digest: Option<String>,
    /// Where the archive can be downloaded: Helm tries the first one only.
    pub url: Option<String>,
}

/// Where in one index an entry stands: chart and version by their numbers in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPosition {
    pub(super) chart: usize,
    pub(super) item: usize,
}

impl Promise {
    /// The digest, if it is one that can be compared.
    pub fn comparable(&self) -> Option<Digest> {
        Digest::of_entry(self.digest.as_deref()?)
    }
}

impl ListedVersion {
    /// The digest, if it is one that can be compared.
    pub fn comparable(&self) -> Option<Digest> {
        Digest::of_entry(self.digest.as_deref()?)
    }
}

impl Index {
    /// Whether a version is listed. Version and name are compared as they are.
    pub fn lists(&self, chart: &str, version: &str) -> bool {
        self.item_of(chart, version).is_some()
    }

    /// Whether a version is listed, and with which digest. Version and name are compared as they
    /// are.
    pub fn digest_of(&self, chart: &str, version: &str) -> ListedDigest {
        let item = self.item_of(chart, version).and_then(|item| self.text.get(item));
        match item.map(|item| self.outline.layout.head(item).digest) {
            None => ListedDigest::NotListed,
            Some(None) => ListedDigest::Absent,
            Some(Some(digest)) => ListedDigest::Written(digest.into()),
        }
    }

    /// What is promised of a version, if it is listed: by the first entry of several, as for Helm.
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

    /// The versions that are listed, in the order of the text. What Helm skips (a null entry, one
    /// without a version) is left out.
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

    /// Where the text of a version stands: of the first one, if it is listed more than once.
    fn item_of(&self, chart: &str, version: &str) -> Option<Range<usize>> {
        let place = self.outline.chart(&self.text, chart)?;
        let mut at = place.items.start;
        // A version is made of characters that are never escaped, so it stands somewhere as it is.
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
