//! What an index can list. Every entry is in the text that all clients load, so text that one YAML
//! reader rejects would break the repository for its users.

use serde_json::Value;

use super::{ArchiveError, Limits};
use crate::chart::Metadata;
use crate::yaml::block::{self, At};
use crate::yaml::json_text;

/// The longest name in the index, in bytes with escapes. YAML readers accept no longer key than
/// 1,024 characters without a mark that JSON does not have.
const MAX_NAME: usize = 512;

/// The deepest nesting of lists and mappings. SnakeYAML accepts 50 levels, and seven surround an
/// imported value.
const MAX_DEPTH: usize = 32;

/// The place of an entry in an index that Helm's YAML library writes.
const AS_HELM_LISTS: At = At { column: 2, list: 0 };

/// Why an index cannot list a chart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unlistable {
    /// A name would break the index for YAML readers.
    #[error(
        "the name of an annotation or imported value needs more than {limit} bytes in the index ({start:?}…). Shorten it, and \
         package again"
    )]
    LongName {
        /// Its beginning.
        start: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// An imported value would break the index for YAML readers.
    #[error(
        "an imported value has lists or mappings that are nested more than {limit} levels deep. Flatten it, and package again"
    )]
    DeepValue {
        /// The most levels that are accepted.
        limit: usize,
    },
}

/// Checks the two places where a chart chooses names and structure.
pub(super) fn check(metadata: &Metadata) -> Result<(), Unlistable> {
    metadata.annotations.keys().try_for_each(|name| check_name(name))?;
    let mut imported = metadata
        .dependencies
        .iter()
        .flat_map(|dependency| &dependency.import_values);
    imported.try_for_each(|value| check_imported(value, 1))
}

/// Checks the size of the chart's entry, and returns it.
pub(super) fn check_size(metadata: &Metadata, limits: &Limits) -> Result<usize, ArchiveError> {
    let size = listed_len(metadata, limits.entry_bytes);
    if size <= limits.entry_bytes {
        return Ok(size);
    }
    let (field, field_size) = largest_field(metadata);
    Err(ArchiveError::EntryTooLarge {
        size,
        limit: limits.entry_bytes,
        field,
        field_size,
    })
}

/// The size of the metadata in an index, in the larger of its two forms. From `enough` on the
/// result is not exact.
fn listed_len(metadata: &Metadata, enough: usize) -> usize {
    let Ok(json) = json_text::to_string(metadata) else {
        return usize::MAX;
    };
    if json.len() >= enough {
        return json.len();
    }
    let Ok(metadata) = serde_json::from_str(&json) else {
        return usize::MAX;
    };
    let mut yaml = String::new();
    block::write_item(&mut yaml, AS_HELM_LISTS, &metadata);
    yaml.len().max(json.len())
}

/// The largest field and its size.
fn largest_field(metadata: &Metadata) -> (String, usize) {
    let Ok(Value::Object(fields)) = serde_json::to_value(metadata) else {
        return Default::default();
    };
    let sizes = fields.into_iter().map(|(name, value)| (name, value.to_string().len()));
    sizes.max_by_key(|(_, size)| *size).unwrap_or_default()
}

fn check_imported(value: &Value, depth: usize) -> Result<(), Unlistable> {
    match value {
        Value::Array(_) | Value::Object(_) if depth > MAX_DEPTH => Err(Unlistable::DeepValue { limit: MAX_DEPTH }),
        Value::Array(items) => items.iter().try_for_each(|item| check_imported(item, depth + 1)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            check_name(name)?;
            check_imported(value, depth + 1)
        }),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), Unlistable> {
    if json_text::written_len(name) <= MAX_NAME {
        return Ok(());
    }
    Err(Unlistable::LongName {
        start: name.chars().take(40).collect(),
        limit: MAX_NAME,
    })
}
