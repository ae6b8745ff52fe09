//! What an index lists, one version after the other, for those who hold it against the archives.

use std::borrow::Cow;

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
    pub place: Place,
}

/// What an index promises of a version: which archive, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The digest, as it is written.
    pub digest: Option<String>,
    /// Where the archive can be downloaded: Helm tries the first one only.
    pub url: Option<String>,
}

/// A place in one index: chart and version by their numbers in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
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
    /// What is promised of a version, if it is listed: by the first entry of several, as for Helm.
    pub fn promise(&self, chart: &str, version: &str) -> Option<Promise> {
        let texts = item::texts(self.outline.layout(), self.text.get(self.item_of(chart, version)?)?)?;
        Some(Promise {
            digest: texts.digest.filter(|digest| !digest.is_empty()).map(Cow::into_owned),
            url: texts.url.filter(|url| !url.is_empty()).map(Cow::into_owned),
        })
    }

    /// The versions that are listed, in the order of the text. What Helm skips (a null entry, one without a version) is
    /// left out.
    pub fn listed_versions(&self) -> impl Iterator<Item = ListedVersion> + '_ {
        let layout = self.outline.layout();
        self.outline.charts.iter().enumerate().flat_map(move |(chart, place)| {
            let name = self.outline.name(&self.text, place).into_owned();
            item::all(layout, &self.text, place)
                .enumerate()
                .filter_map(move |(item, at)| {
                    let texts = item::texts(layout, self.text.get(at)?)?;
                    let version = texts.version.filter(|version| !version.is_empty())?;
                    Some(ListedVersion {
                        chart: name.clone(),
                        name: texts.name.map(Cow::into_owned),
                        version: version.into_owned(),
                        digest: texts.digest.filter(|digest| !digest.is_empty()).map(Cow::into_owned),
                        url: texts.url.filter(|url| !url.is_empty()).map(Cow::into_owned),
                        created: texts.created.map(Cow::into_owned),
                        place: Place { chart, item },
                    })
                })
        })
    }
}
