//! Editing a repository's `index.yaml`: from bytes and new entries to new bytes or "nothing to do".
//! No I/O, no clock.
//!
//! An index has one of two forms ([`Format`]): JSON text ([`json`]), the default, because Helm 3.13
//! and later load it without their YAML parser (<https://github.com/helm/helm/pull/12245>), or YAML
//! as Helm writes it ([`yaml`]). An existing index keeps its form and its [`layout`], the only
//! module that asks which form it is.
//!
//! Adding a chart takes one pass over the bytes, however many versions there are: [`scan`] finds
//! every position, [`edit`] inserts the new text, and every other byte stays. Only a text in an
//! unknown layout is parsed ([`document`]) and rewritten. An index that Helm would reject is
//! rejected too ([`helm`]), because a broken index must be noticed and not extended.
//!
//! [`Index::edit`] adds versions, [`Index::remove`] removes them, and [`Index::salvage`] repairs a
//! damaged index.

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
    /// JSON text with one chart version per line.
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

/// A valid index: its text, and the positions in it.
#[derive(Debug, Clone)]
pub struct Index {
    text: Bytes,
    outline: Outline,
    is_new: bool,
}

impl Index {
    /// Creates an empty index in this form.
    pub fn new(format: Format) -> Self {
        let (text, outline) = format.empty();
        Self {
            text: text.into(),
            outline,
            is_new: true,
        }
    }

    /// Creates an empty index in this form with these annotations.
    ///
    /// # Errors
    ///
    /// [`IndexError`] if they cannot be written.
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

    /// An index that has to be rewritten by any edit.
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
    /// [`IndexError`] if Helm could not load it.
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

    /// Reads an index on the slow path, even if the scan knows its layout.
    ///
    /// # Errors
    ///
    /// [`IndexError`] if Helm could not load it.
    #[cfg(feature = "fuzzing")]
    #[doc(hidden)]
    pub fn read_slowly(text: &[u8]) -> Result<Self, IndexError> {
        Self::parse(text)
    }

    /// The slow path, for every text that Helm can load.
    fn parse(text: &[u8]) -> Result<Self, IndexError> {
        let (document, format) = Document::read(text)?;
        let (text, outline) = format.write(&document)?;
        Ok(Self {
            text: text.into(),
            outline,
            is_new: false,
        })
    }

    /// The number of versions that the index lists.
    pub fn versions(&self) -> usize {
        self.outline.versions
    }

    /// The form that it has, and keeps.
    pub fn format(&self) -> Format {
        self.outline.layout.format()
    }
}
