//! A chart's `values.yaml`, for the checks that must look into it.

use crate::yaml::{self, Duplicates, Value};

/// Larger values are not read: it would take many times their size in memory. The largest that are in wide use have a quarter
/// of it.
const MAX_BYTES: usize = 1024 * 1024;

/// The values cannot be looked into.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValuesError {
    /// Too large.
    #[error("values.yaml is {size} bytes large; at most {MAX_BYTES} can be checked")]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// No YAML.
    #[error("values.yaml can't be read: {0}")]
    Yaml(String),
}

/// Reads the text of a `values.yaml`. A chart without one has none.
///
/// # Errors
///
/// [`ValuesError`] if it is too large or no YAML.
pub fn read(text: Option<&[u8]>) -> Result<Value, ValuesError> {
    let text = text.unwrap_or_default();
    if text.len() > MAX_BYTES {
        return Err(ValuesError::TooLarge { size: text.len() });
    }
    yaml::parse(text, &yaml::Limits::for_index(text.len()), Duplicates::LastWins)
        .map(|document| document.value)
        .map_err(|error| ValuesError::Yaml(error.to_string()))
}
