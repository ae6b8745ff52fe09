//! Makes text from others safe to show: names, paths and values from charts, keys of the bucket,
//! events.
//!
//! Terminals obey control characters. CloudWatch and GitHub Actions treat a new line as a new
//! message (`::error::` at its start is a command there). A bidirectional override makes text read
//! differently (<https://trojansource.codes>). So there are two rules, with one function each:
//!
//! - Text for people is one line of plain characters ([`printable`]).
//! - JSON in logs and receipts has exactly the original content, but in bytes that are safe even
//!   where they are shown raw ([`escape_json`]). `<`, `>` and `&` are escaped too, so that no page
//!   treats them as HTML.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escapes every character that has an effect beyond being shown: `\n`, `\u{1b}`,
/// `\u{202e}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(misleads) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if misleads(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// The same JSON text in other bytes. Such characters occur only in strings, where `\u` escapes
/// mean the same.
pub fn escape_json(json: &[u8]) -> Cow<'_, [u8]> {
    let text = String::from_utf8_lossy(json);
    let unsafe_in_json = |character: char| {
        // White space between values belongs to JSON; in strings it is already escaped.
        matches!(character, '<' | '>' | '&') || (misleads(character) && !matches!(character, '\n' | '\r' | '\t'))
    };
    if !text.contains(unsafe_in_json) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        if unsafe_in_json(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped.into_bytes())
}

/// Whether a character controls, reorders or hides text.
fn misleads(character: char) -> bool {
    // C0, DEL and C1 control characters.
    character.is_control()
        || matches!(
            character,
            // Bidirectional marks, embeddings, overrides and isolates.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separators.
            | '\u{2028}' | '\u{2029}'
            // Invisible characters: zero-width space and no-break space, annotations, and the tags
            // that can spell whole sentences.
            | '\u{200b}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_reorders_or_hides_is_shown_as_an_escape() {
        for (text, shown) in [
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("a\n::error::b\r", "a\\n::error::b\\r"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            ("gpj.\u{202e}exe\u{2066}\u{200f}", "gpj.\\u{202e}exe\\u{2066}\\u{200f}"),
            ("a\u{2028}b\u{e0041}", "a\\u{2028}b\\u{e0041}"),
        ] {
            assert_eq!(printable(text), shown);
            assert_eq!(printable(&printable(text)), shown);
        }
    }

    #[test]
    fn texts_of_all_scripts_are_shown_as_they_are() {
        // With the joiners that Persian and family emoji need.
        for text in [
            "Größe 名前 مرحبا",
            "می\u{200c}خواهم",
            "👨\u{200d}👩\u{200d}👧",
            "<b>&amp;</b> \\ \"",
        ] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn escaped_json_says_the_same_in_safe_bytes() {
        let value = serde_json::json!({"a\u{202e}": "<script>\u{9b}&\u{e0041}\n\u{1b}", "plain": [1, "ä"]});
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let escaped = escape_json(text.as_bytes());
            let shown = std::str::from_utf8(&escaped).unwrap();
            assert!(
                !shown.contains(['<', '>', '&']) && !shown.replace('\n', "").contains(misleads),
                "{shown}"
            );
            assert_eq!(serde_json::from_slice::<serde_json::Value>(&escaped).unwrap(), value);
        }
    }
}
