//! JSON text that every YAML reader reads as the same document.
//!
//! YAML 1.2 contains JSON, but the readers of Helm and other tools are older: they reject surrogate
//! pairs written as two escapes, raw control characters, C1 characters and byte order marks. So
//! these are written as single escapes, and everything else as itself, including characters outside
//! the basic plane. In YAML 1.1 a number with an exponent has a point and a sign too: `1e300` is
//! text.

use std::borrow::Cow;
use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

use super::go_lossy;

/// Serializes a value as compact JSON text on one line.
pub(crate) fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let mut text = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Careful))?;
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

/// The length of a text as JSON, with its quotes, in bytes. Serializing cannot fail.
pub(crate) fn written_len(text: &str) -> usize {
    to_string(text).map_or(usize::MAX, |written| written.len())
}

/// Rewrites valid JSON text as [`to_string`] would write it, keeping numbers and the order of
/// fields. Text that needs no change is returned as it is.
pub(crate) fn compact(text: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    if is_compact(text) {
        return Ok(Cow::Borrowed(text));
    }
    let mut compacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (between, string) = rest.split_at(start);
        compacted.extend(between.chars().filter(|char| !char.is_ascii_whitespace()));
        let end = string_end(string);
        let (string, after) = string.split_at(end);
        let value: Cow<'_, str> = match serde_json::from_str::<&str>(string) {
            Ok(plain) => Cow::Borrowed(plain),
            Err(_) => Cow::Owned(serde_json::from_str::<String>(string)?),
        };
        compacted.push_str(&to_string(&value)?);
        rest = after;
    }
    compacted.extend(rest.chars().filter(|char| !char.is_ascii_whitespace()));
    Ok(Cow::Owned(compacted))
}

/// Compact JSON text as Go's `MarshalIndent` writes it after this indentation. Texts and numbers
/// are unchanged.
pub(crate) fn indented(compact: &str, width: usize, depth: usize) -> String {
    let mut text = String::with_capacity(2 * compact.len());
    let mut depth = depth;
    let mut rest = compact;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            string_end(rest)
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        let closes = matches!(first, '}' | ']');
        // A string ends with a quote, so this bracket was just opened.
        let is_empty = text.ends_with(['{', '[']);
        if closes {
            depth = depth.saturating_sub(1);
            if !is_empty {
                begin_line(&mut text, width * depth);
            }
        }
        text.push_str(token);
        match first {
            '{' | '[' => depth += 1,
            ',' => begin_line(&mut text, width * depth),
            ':' => text.push(' '),
            _ => {}
        }
        if matches!(first, '{' | '[') && !after.starts_with(['}', ']']) {
            begin_line(&mut text, width * depth);
        }
        rest = after;
    }
    text
}

fn begin_line(text: &mut String, spaces: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', spaces));
}

/// Valid JSON text as Go reads it: an invalid byte, or half of a surrogate pair, is U+FFFD.
pub(crate) fn as_go_reads(text: &[u8]) -> Cow<'_, str> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(go_lossy(text)),
    };
    if !has_half_pair(&text) {
        return text;
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some((before, escape)) = rest.split_once('\\') {
        whole.push_str(before);
        let (length, is_half) = escape_length(escape);
        let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        whole.push('\\');
        whole.push_str(if is_half { "ufffd" } else { escape });
        rest = after;
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

fn has_half_pair(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, escape)) = rest.split_once('\\') {
        let (length, is_half) = escape_length(escape);
        if is_half {
            return true;
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    false
}

/// The length of an escape after its backslash, with both halves of a pair, and whether it is only
/// half of a pair.
fn escape_length(escape: &str) -> (usize, bool) {
    match unit(escape) {
        Some(0xd800..=0xdbff) => {
            let second = escape.get(5..).and_then(|rest| unit(rest.strip_prefix('\\')?));
            match second {
                Some(0xdc00..=0xdfff) => (11, false),
                _ => (5, true),
            }
        }
        Some(0xdc00..=0xdfff) => (5, true),
        Some(_) => (5, false),
        None => (1, false),
    }
}

/// The code unit of `u` and four digits.
fn unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix('u')?.get(..4)?, 16).ok()
}

