//! One chart version in the text of an index, and what an edit needs to know of it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use memchr::memmem;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::fields::{self, Field};
use super::outline::{ChartPlace, Indent, Layout};
use super::spacing::{self, Spacing};
use super::{Format, convert};
use crate::chart::time;
use crate::yaml::{self, Duplicates};

/// What an edit needs of a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// Its `version`, if it has one (Helm skips an entry without).
    pub(super) version: Option<Cow<'a, str>>,
    /// Its `digest`, if it has one.
    pub(super) digest: Option<Cow<'a, str>>,
}

/// What is read of an entry whose fields are texts under names in any case. No name stands twice.
#[derive(Debug, Default)]
pub(super) struct Texts<'a> {
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) digest: Option<Cow<'a, str>>,
    pub(super) created: Option<Cow<'a, str>>,
    /// The first of its URLs.
    pub(super) url: Option<Cow<'a, str>>,
}

/// The places of a chart's versions.
///
/// Sound for every text that has an outline: in JSON a version is a line, or no other line than the first of a version begins
/// with a brace in that column; and so it is in YAML with a dash.
pub(super) fn all<'a>(
    layout: Layout,
    text: &'a [u8],
    chart: &ChartPlace,
) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let mut at = chart.items.start;
    let end = if chart.versions == 0 { at } else { chart.items.end };
    let next = memmem::Finder::new(&next(layout)).into_owned();
    std::iter::from_fn(move || {
        let rest = text.get(at..end).filter(|rest| !rest.is_empty())?;
        let item = at..at + next.find(rest).map_or(rest.len(), |line_feed| line_feed + 1);
        at = item.end;
        Some(item)
    })
}

/// What stands between two versions: the end of a line, and what the first line of the next one begins with.
fn next(layout: Layout) -> Vec<u8> {
    let begins = match (layout.format, layout.spacing) {
        (Format::Json, Spacing::Lines) => String::new(),
        (Format::Json, Spacing::Indented(_)) => layout.spacing.spaces(spacing::VERSION) + "{",
        (Format::Yaml, _) => layout.indent.dash(),
    };
    format!("\n{begins}").into_bytes()
}

/// The place of the version that `at` is in.
pub(super) fn around(layout: Layout, text: &[u8], chart: &ChartPlace, at: usize) -> Range<usize> {
    let items = chart.items.clone();
    let before = text.get(items.start..at).unwrap_or_default();
    let after = text.get(at..items.end).unwrap_or_default();
    let next = next(layout);
    let start = memmem::rfind(before, &next).map(|line_feed| line_feed + 1);
    let length = memmem::find(after, &next).map(|line_feed| line_feed + 1);
    items.start + start.unwrap_or(0)..at + length.unwrap_or(after.len())
}

/// Reads what is needed of a version.
pub(super) fn head(layout: Layout, item: &[u8]) -> Head<'_> {
    let head = match layout.format {
        Format::Json => {
            let wanted = [fields::VERSION, fields::DIGEST];
            let texts = json_texts(item, &wanted).unwrap_or_default();
            Head {
                version: texts.version,
                digest: texts.digest,
            }
        }
        Format::Yaml => yaml_head(layout.indent, item),
    };
    Head {
        version: head.version.filter(|version| !version.is_empty()),
        digest: head.digest.filter(|digest| !digest.is_empty()),
    }
}

fn yaml_head(indent: Indent, item: &[u8]) -> Head<'_> {
    let field = |name: &[u8]| {
        let mut fields = item.split(|byte| *byte == b'\n').filter_map(|line| {
            let (space, line) = line.split_at_checked(indent.fields())?;
            // A dash is behind some spaces, and a space behind it.
            if !space.iter().all(|byte| matches!(byte, b' ' | b'-')) || space.get(..indent.dash)?.contains(&b'-') {
                return None;
            }
            let (start, rest) = line.split_at_checked(name.len())?;
            let value = rest.strip_prefix(b": ")?;
            start.eq_ignore_ascii_case(name).then_some(value)
        });
        scalar(Format::Yaml, fields.next_back()?)
    };
    Head {
        version: field(b"version"),
        digest: field(b"digest"),
    }
}

/// Reads the text of one version.
pub(super) fn texts(layout: Layout, item: &[u8]) -> Option<Texts<'_>> {
    let wanted = [
        fields::NAME,
        fields::VERSION,
        fields::DIGEST,
        fields::CREATED,
        fields::URLS,
    ];
    match layout.format {
        Format::Json => json_texts(item, &wanted),
        Format::Yaml => Wanted(&wanted).deserialize(yaml_value(layout.indent, item)?).ok(),
    }
}

fn json_texts<'a>(item: &'a [u8], wanted: &[u8]) -> Option<Texts<'a>> {
    let line = item.trim_ascii_end();
    let line = line.strip_suffix(b",").unwrap_or(line);
    let mut line = serde_json::Deserializer::from_slice(line);
    Wanted(wanted).deserialize(&mut line).ok()
}

/// The value of a version in YAML: without the dash, its lines are a mapping by themselves.
pub(super) fn yaml_value(indent: Indent, item: &[u8]) -> Option<serde_json::Value> {
    let spaces = " ".repeat(indent.fields());
    let text = [spaces.as_bytes(), item.strip_prefix(indent.dash().as_bytes())?].concat();
    let limits = yaml::Limits::for_index(text.len());
    let document = yaml::parse(&text, &limits, Duplicates::Refuse).ok()?;
    Some(convert::version(&document.value))
}

/// The fields of a version that are read, by their places.
struct Wanted<'a>(&'a [u8]);

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Texts<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Texts<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Texts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a chart version")
    }

    /// A null entry, which Helm skips.
    fn visit_unit<E: Error>(self) -> Result<Texts<'de>, E> {
        Ok(Texts::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts<'de>, A::Error> {
        let mut texts = Texts::default();
        while let Some(field) = map.next_key_seed(Named)? {
            let place = field.map(|(place, _)| place).filter(|place| self.0.contains(place));
            match place {
                Some(fields::NAME) => texts.name = text(&mut map)?,
                Some(fields::VERSION) => texts.version = text(&mut map)?,
                Some(fields::DIGEST) => texts.digest = text(&mut map)?,
                Some(fields::CREATED) => texts.created = text(&mut map)?,
                Some(fields::URLS) => {
                    let urls: Option<Vec<Option<Text<'de>>>> = map.next_value()?;
                    texts.url = urls.into_iter().flatten().next().flatten().map(|url| url.0);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(texts)
    }
}

/// A text that is borrowed where it can be.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    let text: Option<Text<'de>> = map.next_value()?;
    Ok(text.map(|text| text.0))
}

/// The field of a version that a name sets.
struct Named;

impl<'de> DeserializeSeed<'de> for Named {
    type Value = Option<Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Field>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Named {
    type Value = Option<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<Field>, E> {
        Ok(fields::version(name.as_bytes()))
    }
}

/// When a version was created, if it says so.
pub(super) fn created(layout: Layout, item: &[u8]) -> Option<Timestamp> {
    time::parse(&texts(layout, item)?.created?)
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
