//! From bytes to text with characters that YAML allows.

use std::borrow::Cow;

use super::{Error, Limits, Place};

/// The text without its byte-order mark, if it is short enough and contains only characters that
/// YAML allows.
pub(super) fn decode<'bytes>(bytes: &'bytes [u8], limits: &Limits) -> Result<Cow<'bytes, str>, Error> {
    if bytes.len() > limits.bytes {
        return Err(Error::TooLong {
            bytes: bytes.len(),
            limit: limits.bytes,
        });
    }
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest).map(Cow::Borrowed)?,
        _ => utf8(bytes).map(Cow::Borrowed)?,
    };
    let ordinary = |byte: u8| matches!(byte, b'\t' | b'\n' | b' '..=b'~');
    if text.bytes().all(ordinary) {
        return Ok(without_version(text));
    }
    for (at, character) in text.char_indices() {
        let place = || place(&text, at);
        if !is_allowed(character) {
            return Err(Error::Character { character, at: place() });
        }
        if is_stray(&text, at, character) {
            return Err(Error::Stray { character, at: place() });
        }
    }
    Ok(without_version(text))
}

/// Turns the directive `%YAML 1.1` at the start into a comment. go-yaml accepts only that version
/// and reads the document as without it; the parser is configured to reject directives.
fn without_version(text: Cow<'_, str>) -> Cow<'_, str> {
    let mut lines = text.lines();
    let is_version = lines.next().is_some_and(|first| {
        let mut words = first.split([' ', '\t']).filter(|word| !word.is_empty());
        first.starts_with('%')
            && words.next() == Some("%YAML")
            && words.next() == Some("1.1")
            && words.next().is_none_or(|word| word.starts_with('#'))
    });
    // A directive is an error without a document start mark.
    let mut content = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if is_version
        && content
            .next()
            .is_some_and(|line| line == "---" || line.starts_with("--- "))
    {
        let comment = text.replacen('%', "#", 1);
        return Cow::Owned(comment);
    }
    text
}

fn utf8(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        Error::NotUtf8 {
            line: 1 + valid.iter().filter(|byte| **byte == b'\n').count(),
        }
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Error> {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    for character in char::decode_utf16(units.iter().map(|bytes| unit(*bytes))) {
        text.push(character.map_err(|_| Error::NotUtf8 {
            line: 1 + text.matches('\n').count(),
        })?);
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(Error::NotUtf8 {
            line: 1 + text.matches('\n').count(),
        })
    }
}

/// The characters that YAML 1.1 allows, as go-yaml and libyaml enforce them.
fn is_allowed(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// A byte-order mark within the text belongs to a word for some readers and is ignored by others,
/// and a lone carriage return ends a line only for some.
fn is_stray(text: &str, at: usize, character: char) -> bool {
    match character {
        '\u{feff}' => true,
        '\r' => !text.get(at..).is_some_and(|rest| rest.starts_with("\r\n")),
        _ => false,
    }
}

fn place(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        line: 1 + before.matches('\n').count(),
        column: 1 + before.get(line_start..).unwrap_or_default().chars().count(),
    }
}
