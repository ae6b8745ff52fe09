//! What is still readable of an index that Helm could not load: cut off, of another version, or
//! with a bad entry.
//!
//! Only for repairs that a person requested. An entry counts only if it is complete and Helm
//! accepts it. Entries for our own archives are compared with those afterwards, so this only
//! affects times, order, and entries that point elsewhere. Everything that is lost is listed: see
//! [`Dropped`].

use std::collections::BTreeMap;

use super::annotations::{Annotations, FIELD};
use super::document::{Chart, Document};
use super::helm::Names;
use super::{Format, Index, IndexError, helm, json, yaml};
use crate::yaml::json_text;

/// Why a chart is dropped whose versions are unreadable in both forms.
pub(super) const NO_LIST: &str = "its versions are not a list";

/// The result: what is left of a damaged index, and what is not.
#[derive(Debug, Clone)]
pub struct Salvaged {
    /// What is left, possibly without any entry.
    pub index: Index,
    /// What is unreadable, or unreadable for Helm, in the order of the text.
    pub dropped: Vec<Dropped>,
}

/// A part of a damaged index that is missing in the repaired one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The chart that it was listed under, as far as it is known.
    pub chart: Option<String>,
    /// Its version, as far as it is known.
    pub version: Option<String>,
    /// Why it is dropped.
    pub reason: String,
}

impl Index {
    /// Salvages a damaged index. `format` is for a text without one; `annotations` are used for
    /// names that the text does not have.
    ///
    /// # Errors
    ///
    /// [`IndexError`] if the result cannot be written.
    pub fn salvage(text: &[u8], format: Format, annotations: BTreeMap<String, String>) -> Result<Salvaged, IndexError> {
        let (mut left, format) = left_of(text).unwrap_or_else(|| (Left::nothing_of(text), format));
        annotate(&mut left.document, annotations);
        left.document.top.retain(|(name, _)| name != "apiVersion");
        left.document
            .top
            .insert(0, ("apiVersion".to_owned(), "\"v1\"".to_owned()));
        Ok(Salvaged {
            index: Self::of_document(&left.document, format)?,
            dropped: left.dropped,
        })
    }
}

/// One way to read a damaged text.
type Reader = fn(&[u8]) -> Option<Left>;

/// As a whole, if the text is valid JSON or YAML; otherwise line by line, if the layout is one of
/// the two that Chartdrop writes.
fn left_of(text: &[u8]) -> Option<(Left, Format)> {
    let readers: [(Format, Reader); 4] = [
        (Format::Json, json::salvage::whole),
        (Format::Yaml, yaml::salvage::whole),
        (Format::Json, json::salvage::by_lines),
        (Format::Yaml, yaml::salvage::by_lines),
    ];
    readers
        .into_iter()
        .find_map(|(format, read)| Some((read(text)?, format)))
}

/// What was read so far.
pub(super) struct Left {
    pub(super) document: Document,
    dropped: Vec<Dropped>,
}

impl Left {
    pub(super) fn new() -> Self {
        Self {
            document: Document::empty(),
            dropped: Vec::new(),
        }
    }

    fn nothing_of(text: &[u8]) -> Self {
        let mut left = Self::new();
        if !text.is_empty() {
            left.drop(None, None, "no part of the text can be read as an index");
        }
        left
    }

    pub(super) fn drop(&mut self, chart: Option<&str>, version: Option<String>, reason: impl Into<String>) {
        self.dropped.push(Dropped {
            chart: chart.map(str::to_owned),
            version: version.filter(|version| !version.is_empty()),
            reason: reason.into(),
        });
    }

    pub(super) fn add_to_top(&mut self, name: &str, value: &str) {
        if let Err(error) = self.document.set(name, value) {
            self.drop(None, None, error.detail());
        }
    }

    pub(super) fn add_version(&mut self, chart: &str, version: &str, names: Names) {
        let checked = match helm::check_version(chart, version, names) {
            Ok(checked) => json_text::compact(&checked).map(std::borrow::Cow::into_owned),
            Err(error) => return self.drop(Some(chart), Some(helm::version_in(version)), error.detail()),
        };
        let version = match checked {
            Ok(text) => text,
            Err(error) => return self.drop(Some(chart), Some(helm::version_in(version)), error.to_string()),
        };
        let charts = &mut self.document.charts;
        match charts.iter_mut().rfind(|known| known.name == chart) {
            Some(known) => known.versions.push(version),
            None => charts.push(Chart {
                name: chart.to_owned(),
                versions: vec![version],
            }),
        }
    }
}

fn annotate(document: &mut Document, annotations: BTreeMap<String, String>) {
    if annotations.is_empty() {
        return;
    }
    let known = document.top.iter().position(|(name, _)| name == FIELD);
    let known = known.map(|known| document.top.remove(known).1);
    let known = known.and_then(|text| serde_json::from_str::<Option<Annotations>>(&text).ok()?);
    let mut all = known.unwrap_or_default();
    for (name, value) in annotations {
        all.entry(name).or_insert(Some(value));
    }
    let text = json_text::to_string(&all).unwrap_or_default();
    document.top.push((FIELD.to_owned(), text));
}