/// The length of the string literal that starts `text`.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether nothing has to be changed: no space between tokens, and no escape or character with
/// another canonical form.
fn is_compact(text: &str) -> bool {
    let mut in_string = false;
    text.chars().all(|char| {
        if char == '"' {
            in_string = !in_string;
        }
        if in_string {
            char != '\\' && !must_be_escaped(char)
        } else {
            !char.is_ascii_whitespace()
        }
    })
}

/// Characters that some YAML reader rejects or changes when they occur unescaped in a quoted
/// string.
pub(crate) fn must_be_escaped(char: char) -> bool {
    matches!(char, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

struct Careful;

impl Formatter for Careful {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let text = format!("{value:?}");
        let Some((digits, exponent)) = text.split_once('e') else {
            return writer.write_all(text.as_bytes());
        };
        let point = if digits.contains('.') { "" } else { ".0" };
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        write!(writer, "{digits}{point}e{sign}{exponent}")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // ASCII was escaped where necessary, except for DEL.
        if fragment.is_ascii() && !fragment.contains('\u{7f}') {
            return writer.write_all(fragment.as_bytes());
        }
        let mut written = 0;
        for (at, char) in fragment.char_indices() {
            if must_be_escaped(char) {
                writer.write_all(fragment.get(written..at).unwrap_or_default().as_bytes())?;
                write!(writer, "\\u{:04x}", u32::from(char))?;
                written = at + char.len_utf8();
            }
        }
        writer.write_all(fragment.get(written..).unwrap_or_default().as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"/"),
            CharEscape::Backspace => writer.write_all(b"\\b"),
            CharEscape::FormFeed => writer.write_all(b"\\f"),
            CharEscape::LineFeed => writer.write_all(b"\\n"),
            CharEscape::CarriageReturn => writer.write_all(b"\\r"),
            CharEscape::Tab => writer.write_all(b"\\t"),
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_yaml_readers_reject_are_escaped_and_others_are_not() {
        let text = to_string("a\u{85}b\u{2028}c\u{feff}d\u{7f}e\u{1}f\tg\u{1f600}h<&>/\"\\").unwrap();
        assert_eq!(
            text,
            "\"a\\u0085b\\u2028c\\ufeffd\\u007fe\\u0001f\\tg\u{1f600}h<&>/\\\"\\\\\""
        );
    }

    #[test]
    fn a_number_with_an_exponent_is_one_to_readers_of_yaml_1_1_too() {
        let numbers = [1e300, -2.5e-7, 1.25e20, 1000.0, 0.5, -0.0];
        assert_eq!(
            to_string(&numbers).unwrap(),
            "[1.0e+300,-2.5e-7,1.25e+20,1000.0,0.5,-0.0]"
        );
    }

    #[test]
    fn text_of_others_is_made_compact_without_changing_what_it_says() {
        let text = "{ \"a\" : [ 1.10 , 2E3 ],\r\n\t\"b\\/\": \"\\ud83d\\ude00 \\u003c { x \" }";
        assert_eq!(compact(text).unwrap(), "{\"a\":[1.10,2E3],\"b/\":\"\u{1f600} < { x \"}");
        assert!(matches!(compact("{\"a\":[1,{\"b\":\"c d\"}]}"), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn what_is_no_character_is_the_one_that_go_puts_in_its_place() {
        for (text, read) in [
            (&b"[\"\\ud83d\", 1]"[..], "[\"\\ufffd\", 1]"),
            (b"\"\\uDE00\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\""),
            (
                b"\"\\ud83d\\ud83d\\ude00\\\\ud83d\"",
                "\"\\ufffd\\ud83d\\ude00\\\\ud83d\"",
            ),
            (b"\"a\xff\xfeb\"", "\"a\u{fffd}\u{fffd}b\""),
        ] {
            assert_eq!(as_go_reads(text), read);
        }
        assert!(matches!(as_go_reads(b"\"\\u0041\\n\""), Cow::Borrowed(_)));
    }

    #[test]
    fn a_lone_surrogate_is_an_error() {
        assert!(compact("\"\\ud83d\"").is_err());
    }
}
