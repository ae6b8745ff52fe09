//! Editing a repository's `index.yaml`: bytes and new entries in, new bytes or "nothing to do" out. No I/O, no clock.
//!
//! An index has one of two forms ([`Format`]): JSON text ([`json`]), which is what we write by default since Helm 3.13
//! and later load it without their YAML parser (<https://github.com/helm/helm/pull/12245>), or YAML as Helm writes it
//! ([`block`]). An existing index keeps its form.
//!
//! [`edit()`] reads the text into a [`document`], whose versions are kept as the text that others wrote, adds the
//! [`Entry`]s that are not there yet and writes it again. What Helm's own reader would refuse is refused ([`helm`]): an
//! index that nobody can load must be found, not extended.

mod block;
mod document;
mod edit;
mod entry;
mod error;
mod helm;
mod json;
mod json_text;
mod source;
#[cfg(test)]
mod tests;

pub use edit::{Added, Edit, edit};
pub use entry::Entry;
pub use error::IndexError;

use document::Document;

/// The form of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// JSON text, one chart version on a line.
    #[default]
    Json,
    /// YAML as Helm writes it: two spaces, keys in alphabetical order.
    Yaml,
}

/// What an index lists, for looking things up.
#[derive(Debug, Clone)]
pub struct Listing {
    document: Document,
}

impl Listing {
    /// Reads an index.
    ///
    /// # Errors
    ///
    /// [`IndexError`] where Helm could not load it.
    pub fn read(index: &[u8]) -> Result<Self, IndexError> {
        Document::read(index).map(|(document, _)| Listing { document })
    }

    /// The digest of a version, if the index lists it (`None` inside: it is listed without a digest).
    pub fn digest_of(&self, chart: &str, version: &str) -> Option<Option<&str>> {
        self.document.find(chart, version).map(|found| found.digest.as_deref())
    }

    /// How many chart versions the index lists.
    pub fn versions(&self) -> usize {
        self.document.versions()
    }
}
