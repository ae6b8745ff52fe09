//! The meaning of a scalar: the rules of go.yaml.in/yaml/v2's `resolve.go`, which are YAML 1.1 with
//! exceptions.

use super::{Value, event::Scalar, timestamp};

const CORE: &str = "tag:yaml.org,2002:";

/// The tag of a scalar, in the short form, does not fit it.
pub(super) struct Unfit {
    pub(super) tag: String,
}

/// Resolves one scalar.
pub(super) fn resolve(scalar: &Scalar<'_>) -> Result<Value, Unfit> {
    let text = scalar.text.as_ref();
    match scalar.tag.as_deref() {
        None if scalar.plain => Ok(plain(text)),
        None => Ok(Value::String(text.to_owned())),
        Some(tag) => match tag.strip_prefix(CORE) {
            Some(name) => tagged(name, text).ok_or_else(|| Unfit {
                tag: format!("!!{name}"),
            }),
            // "!" and local tags do not change the text.
            None => Ok(Value::String(text.to_owned())),
        },
    }
}

/// Whether a plain scalar without a tag is text for Helm, and not a number, boolean or null.
#[must_use]
pub fn is_text(plain_scalar: &[u8]) -> bool {
    let is_text = |scalar| matches!(plain(scalar), Value::String(_));
    is_no_number(plain_scalar) || std::str::from_utf8(plain_scalar).is_ok_and(is_text)
}

/// Whether a text that starts with a digit is obviously not a number. This decides for nearly every
/// digest and version, of which an index has as many as entries.
fn is_no_number(text: &[u8]) -> bool {
    let [first @ b'0'..=b'9', rest @ ..] = text else {
        return false;
    };
    // Underscores in a number are ignored, even in `0_x1f`.
    let hexadecimal = *first == b'0' && matches!(rest.first(), Some(b'x' | b'X' | b'_'));
    let mut points = 0_usize;
    // Only hexadecimal numbers have letters other than those of an exponent or a prefix, and no
    // number has two points.
    let strange = rest.iter().any(|byte| {
        points += usize::from(*byte == b'.');
        points > 1 || (byte.is_ascii_alphabetic() && !b"eEbBoOxX".contains(byte))
    });
    strange && !hexadecimal
}

/// Whether a scalar is the merge key if it is a key.
pub(super) fn is_merge(scalar: &Scalar<'_>) -> bool {
    scalar.text == "<<"
        && match scalar.tag.as_deref() {
            None => scalar.plain,
            Some("!") => true,
            Some(tag) => tag.strip_prefix(CORE) == Some("merge"),
        }
}

fn tagged(name: &str, text: &str) -> Option<Value> {
    match name {
        "binary" => base64(text).map(Value::String),
        "timestamp" => timestamp::is_timestamp(text).then(|| Value::String(text.to_owned())),
        "null" => Some(plain(text)).filter(|value| matches!(value, Value::Null)),
        "bool" => Some(plain(text)).filter(|value| matches!(value, Value::Bool(_))),
        "int" => Some(plain(text)).filter(|value| matches!(value, Value::Int(_) | Value::Uint(_))),
        "float" => match plain(text) {
            #[expect(clippy::cast_precision_loss, reason = "as Go converts it")]
            Value::Int(value) => Some(Value::Float(value as f64)),
            value @ Value::Float(_) => Some(value),
            _ => None,
        },
        // "str", and tags without a rule in go-yaml, such as "map" on a scalar.
        _ => Some(Value::String(text.to_owned())),
    }
}

/// A plain scalar without a tag. Its first byte shows which rules can apply.
fn plain(text: &str) -> Value {
    let Some(first) = text.bytes().next() else {
        return Value::Null;
    };
    let found = match first {
        b'0'..=b'9' | b'+' | b'-' => word(text).or_else(|| number(text)),
        b'.' => word(text).or_else(|| dotted(text)),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        _ => None,
    };
    found.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn word(text: &str) -> Option<Value> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        "~" | "null" | "Null" | "NULL" => Value::Null,
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// A text that starts with a digit or a sign. A timestamp stays text, and none looks like a number.
fn number(text: &str) -> Option<Value> {
    let text = text.replace('_', "");
    integer(&text)
        .or_else(|| decimal(&text))
        .or_else(|| signed_binary(&text))
}

/// Go's `ParseInt(text, 0, 64)`, then `ParseUint`: the prefix gives the base, and a mere leading
/// zero means octal.
fn integer(text: &str) -> Option<Value> {
    let (sign, magnitude) = match text.as_bytes().first() {
        Some(b'+') => (Some(false), text.get(1..)?),
        Some(b'-') => (Some(true), text.get(1..)?),
        _ => (None, text),
    };
    let value = unsigned(magnitude)?;
    match sign {
        Some(true) => 0_i64.checked_sub_unsigned(value).map(Value::Int),
        _ => match i64::try_from(value) {
            Ok(value) => Some(Value::Int(value)),
            // ParseUint accepts no sign.
            Err(_) => sign.is_none().then_some(Value::Uint(value)),
        },
    }
}

fn unsigned(text: &str) -> Option<u64> {
    let (digits, base) = match text.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (text.get(2..)?, 16),
        [b'0', b'b' | b'B', _, ..] => (text.get(2..)?, 2),
        [b'0', b'o' | b'O', _, ..] => (text.get(2..)?, 8),
        [b'0', _, ..] => (text.get(1..)?, 8),
        _ => (text, 10),
    };
    // Rust would accept a second sign here.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    u64::from_str_radix(digits, base).ok()
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn decimal(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    if mantissa_fits && exponent_fits {
        finite(text)
    } else {
        None
    }
}

/// go-yaml also handles `0b` itself, without checking what follows: `0b-101` is -5.
fn signed_binary(text: &str) -> Option<Value> {
    let digits = text.strip_prefix("0b")?;
    if !digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(digits, 2).ok().map(Value::Int)
}

/// A text that starts with a point: Go's `ParseFloat`, which allows an underscore between digits.
fn dotted(text: &str) -> Option<Value> {
    let bytes = text.as_bytes();
    let between_digits = |at: usize| {
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        digit(at.checked_sub(1)) && digit(at.checked_add(1))
    };
    if !bytes
        .iter()
        .enumerate()
        .all(|(at, byte)| *byte != b'_' || between_digits(at))
    {
        return None;
    }
    decimal(&text.replace('_', ""))
}

/// A number that is too large for a float is text, because `ParseFloat` returns an error.
fn finite(text: &str) -> Option<Value> {
    text.parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .map(Value::Float)
}

/// Invalid bytes become U+FFFD, as in `encoding/json`.
fn base64(text: &str) -> Option<String> {
    let lines: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    base64_simd::STANDARD
        .decode_to_vec(&lines)
        .ok()
        .map(|bytes| go_lossy(&bytes))
}

/// Go writes one U+FFFD for each bad byte, Rust's `from_utf8_lossy` one for each run of a broken
/// character.
pub(crate) fn go_lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_plainly_no_number_is_text(text in "[0-9][0-9a-fA-FxXoO._eE+-]{0,12}") {
            prop_assert!(!is_no_number(text.as_bytes()) || matches!(plain(&text), Value::String(_)), "{text}");
        }
    }
}
