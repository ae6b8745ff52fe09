//! Writes YAML in block style, as Helm's library does: two spaces, and lists not indented unless
//! the surrounding text indents them.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use super::{json_text, plain_is_safe};

/// Readers look for the colon after a key only in the next 1,024 characters. A longer key needs a
/// mark before it.
pub(crate) const LONGEST_KEY: usize = 1000;

/// The place of an element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    /// The column.
    pub(crate) column: usize,
    /// How much deeper lists are than their fields.
    pub(crate) list: usize,
}

impl At {
    /// At the top of a text.
    pub(crate) const TOP: Self = Self { column: 0, list: 0 };

    fn deeper(self, by: usize) -> Self {
        Self {
            column: self.column + by,
            ..self
        }
    }
}

/// `KEY:`, or on two lines `? KEY` and `:`; returns the position of the key.
pub(crate) fn write_key(text: &mut String, indent: usize, key: &str) -> Range<usize> {
    let key = string(key);
    let is_long = key.len() > LONGEST_KEY;
    text.push_str(if is_long { "? " } else { "" });
    let start = text.len();
    text.push_str(&key);
    let place = start..text.len();
    if is_long {
        text.push('\n');
        write_indent(text, indent);
    }
    text.push(':');
    place
}

/// `NAME: VALUE`, or `NAME:` with the value on the lines below.
pub(crate) fn write_field(text: &mut String, at: At, name: &str, value: &Value) {
    write_indent(text, at.column);
    write_field_here(text, at, name, value);
}

fn write_field_here(text: &mut String, at: At, name: &str, value: &Value) {
    write_key(text, at.column, name);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            for (name, value) in fields {
                write_field(text, at.deeper(2), name, value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                write_item(text, at.deeper(at.list), item);
            }
        }
        _ => {
            text.push(' ');
            write_scalar(text, value);
            text.push('\n');
        }
    }
}

/// `- VALUE`; the fields of a mapping follow below each other after the dash.
pub(crate) fn write_item(text: &mut String, at: At, value: &Value) {
    write_indent(text, at.column);
    text.push_str("- ");
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (number, (name, value)) in fields.iter().enumerate() {
                if number > 0 {
                    write_indent(text, at.column + 2);
                }
                write_field_here(text, at.deeper(2), name, value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            // A list in a list (only `import-values` could contain one) is written in flow style,
            // which is JSON.
            text.push_str(&json_text::to_string(items).unwrap_or_default());
            text.push('\n');
        }
        _ => {
            write_scalar(text, value);
            text.push('\n');
        }
    }
}

fn write_scalar(text: &mut String, value: &Value) {
    match value {
        Value::String(value) => text.push_str(&string(value)),
        // Serializing cannot fail.
        other => text.push_str(&json_text::to_string(other).unwrap_or_default()),
    }
}

/// A text as a scalar on one line.
fn string(text: &str) -> Cow<'_, str> {
    if plain_is_safe(text) {
        return Cow::Borrowed(text);
    }
    // A JSON string is a double-quoted YAML scalar. Serializing cannot fail.
    Cow::Owned(json_text::to_string(text).unwrap_or_default())
}

/// The spaces that a line begins with.
pub(crate) fn write_indent(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}
