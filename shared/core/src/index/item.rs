//! One chart version in the text of an index, as an edit needs it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use memchr::memmem;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::fields::{self, Field};
use super::layout::Layout;
use super::outline::ChartPlace;
use crate::chart::time;

/// What an edit needs to know about a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// Its `version`, if it has one (Helm skips an entry without).
    pub(super) version: Option<Cow<'a, str>>,
    /// Its `digest`, if it has one.
    pub(super) digest: Option<Cow<'a, str>>,
}

/// The fields of an entry that are read, as texts under names in any case. No name occurs twice.
#[derive(Debug, Default)]
pub(super) struct Texts<'a> {
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) digest: Option<Cow<'a, str>>,
    pub(super) created: Option<Cow<'a, str>>,
    /// The first of its URLs.
    pub(super) url: Option<Cow<'a, str>>,
}

/// The fields that [`Texts`] contains.
pub(super) const TEXTS: [u8; 5] = [
    fields::NAME,
    fields::VERSION,
    fields::DIGEST,
    fields::CREATED,
    fields::URLS,
];

/// The positions of a chart's versions.
///
/// This is correct for every text that has an outline: in JSON, a version is a line, or only its
/// first line begins with a brace in that column; in YAML the same holds for the dash.
pub(super) fn all<'a>(
    layout: Layout,
    text: &'a [u8],
    chart: &ChartPlace,
) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let mut at = chart.items.start;
    let end = if chart.versions == 0 { at } else { chart.items.end };
    let next = memmem::Finder::new(&layout.between_versions()).into_owned();
    std::iter::from_fn(move || {
        let rest = text.get(at..end).filter(|rest| !rest.is_empty())?;
        let item = at..at + next.find(rest).map_or(rest.len(), |line_feed| line_feed + 1);
        at = item.end;
        Some(item)
    })
}

/// The position of the version that contains `at`.
pub(super) fn around(layout: Layout, text: &[u8], chart: &ChartPlace, at: usize) -> Range<usize> {
    let items = chart.items.clone();
    let before = text.get(items.start..at).unwrap_or_default();
    let after = text.get(at..items.end).unwrap_or_default();
    let next = layout.between_versions();
    let start = memmem::rfind(before, &next).map(|line_feed| line_feed + 1);
    let length = memmem::find(after, &next).map(|line_feed| line_feed + 1);
    items.start + start.unwrap_or(0)..at + length.unwrap_or(after.len())
}

/// The fields of a version that are read, by their positions.
pub(super) struct Wanted<'a>(pub(super) &'a [u8]);

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

/// A text that is borrowed if possible.
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

/// When a version was created, if it has a time.
pub(super) fn created(layout: Layout, item: &[u8]) -> Option<Timestamp> {
    time::parse(&layout.texts(item)?.created?)
}

/// The text between double quotes, if it has no escapes.
pub(super) fn without_escapes(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then_some(inner)
}
