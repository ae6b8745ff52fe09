//! An index in memory: the versions of each chart, each as the text that its author wrote.

use std::cmp::Ordering;

use super::{Format, IndexError, block, json};
use crate::chart::Version;

/// A whole index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    /// Top-level fields other than `entries` and `generated`, in their order: name and compact JSON text.
    pub(super) top: Vec<(String, String)>,
    /// The charts, in the order of the document.
    pub(super) charts: Vec<Chart>,
}

/// One chart of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chart {
    /// The key under `entries`.
    pub(super) name: String,
    /// Its versions, in the order of the document.
    pub(super) versions: Vec<Listed>,
}

/// One chart version of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// The entry as compact JSON text.
    pub(super) text: String,
    /// Its `version`, if it has one (Helm skips an entry without).
    pub(super) version: Option<String>,
    /// Its `digest`, if it has one.
    pub(super) digest: Option<String>,
    /// The lines that it came from, where they can stay as they are.
    pub(super) source: Option<String>,
}

impl Document {
    /// An index that lists nothing yet.
    pub(super) fn new() -> Self {
        Document {
            top: vec![("apiVersion".to_owned(), "\"v1\"".to_owned())],
            charts: Vec::new(),
        }
    }

    /// Reads an index in either form, the way Helm decides which one it is: JSON if it is valid JSON, else YAML.
    pub(super) fn read(index: &[u8]) -> Result<(Self, Format), IndexError> {
        if index.is_empty() {
            return Err(IndexError::Empty);
        }
        let (document, format) = match json::read(index)? {
            Some(document) => (document, Format::Json),
            None => (block::read(index)?, Format::Yaml),
        };
        document.check()?;
        Ok((document, format))
    }

    /// What must hold of an index in either form.
    fn check(&self) -> Result<(), IndexError> {
        match self.top.iter().find(|(name, _)| name == "apiVersion") {
            Some((_, version)) if version == "\"v1\"" => {}
            Some((_, found)) => return Err(IndexError::ApiVersion { found: found.clone() }),
            None => {
                return Err(IndexError::NotAnIndex {
                    detail: "it has no apiVersion".to_owned(),
                });
            }
        }
        let mut names: Vec<&str> = self.charts.iter().map(|chart| chart.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| matches!(pair, [a, b] if a == b)) {
            Some([twice, ..]) => Err(IndexError::ChartTwice {
                chart: (*twice).to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// The entry of a chart version, by exact name and exact version string.
    pub(super) fn find(&self, chart: &str, version: &str) -> Option<&Listed> {
        let chart = self.charts.iter().find(|listed| listed.name == chart)?;
        chart
            .versions
            .iter()
            .find(|listed| listed.version.as_deref() == Some(version))
    }

    /// Puts a version where it belongs: before the first one that is older. What is there keeps its order.
    pub(super) fn insert(&mut self, chart: &str, listed: Listed) {
        let at = match self.charts.iter().position(|other| other.name.as_str() >= chart) {
            Some(at) if self.charts.get(at).is_some_and(|found| found.name == chart) => at,
            // An unsorted document may have the chart further down.
            found => match self.charts.iter().position(|other| other.name == chart) {
                Some(at) => at,
                None => {
                    let at = found.unwrap_or(self.charts.len());
                    self.charts.insert(
                        at,
                        Chart {
                            name: chart.to_owned(),
                            versions: Vec::new(),
                        },
                    );
                    at
                }
            },
        };
        if let Some(chart) = self.charts.get_mut(at) {
            let older = |other: &Listed| listed.cmp_newest_first(other) == Ordering::Less;
            let before = chart.versions.iter().position(older).unwrap_or(chart.versions.len());
            chart.versions.insert(before, listed);
        }
    }

    /// How many chart versions there are.
    pub(super) fn versions(&self) -> usize {
        self.charts.iter().map(|chart| chart.versions.len()).sum()
    }
}

impl Listed {
    /// Newest first; what is no version comes last, as Helm sorts it.
    fn cmp_newest_first(&self, other: &Listed) -> Ordering {
        let parse = |listed: &Listed| {
            listed
                .version
                .as_deref()
                .and_then(|version| Version::parse(version).ok())
        };
        match (parse(self), parse(other)) {
            (Some(own), Some(others)) => own.cmp_newest_first(&others),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.version.cmp(&other.version),
        }
    }
}
