//! One chart version in the text of an index in YAML.

use std::borrow::Cow;

use serde::de::DeserializeSeed;

use super::{Indent, convert};
use crate::index::item::{self, Head, Texts, Wanted};
use crate::yaml::{self, Duplicates};

/// Reads what an edit needs to know about a version.
pub(in crate::index) fn head(indent: Indent, item: &[u8]) -> Head<'_> {
    let field = |name: &[u8]| {
        let mut fields = item.split(|byte| *byte == b'\n').filter_map(|line| {
            let (space, line) = line.split_at_checked(indent.fields())?;
            // Spaces precede the dash, and a space follows it.
            if !space.iter().all(|byte| matches!(byte, b' ' | b'-')) || space.get(..indent.dash)?.contains(&b'-') {
                return None;
            }
            let (start, rest) = line.split_at_checked(name.len())?;
            let value = rest.strip_prefix(b": ")?;
            start.eq_ignore_ascii_case(name).then_some(value)
        });
        scalar(fields.next_back()?)
    };
    Head {
        version: field(b"version"),
        digest: field(b"digest"),
    }
}

/// Reads the text of one version.
pub(in crate::index) fn texts(indent: Indent, item: &[u8]) -> Option<Texts<'_>> {
    Wanted(&item::TEXTS).deserialize(value(indent, item)?).ok()
}

/// The value of a version: without the dash, its lines are a mapping.
pub(in crate::index) fn value(indent: Indent, item: &[u8]) -> Option<serde_json::Value> {
    let spaces = " ".repeat(indent.fields());
    let text = [spaces.as_bytes(), item.strip_prefix(indent.dash().as_bytes())?].concat();
    let limits = yaml::Limits::for_index(text.len());
    let document = yaml::parse(&text, &limits, Duplicates::Reject).ok()?;
    Some(convert::version(&document.value))
}

/// The decoded text of a scalar on one line.
pub(in crate::index) fn scalar(written: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(written).ok()?;
    match written.first()? {
        b'"' => match item::without_escapes(text) {
            Some(inner) => Some(Cow::Borrowed(inner)),
            None => parsed(text),
        },
        b'\'' => parsed(text),
        _ if yaml::is_text(written) => Some(Cow::Borrowed(text)),
        _ => None,
    }
}

fn parsed(text: &str) -> Option<Cow<'_, str>> {
    let limits = yaml::Limits::for_index(text.len());
    let document = yaml::parse(text.as_bytes(), &limits, Duplicates::Reject).ok()?;
    document.value.as_str().map(|text| Cow::Owned(text.to_owned()))
}
