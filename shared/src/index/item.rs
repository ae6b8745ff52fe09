//! One chart version in the text of an index, and what an edit needs to know of it.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;

use super::Format;
use super::outline::ChartPlace;
use crate::yaml::{self, Duplicates};

/// How the lines of a version begin in YAML.
const DASH: &[u8] = b"  - ";

/// What an edit needs of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Head<'a> {
    /// Its `version`, if it has one (Helm skips an entry without).
    #[serde(borrow, default)]
    pub(super) version: Option<Cow<'a, str>>,
    /// Its `digest`, if it has one.
    #[serde(borrow, default)]
    pub(super) digest: Option<Cow<'a, str>>,
}

/// The places of a chart's versions.
///
/// Sound for every text that has an outline: in JSON a version is a line, and in YAML no other line than the first of
/// a version begins with a dash in the third column.
pub(super) fn all<'a>(
    format: Format,
    text: &'a [u8],
    chart: &ChartPlace,
) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let mut at = chart.items.start;
    let end = if chart.versions == 0 { at } else { chart.items.end };
    std::iter::from_fn(move || {
        let rest = text.get(at..end).filter(|rest| !rest.is_empty())?;
        let length = match format {
            Format::Json => memchr::memchr(b'\n', rest).map(|line_feed| line_feed + 1),
            Format::Yaml => memmem::find(rest, b"\n  - ").map(|line_feed| line_feed + 1),
        };
        let item = at..at + length.unwrap_or(rest.len());
        at = item.end;
        Some(item)
    })
}

/// The place of the version that `at` is in.
pub(super) fn around(format: Format, text: &[u8], chart: &ChartPlace, at: usize) -> Range<usize> {
    let items = chart.items.clone();
    let before = text.get(items.start..at).unwrap_or_default();
    let after = text.get(at..items.end).unwrap_or_default();
    let (start, length) = match format {
        Format::Json => (
            memchr::memrchr(b'\n', before).map(|line_feed| line_feed + 1),
            memchr::memchr(b'\n', after).map(|line_feed| line_feed + 1),
        ),
        Format::Yaml => (
            memmem::rfind(before, b"\n  - ").map(|line_feed| line_feed + 1),
            memmem::find(after, b"\n  - ").map(|line_feed| line_feed + 1),
        ),
    };
    items.start + start.unwrap_or(0)..at + length.unwrap_or(after.len())
}

/// Reads what is needed of a version.
pub(super) fn head(format: Format, item: &[u8]) -> Head<'_> {
    let head = match format {
        Format::Json => {
            let line = item.trim_ascii_end();
            let line = line.strip_suffix(b",").unwrap_or(line);
            serde_json::from_slice::<Option<Head<'_>>>(line).unwrap_or_default()
        }
        Format::Yaml => Some(yaml_head(item)),
    };
    let head = head.unwrap_or_default();
    Head {
        version: head.version.filter(|version| !version.is_empty()),
        digest: head.digest.filter(|digest| !digest.is_empty()),
    }
}

fn yaml_head(item: &[u8]) -> Head<'_> {
    let field = |name: &[u8]| {
        let mut fields = item.split(|byte| *byte == b'\n').filter_map(|line| {
            let line = line.strip_prefix(DASH).or_else(|| line.strip_prefix(b"    "))?;
            line.strip_prefix(name)?.strip_prefix(b": ")
        });
        scalar(Format::Yaml, fields.next_back()?)
    };
    Head {
        version: field(b"version"),
        digest: field(b"digest"),
    }
}

/// The text that a scalar on one line says.
pub(super) fn scalar(format: Format, written: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(written).ok()?;
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    match (format, written.first()?) {
        (_, b'"') => match inner('"').filter(|inner| !inner.contains('\\')) {
            Some(inner) => Some(Cow::Borrowed(inner)),
            None if format == Format::Json => serde_json::from_str(text).ok().map(Cow::Owned),
            None => parsed(text),
        },
        (Format::Yaml, b'\'') => parsed(text),
        (Format::Yaml, _) if yaml::is_text(written) => Some(Cow::Borrowed(text)),
        _ => None,
    }
}

fn parsed(text: &str) -> Option<Cow<'_, str>> {
    let limits = yaml::Limits::for_index(text.len());
    let document = yaml::parse(text.as_bytes(), &limits, Duplicates::Refuse).ok()?;
    document.value.as_str().map(|text| Cow::Owned(text.to_owned()))
}
