//! What an index lists, one version after the other, for those who hold it against the archives.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Format, Index, item};
use crate::yaml::{self, Duplicates};

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

/// A place in one index: chart and version by their numbers in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub(super) chart: usize,
    pub(super) item: usize,
}

/// What is read of an entry.
#[derive(Deserialize)]
struct Fields {
    name: Option<String>,
    version: Option<String>,
    digest: Option<String>,
    urls: Option<Vec<Option<String>>>,
    created: Option<String>,
}

impl Index {
    /// The versions that are listed, in the order of the text. What Helm skips (a null entry, one without a version) is
    /// left out.
    pub fn listed_versions(&self) -> impl Iterator<Item = ListedVersion> + '_ {
        let format = self.outline.format;
        self.outline.charts.iter().enumerate().flat_map(move |(chart, place)| {
            let name = self.outline.name(&self.text, place).into_owned();
            item::all(format, &self.text, place)
                .enumerate()
                .filter_map(move |(item, at)| {
                    let fields: Fields = fields(format, self.text.get(at)?)?;
                    let version = fields.version.filter(|version| !version.is_empty())?;
                    Some(ListedVersion {
                        chart: name.clone(),
                        name: fields.name,
                        version,
                        digest: fields.digest.filter(|digest| !digest.is_empty()),
                        url: fields.urls.into_iter().flatten().next().flatten(),
                        created: fields.created,
                        place: Place { chart, item },
                    })
                })
        })
    }
}

/// Reads the text of one version.
pub(super) fn fields<T: DeserializeOwned>(format: Format, item: &[u8]) -> Option<T> {
    match format {
        Format::Json => {
            let line = item.trim_ascii_end();
            let line = line.strip_suffix(b",").unwrap_or(line);
            serde_json::from_slice::<Option<T>>(line).ok()?
        }
        Format::Yaml => serde_json::from_value::<Option<T>>(yaml_item(item)?).ok()?,
    }
}

/// The value of a version in YAML: without the dash, its lines are a mapping by themselves.
pub(super) fn yaml_item(item: &[u8]) -> Option<serde_json::Value> {
    let text = [b"    ", item.strip_prefix(b"  - ")?].concat();
    let limits = yaml::Limits::for_index(text.len());
    let document = yaml::parse(&text, &limits, Duplicates::Refuse).ok()?;
    Some(document.value.to_json())
}
