//! Editing a repository's `index.yaml`: bytes and new entries in, new bytes or "nothing to do" out.
//! No I/O, no clock.
//!
//! An index has one of two forms ([`Format`]): JSON text ([`json`]), which is what we write by
//! default since Helm 3.13 and later load it without their YAML parser
//! (<https://github.com/helm/helm/pull/12245>), or YAML as Helm writes it ([`yaml`]). An existing
//! index keeps its form and its [`layout`], the only place that asks which it is.
//!
//! One more chart costs the time to go over the bytes once, however many versions there are:
//! [`scan`] finds where everything stands, [`edit`] puts the new text in between, and every other
//! byte stays. Only a text in a layout that the scan does not know is parsed ([`document`]) and
//! written anew. What Helm's own reader would refuse is refused ([`helm`]): an index that nobody
//! can load must be found, not extended.
//!
//! [`Index::edit`] adds versions, [`Index::remove`] takes them out; [`Index::salvage`] is for
//! mending what is damaged.

mod annotations;
mod document;
mod edit;
mod entry;
mod error;
mod fields;
mod helm;
#[cfg(test)]
mod indented_tests;
mod item;
mod json;
mod layout;
#[cfg(test)]
mod layout_tests;
mod listing;
#[cfg(test)]
mod order_tests;
mod outline;
mod rank;
#[cfg(test)]
mod removal_tests;
mod remove;
mod salvage;
mod scan;
mod spliced;
#[cfg(test)]
mod tests;
mod twice;
mod yaml;

use std::collections::BTreeMap;
use std::str::FromStr;

use bytes::Bytes;

pub use edit::{Added, Edit};
pub use entry::{Created, Entry};
pub use error::IndexError;
pub use listing::{EntryPosition, ListedDigest, ListedVersion, Promise};
pub use remove::Removal;
pub use salvage::{Dropped, Salvaged};
pub use spliced::Spliced;

use document::Document;
use outline::Outline;

use crate::yaml::json_text;

/// The form of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// JSON text, one chart version on a line.
    #[default]
    Json,
    /// YAML as Helm writes it: two spaces, keys in alphabetical order.
    Yaml,
}

/// Not a form of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not json or yaml")]
pub struct NoFormat;

impl FromStr for Format {
    type Err = NoFormat;

    fn from_str(text: &str) -> Result<Self, NoFormat> {
        match text {
            "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            _ => Err(NoFormat),
        }
    }
}

/// An index that was read and found to be sound: its text, and where everything stands in it.
#[derive(Debug, Clone)]
pub struct Index {
    text: Bytes,
    outline: Outline,
    is_new: bool,
}

impl Index {
    /// An index that does not exist yet, and will have this form.
    pub fn new(format: Format) -> Self {
        let (text, outline) = format.empty();
        Self {
            text: text.into(),
            outline,
            is_new: true,
        }
    }

    /// An index that does not exist yet, and will have this form and these annotations.
    ///
    /// # Errors
    ///
    /// [`IndexError`] if they can't be written.
    pub fn with_annotations(format: Format, annotations: &BTreeMap<String, String>) -> Result<Self, IndexError> {
        let mut top = vec![("apiVersion".to_owned(), "\"v1\"".to_owned())];
        if !annotations.is_empty() {
            let text = json_text::to_string(annotations).map_err(|error| IndexError::NotAnIndex {
                detail: error.to_string(),
            })?;
            top.push((annotations::FIELD.to_owned(), text));
        }
        let document = Document {
            top,
            charts: Vec::new(),
        };
        Self::of_document(&document, format)
    }

    /// An index that has to be written anew, whatever is edited.
    fn of_document(document: &Document, format: Format) -> Result<Self, IndexError> {
        let (text, outline) = format.write(document)?;
        Ok(Self {
            text: text.into(),
            outline,
            is_new: true,
        })
    }

    /// Reads an index.
    ///
    /// # Errors
    ///
    /// [`IndexError`] where Helm could not load it.
    pub fn read(text: Bytes) -> Result<Self, IndexError> {
        match scan::scan(&text) {
            Some(outline) => Ok(Self {
                text,
                outline,
                is_new: false,
            }),
            None => Self::parse(&text),
        }
    }

    /// Reads an index the slow way, however well the scan knows its layout.
    ///
    /// # Errors
    ///
    /// [`IndexError`] where Helm could not load it.
    #[cfg(feature = "fuzzing")]
    #[doc(hidden)]
    pub fn read_slowly(text: &[u8]) -> Result<Self, IndexError> {
        Self::parse(text)
    }

    /// The slow way: for every text that Helm can load.
    fn parse(text: &[u8]) -> Result<Self, IndexError> {
        let (document, format) = Document::read(text)?;
        let (text, outline) = format.write(&document)?;
        Ok(Self {
            text: text.into(),
            outline,
            is_new: false,
        })
    }

    /// How many chart versions the index lists.
    pub fn versions(&self) -> usize {
        self.outline.versions
    }

    /// The form that it has, and keeps.
    pub fn format(&self) -> Format {
        self.outline.layout.format()
    }
}
