//! The edit itself: a pure function, so that a compare-and-swap loop can run it as often as it must.

use jiff::Timestamp;

use super::document::{Document, Listed};
use super::{Entry, Format, IndexError, block, json};

/// What an edit comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What became of each entry, in the order given.
    pub added: Vec<Added>,
    /// The new index, or `None` if there is nothing to do.
    pub index: Option<Vec<u8>>,
    /// How many chart versions the index lists after the edit.
    pub versions: usize,
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is in the new index.
    New,
    /// The index lists exactly this version with this digest already.
    Present,
    /// The index lists this version with another digest, which stays.
    Conflict {
        /// The digest that the index has, if any.
        listed: Option<String>,
    },
}

/// Adds entries to an index.
///
/// `index` is the current text, `None` if there is none yet; it keeps its form, a new one gets `format`. `now` becomes
/// `generated` if anything changes. Identity is the exact chart name and the exact version string: Helm's own merge
/// compares versions as constraints and drops `1.0.0+b` where `1.0.0+a` exists.
///
/// # Errors
///
/// [`IndexError`] if the current text is not an index that Helm could load.
pub fn edit(index: Option<&[u8]>, entries: &[Entry], now: Timestamp, format: Format) -> Result<Edit, IndexError> {
    let (mut document, format) = match index {
        Some(index) => Document::read(index)?,
        None => (Document::new(), format),
    };
    let mut added = Vec::with_capacity(entries.len());
    for entry in entries {
        added.push(add(&mut document, entry)?);
    }
    let changed = index.is_none() || added.contains(&Added::New);
    let index = match format {
        _ if !changed => None,
        Format::Json => Some(json::write(&document, now)),
        Format::Yaml => Some(block::write(&document, now)?),
    };
    Ok(Edit {
        added,
        index,
        versions: document.versions(),
    })
}

fn add(document: &mut Document, entry: &Entry) -> Result<Added, IndexError> {
    let metadata = &entry.metadata;
    let digest = entry.digest.to_string();
    if let Some(found) = document.find(&metadata.name, &metadata.version) {
        return Ok(match &found.digest {
            Some(listed) if listed.eq_ignore_ascii_case(&digest) => Added::Present,
            listed => Added::Conflict { listed: listed.clone() },
        });
    }
    let text = entry.to_json().map_err(|error| IndexError::Refused {
        chart: metadata.name.clone(),
        version: metadata.version.clone(),
        detail: error.to_string(),
    })?;
    document.insert(
        &metadata.name,
        Listed {
            text,
            version: Some(metadata.version.clone()),
            digest: Some(digest),
            source: None,
        },
    );
    Ok(Added::New)
}
