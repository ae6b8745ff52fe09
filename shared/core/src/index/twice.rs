//! A field that occurs twice in an object, under one name or two that differ in case.
//!
//! Go's `encoding/json` decodes each occurrence into the same variable: the last text counts,
//! `null` changes nothing, lists are decoded into the existing elements, and mappings are merged.
//! The fast path, and other readers, know only one field of a name. So such an entry is rewritten
//! as Helm reads it.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::fields::{self, Kind, Object};
use super::json::Fields;
use crate::yaml::json_text;

/// An entry as Helm reads it, with field names in Helm's spelling. It must have the right types.
pub(super) fn as_go_decodes(entry: &str) -> Result<String, serde_json::Error> {
    let mut fields = Map::new();
    add(&mut fields, entry, Object::Version)?;
    json_text::to_string(&fields)
}

/// The value of a top-level field, given as JSON text, that occurs twice. `None` if it is null now.
pub(super) fn again_at_top(name: &str, known: &str, text: &str) -> Result<Option<String>, serde_json::Error> {
    let Some(kind) = fields::kind_at_top(name) else {
        return Ok(Some(text.to_owned()));
    };
    let mut fields = Map::new();
    fields.insert(name.to_owned(), serde_json::from_str(known)?);
    set(&mut fields, name, kind, text)?;
    fields.get(name).map(json_text::to_string).transpose()
}

/// Decodes an object into one that may already have fields.
fn add(into: &mut Map<String, Value>, object: &str, of: Object) -> Result<(), serde_json::Error> {
    let fields: Fields<'_> = serde_json::from_str(object)?;
    for (name, value) in fields.0 {
        match of.field(name.as_bytes()) {
            Some((place, kind)) => set(into, of.name(place), kind, value.get())?,
            None => drop(into.insert(name, serde_json::from_str(value.get())?)),
        }
    }
    Ok(())
}

fn set(into: &mut Map<String, Value>, name: &str, kind: Kind, text: &str) -> Result<(), serde_json::Error> {
    let known = into.remove(name);
    let decoded = match kind {
        Kind::Text | Kind::Scalar | Kind::Time | Kind::Flag => match serde_json::from_str(text)? {
            Value::Null => known,
            value => Some(value),
        },
        _ if text == "null" => None,
        Kind::Texts | Kind::Scalars => Some(list(known, text, text_into)?),
        Kind::Maintainers => Some(list(known, text, |known, text| {
            object_into(known, text, Object::Maintainer)
        })?),
        Kind::Dependencies => Some(list(known, text, |known, text| {
            object_into(known, text, Object::Dependency)
        })?),
        Kind::TextMap => Some(texts(known, text)?),
        Kind::List | Kind::Map => Some(serde_json::from_str(text)?),
    };
    if let Some(decoded) = decoded {
        into.insert(name.to_owned(), decoded);
    }
    Ok(())
}

fn list(
    known: Option<Value>,
    text: &str,
    decode: impl Fn(Value, &str) -> Result<Value, serde_json::Error>,
) -> Result<Value, serde_json::Error> {
    let mut known = match known {
        Some(Value::Array(elements)) => elements.into_iter(),
        _ => Vec::new().into_iter(),
    };
    let elements: Vec<&RawValue> = serde_json::from_str(text)?;
    let decoded = elements.into_iter().map(|element| {
        let known = known.next().unwrap_or_default();
        decode(known, element.get())
    });
    decoded.collect::<Result<_, _>>().map(Value::Array)
}

fn text_into(known: Value, text: &str) -> Result<Value, serde_json::Error> {
    match serde_json::from_str(text)? {
        Value::Null => Ok(known),
        text => Ok(text),
    }
}

fn object_into(known: Value, text: &str, of: Object) -> Result<Value, serde_json::Error> {
    if text == "null" {
        return Ok(Value::Null);
    }
    let mut fields = match known {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    add(&mut fields, text, of)?;
    Ok(Value::Object(fields))
}

fn texts(known: Option<Value>, text: &str) -> Result<Value, serde_json::Error> {
    let mut all = match known {
        Some(Value::Object(known)) => known,
        _ => Map::new(),
    };
    let more: Map<String, Value> = serde_json::from_str(text)?;
    all.extend(more.into_iter().map(|(name, value)| match value {
        Value::Null => (name, Value::String(String::new())),
        text => (name, text),
    }));
    Ok(Value::Object(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Helm 3.22 and 4.3 read each of these this way.
    #[test]
    fn fields_that_stand_twice_are_what_go_decodes() {
        for (entry, read) in [
            (r#"{"version":"1.0.0","VERSION":"2.0.0"}"#, r#"{"version":"2.0.0"}"#),
            (r#"{"Version":"1.0.0","version":null}"#, r#"{"version":"1.0.0"}"#),
            (r#"{"urls":["a","b"],"Urls":[null]}"#, r#"{"urls":["a"]}"#),
            (r#"{"urls":["a","b"],"Urls":null}"#, "{}"),
            (
                r#"{"maintainers":[{"name":"x","email":"e"}],"Maintainers":[{"Name":"y"}]}"#,
                r#"{"maintainers":[{"email":"e","name":"y"}]}"#,
            ),
            (
                r#"{"annotations":{"a":"b"},"ANNOTATIONS":{"c":null}}"#,
                r#"{"annotations":{"a":"b","c":""}}"#,
            ),
            (r#"{"x":1,"x":[2],"home":"h"}"#, r#"{"home":"h","x":[2]}"#),
        ] {
            assert_eq!(as_go_decodes(entry).unwrap(), read, "{entry}");
        }
    }
}
