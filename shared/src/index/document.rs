//! The slow half of the engine: an index as a parser sees it, for texts that no [`scan`](super::scan) is sure of.
//!
//! It is read whole, checked as Helm would check it, and written anew in a layout that is known.

use super::outline::Outline;
use super::{Format, IndexError, block, json};

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
    ///
    /// Each is compact JSON text that has passed Helm's checks.
    pub(super) versions: Vec<String>,
}

impl Document {
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

    /// The same index in the layout that we write, with nothing in the place of `generated`.
    pub(super) fn write(&self, format: Format) -> Result<(Vec<u8>, Outline), IndexError> {
        match format {
            Format::Json => Ok(json::write(self)),
            Format::Yaml => block::write(self),
        }
    }

    /// What must hold of an index in either form.
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

    pub(super) fn check_api_version(&self) -> Result<(), IndexError> {
        match self.top.iter().find(|(name, _)| name == "apiVersion") {
            Some((_, version)) if version == "\"v1\"" => Ok(()),
            Some((_, found)) => Err(IndexError::ApiVersion { found: found.clone() }),
            None => Err(IndexError::NotAnIndex {
                detail: "it has no apiVersion".to_owned(),
            }),
        }
    }
}
