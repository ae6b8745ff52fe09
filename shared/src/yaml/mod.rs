//! YAML as Helm reads it.

mod budget;
mod compose;
mod dialect;
mod document;
mod error;
mod event;
mod limits;
mod number;
mod plain;
mod refold;
mod resolve;
#[cfg(test)]
mod tests;
mod text;
mod timestamp;
mod value;

pub use self::{
    document::{Converted, Document, DuplicateKey, Duplicates},
    error::{Error, Place},
    limits::Limits,
    plain::plain_is_safe,
    value::{Mapping, Value},
};

/// Reads the first document of a text.
///
/// # Errors
/// See [`Error`]; each says what is wrong, where, and what to do about it.
pub fn parse(bytes: &[u8], limits: &Limits, duplicates: Duplicates) -> Result<Document, Error> {
    let text = text::decode(bytes, limits)?;
    compose::first_document(&text, limits, duplicates)
}
