//! The slow path: an index as a parser sees it, for texts that no [`scan`](super::scan) is sure of.
//!
//! It is parsed completely, checked as Helm would check it, and rewritten in a known layout.

use super::fields;
use super::{Format, IndexError, helm, json, twice, yaml};
use crate::yaml::json_text;

/// A whole index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    /// Top-level fields other than `entries` and `generated`, in their order: name (in Helm's
    /// spelling if Helm knows it) and compact JSON text.
    pub(super) top: Vec<(String, String)>,
    /// The charts, in the order of the document.
    pub(super) charts: Vec<Chart>,
}

/// One chart of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chart {
    /// The key under `entries`.
    pub(super) name: String,
    /// Its versions, in the order of the document, each as compact JSON text that has passed Helm's
    /// checks.
    pub(super) versions: Vec<String>,
}

impl Document {
    /// An empty index.
    pub(super) fn empty() -> Self {
        Self {
            top: Vec::new(),
            charts: Vec::new(),
        }
    }

    /// Sets a top-level field, given as JSON text. If Helm sees fields as the same (equal names, or
    /// names that differ in case), the last one counts.
    pub(super) fn set(&mut self, name: &str, text: &str) -> Result<(), IndexError> {
        let name = fields::top(name).unwrap_or(name);
        helm::check_top(name, text)?;
        let text = json_text::compact(text).map_err(not_an_index)?;
        let Some(at) = self.top.iter().position(|(known, _)| known == name) else {
            self.top.push((name.to_owned(), text.into_owned()));
            return Ok(());
        };
        let Some((_, known)) = self.top.get_mut(at) else {
            return Ok(());
        };
        match twice::again_at_top(name, known, &text).map_err(not_an_index)? {
            Some(text) => *known = text,
            None => drop(self.top.remove(at)),
        }
        Ok(())
    }

    /// Reads an index in either form and decides as Helm does: JSON if it is valid JSON, otherwise
    /// YAML.
    pub(super) fn read(index: &[u8]) -> Result<(Self, Format), IndexError> {
        if index.is_empty() {
            return Err(IndexError::Empty);
        }
        let (document, format) = match json::read(index)? {
            Some(document) => (document, Format::Json),
            None => (yaml::read(index)?, Format::Yaml),
        };
        document.check()?;
        Ok((document, format))
    }

    /// The requirements for an index in either form.
    fn check(&self) -> Result<(), IndexError> {
        self.check_api_version()?;
        let mut names: Vec<&str> = self.charts.iter().map(|chart| chart.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| matches!(pair, [a, b] if a == b)) {
            Some([twice, ..]) => Err(IndexError::ChartTwice {
                chart: (*twice).to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Helm accepts any value and ignores it. A version later than v1, which does not exist yet,
    /// may mean that the rest has another structure.
    pub(super) fn check_api_version(&self) -> Result<(), IndexError> {
        let found = self.top.iter().find(|(name, _)| name == "apiVersion");
        let version = found.and_then(|(_, text)| serde_json::from_str::<Option<String>>(text).ok()?);
        match version.as_deref() {
            None | Some("") => Err(IndexError::NotAnIndex {
                detail: "it has no apiVersion".to_owned(),
            }),
            Some(version) if is_later(version) => Err(IndexError::ApiVersion {
                found: version.to_owned(),
            }),
            Some(_) => Ok(()),
        }
    }
}

fn is_later(api_version: &str) -> bool {
    let number = api_version
        .strip_prefix('v')
        .and_then(|number| number.parse::<u32>().ok());
    number.is_some_and(|number| number > 1)
}

fn not_an_index(error: serde_json::Error) -> IndexError {
    IndexError::NotAnIndex {
        detail: error.to_string(),
    }
}
