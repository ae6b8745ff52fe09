//! One chart version in the text of an index in JSON.

use std::borrow::Cow;

use serde::de::DeserializeSeed;

use crate::index::fields;
use crate::index::item::{self, Head, Texts, Wanted};

/// Reads what an edit needs to know about a version.
pub(in crate::index) fn head(item: &[u8]) -> Head<'_> {
    let texts = wanted(item, &[fields::VERSION, fields::DIGEST]).unwrap_or_default();
    Head {
        version: texts.version,
        digest: texts.digest,
    }
}

/// Reads the text of one version.
pub(in crate::index) fn texts(item: &[u8]) -> Option<Texts<'_>> {
    wanted(item, &item::TEXTS)
}

fn wanted<'a>(item: &'a [u8], wanted: &[u8]) -> Option<Texts<'a>> {
    let line = item.trim_ascii_end();
    let line = line.strip_suffix(b",").unwrap_or(line);
    let mut line = serde_json::Deserializer::from_slice(line);
    Wanted(wanted).deserialize(&mut line).ok()
}

/// The decoded text of a string.
pub(in crate::index) fn scalar(written: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(written).ok()?;
    if !text.starts_with('"') {
        return None;
    }
    match item::without_escapes(text) {
        Some(inner) => Some(Cow::Borrowed(inner)),
        None => serde_json::from_str(text).ok().map(Cow::Owned),
    }
}
