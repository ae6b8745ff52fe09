//! Reads S3's events: the objects that they name, and the encoding of their keys.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

/// The characters that S3 does not encode in the keys of events. It encodes keys as forms do,
/// except slashes.
const LEFT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'*')
    .remove(b'/')
    .remove(b' ');

pub(crate) fn form_urlencoded(key: &str) -> String {
    utf8_percent_encode(key, LEFT).to_string().replace(' ', "+")
}

/// The decoded keys in an event.
pub(crate) fn keys_in(event: &Value) -> Vec<String> {
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        return Vec::new();
    };
    records
        .iter()
        .filter_map(|record| record.pointer("/s3/object/key")?.as_str())
        .map(|key| decode_plus_and_percent(key).unwrap_or_else(|| key.to_owned()))
        .collect()
}

/// The decoded keys in an event, with their ETags.
pub(crate) fn objects_in(event: &Value) -> Vec<(String, String)> {
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        return Vec::new();
    };
    let etag = |record: &Value| Some(record.pointer("/s3/object/eTag")?.as_str()?.to_owned());
    keys_in(event)
        .into_iter()
        .zip(records.iter().map(|r| etag(r).unwrap_or_default()))
        .collect()
}

/// Decodes a path, or the key in an event, as S3 does.
pub(crate) fn decode_plus_and_percent(text: &str) -> Option<String> {
    let text = text.replace('+', "%20");
    percent_decode_str(&text)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_in_an_event_is_read_back_unchanged() {
        for key in ["staging/a-1.0.0+b1.tgz", "staging/team a/ü%20.tgz", "staging/~*-_.tgz"] {
            let event = json!({ "Records": [{ "s3": { "object": { "key": form_urlencoded(key) } } }] });
            assert_eq!(keys_in(&event), [key]);
        }
        assert_eq!(form_urlencoded("charts/a b+c.tgz"), "charts/a+b%2Bc.tgz");
    }
}
