//! Cleans text as Helm does.

use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// Turns every kind of white space into a space, and drops what Go's `unicode.IsPrint` does not
/// count as printable: control characters, zero-width and private characters, and those that are
/// newer than Go's Unicode tables.
pub(super) fn sanitize(text: &mut String) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|character| match character {
            _ if character.is_whitespace() => Some(' '),
            _ if is_printable(character) => Some(character),
            _ => None,
        })
        .collect();
}

fn is_printable(character: char) -> bool {
    !matches!(
        get_general_category(character),
        Category::Control
            | Category::Format
            | Category::PrivateUse
            | Category::Unassigned
            | Category::Surrogate
            | Category::SpaceSeparator
            | Category::LineSeparator
            | Category::ParagraphSeparator
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sanitized(text: &str) -> String {
        let mut text = text.to_owned();
        sanitize(&mut text);
        text
    }

    #[test]
    fn white_space_of_any_kind_becomes_a_space() {
        assert_eq!(sanitized("a\tb\nc\u{a0}d\u{2028}e\u{3000}f"), "a b c d e f");
    }

    #[test]
    fn what_cannot_be_printed_falls_away() {
        assert_eq!(sanitized("a\0b\u{200b}c\u{ad}d\u{feff}e\u{e000}f\u{7f}g"), "abcdefg");
    }

    #[test]
    fn texts_of_all_scripts_stay() {
        let text = "Größe 名前 नमस्ते مرحبا 😀 e\u{301}";
        assert_eq!(sanitized(text), text);
    }

    #[test]
    fn a_character_that_gos_unicode_does_not_know_falls_away() {
        assert_eq!(sanitized("\u{1fae8}\u{1fae9}"), "\u{1fae8}");
    }
}
