//! Inserts text into an index in YAML. An element of a list consists of whole lines, and nothing
//! separates elements.

use super::Indent;
use super::write::{write_name, write_version};
use crate::index::IndexError;
use crate::index::outline::ChartPlace;
use crate::index::spliced::Splice;

impl Indent {
    /// The lines of a version, given as JSON text.
    pub(in crate::index) fn version(self, json: &str) -> Result<String, IndexError> {
        let mut text = String::with_capacity(json.len() + json.len() / 4);
        write_version(&mut text, json, self)?;
        Ok(text)
    }

    /// The lines of a chart.
    pub(in crate::index) fn chart(self, name: &str, versions: &str) -> String {
        let mut text = String::new();
        write_name(&mut text, name, self);
        text.push('\n');
        text.push_str(versions);
        text
    }
}

/// Inserts versions after those of a chart, which may have none yet: then they replace ` []`.
pub(in crate::index) fn append_versions(chart: &ChartPlace, versions: String) -> Splice {
    match chart.versions {
        0 => Splice {
            at: chart.items.clone(),
            text: format!("\n{versions}"),
        },
        _ => Splice::insert(chart.items.end, versions),
    }
}
