//! What makes Helm reject a whole index; such an index is not extended.
//!
//! Helm unmarshals into the structs of
//! <https://github.com/helm/helm/blob/main/pkg/repo/v1/index.go>. A value of the wrong type fails
//! the whole load, in whatever case the field's name is written. An unknown field fails it too in
//! YAML (`UnmarshalStrict`), and is ignored in JSON. Entries that Helm skips with a warning (a bad
//! version, a missing name, a null entry) may stay.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use super::fields::{self, Kind, Object};
use super::{IndexError, twice};
use crate::chart::time;

/// Which field names an index may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Those that Helm knows: the index is YAML.
    Known,
    /// Any; Helm ignores unknown ones: the index is JSON.
    Any,
}

/// Checks an entry, given as JSON text. Returns the text to keep, in which no field occurs twice.
pub(super) fn check_version<'a>(chart: &str, text: &'a str, names: Names) -> Result<Cow<'a, str>, IndexError> {
    let rejected = |error: serde_json::Error| IndexError::Rejected {
        chart: chart.to_owned(),
        version: version_in(text),
        detail: without_place(&error),
    };
    match check(text, Type::Object(Object::Version), names).map_err(rejected)? {
        Fields::Once => Ok(Cow::Borrowed(text)),
        Fields::Twice => twice::as_go_decodes(text).map(Cow::Owned).map_err(rejected),
    }
}

/// Checks a top-level field, given as JSON text, under its name as Helm writes it. Not for
/// `entries`.
pub(super) fn check_top(name: &str, text: &str) -> Result<(), IndexError> {
    let Some(kind) = fields::kind_at_top(name) else {
        return Ok(());
    };
    check_value(name, text, kind)
}

fn check_value(name: &str, text: &str, kind: Kind) -> Result<(), IndexError> {
    match check(text, Type::Value(kind), Names::Any) {
        Ok(_) => Ok(()),
        Err(error) => Err(IndexError::NotAnIndex {
            detail: format!("{name}: {}", without_place(&error)),
        }),
    }
}

/// Checks `generated`, given as JSON text, and returns its value; it may be missing.
pub(super) fn check_generated(text: &str) -> Result<Option<String>, IndexError> {
    check_value("generated", text, Kind::Time)?;
    Ok(serde_json::from_str(text).unwrap_or_default())
}

/// The name in Helm's spelling for a top-level field, if unknown names are errors.
pub(super) fn unknown_at_top(name: &str) -> IndexError {
    IndexError::NotAnIndex {
        detail: format!("Helm rejects the unknown field {name:?}"),
    }
}

/// Whether a field occurs more than once in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fields {
    Once,
    /// Or under a name that is not ASCII, which the scan does not know.
    Twice,
}

#[derive(Debug, Clone, Copy)]
enum Type {
    Value(Kind),
    Object(Object),
}

/// A value that must have a certain type. `null` has every type, and changes nothing.
#[derive(Debug, Clone, Copy)]
struct Typed {
    of: Type,
    names: Names,
}

fn check(text: &str, of: Type, names: Names) -> Result<Fields, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let fields = Typed { of, names }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(fields)
}

impl<'de> DeserializeSeed<'de> for Typed {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Typed {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.of {
            Type::Value(Kind::Text | Kind::Scalar) => "text",
            Type::Value(Kind::Time) => "a time in quotes",
            Type::Value(Kind::Flag) => "true or false",
            Type::Value(Kind::Texts | Kind::Scalars) => "a list of texts",
            Type::Value(Kind::Maintainers | Kind::Dependencies | Kind::List) => "a list",
            Type::Value(Kind::TextMap | Kind::Map) | Type::Object(_) => "a mapping",
        })
    }

    fn visit_unit<E: Error>(self) -> Result<Fields, E> {
        Ok(Fields::Once)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Fields, E> {
        match self.of {
            Type::Value(Kind::Flag) => Ok(Fields::Once),
            _ => Err(E::invalid_type(Unexpected::Bool(value), &self)),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Fields, E> {
        match self.of {
            Type::Value(Kind::Text | Kind::Scalar) => Ok(Fields::Once),
            Type::Value(Kind::Time) if time::is_time(value.as_bytes()) => Ok(Fields::Once),
            Type::Value(Kind::Time) => Err(E::custom(format!("{value:?} is not an RFC 3339 time"))),
            _ => Err(E::invalid_type(Unexpected::Str(value), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fields, A::Error> {
        let of = match self.of {
            Type::Value(Kind::Texts | Kind::Scalars) => Type::Value(Kind::Text),
            Type::Value(Kind::Maintainers) => Type::Object(Object::Maintainer),
            Type::Value(Kind::Dependencies) => Type::Object(Object::Dependency),
            Type::Value(Kind::List) => {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Fields::Once);
            }
            _ => return Err(A::Error::invalid_type(Unexpected::Seq, &self)),
        };
        let mut fields = Fields::Once;
        while let Some(element) = list.next_element_seed(Self { of, ..self })? {
            fields = fields.max(element);
        }
        Ok(fields)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        match self.of {
            Type::Object(object) => self.object(object, map),
            Type::Value(Kind::TextMap) => {
                let of = Type::Value(Kind::Text);
                while map.next_key::<IgnoredAny>()?.is_some() {
                    map.next_value_seed(Self { of, ..self })?;
                }
                Ok(Fields::Once)
            }
            Type::Value(Kind::Map) => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Fields::Once)
            }
            Type::Value(_) => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

impl Typed {
    fn object<'de, A: MapAccess<'de>>(self, object: Object, mut map: A) -> Result<Fields, A::Error> {
        let (mut seen, mut fields) = (0_u32, Fields::Once);
        while let Some(name) = map.next_key::<String>()? {
            let Some((place, kind)) = object.field(name.as_bytes()) else {
                if self.names == Names::Known {
                    return Err(A::Error::custom(format!("the field {name:?} is unknown")));
                }
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let of = Type::Value(kind);
            let value = map.next_value_seed(Self { of, ..self });
            fields = fields.max(value.map_err(|error| A::Error::custom(format!("{name}: {error}")))?);
            if seen & 1 << place != 0 || !name.is_ascii() {
                fields = Fields::Twice;
            }
            seen |= 1 << place;
        }
        Ok(fields)
    }
}

/// The message without line and column, because an entry is a text of its own here.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((problem, _)) => problem.to_owned(),
        None => text,
    }
}

/// The version in an entry of which something has the wrong type, to name it in the message.
pub(super) fn version_in(text: &str) -> String {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
        return version_in_part(text).unwrap_or_default().to_owned();
    };
    let mut fields = value.as_object().into_iter().flatten();
    let is_version = |name: &str| fields::version(name.as_bytes()).is_some_and(|(place, _)| place == fields::VERSION);
    match fields.rfind(|(name, _)| is_version(name)) {
        Some((_, serde_json::Value::String(version))) => version.clone(),
        Some((_, serde_json::Value::Null)) | None => String::new(),
        Some((_, other)) => other.to_string(),
    }
}

/// The version in a text that was cut off.
fn version_in_part(text: &str) -> Option<&str> {
    let (_, version) = text.split_once("\"version\":\"")?;
    version.split_once('"').map(|(version, _)| version)
}
