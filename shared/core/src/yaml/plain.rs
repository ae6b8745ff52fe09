//! Text that needs no quotes.

/// Whether text can be written unquoted as the value of a block mapping or sequence on one line,
/// and every common reader (go-yaml v2 and v3, PyYAML, js-yaml, SnakeYAML; YAML 1.1 and 1.2) reads
/// the same text back.
///
/// It is conservative, and returns false for many texts that would be safe.
#[must_use]
pub fn plain_is_safe(text: &str) -> bool {
    starts_like_a_word(text)
        && !text.ends_with(' ')
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(" #")
        && (text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || text.chars().all(is_printable))
        && !is_a_word_of_yaml(text)
        && !is_like_a_number(text)
}

/// The first character is a letter, `/` or a digit: no indicator, sign or point.
fn starts_like_a_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first.is_ascii_digit() || first == '/')
}

/// Letters and digits of the basic plane, the space, and printable ASCII. No tab, no line
/// separator, nothing invisible.
fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        _ => character <= '\u{ffff}' && character.is_alphanumeric(),
    }
}

/// Words that are null or a boolean in some schema and in some spelling.
fn is_a_word_of_yaml(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Integers, floats, base-60 numbers and timestamps of every schema. A text that begins with a
/// digit passes only if it looks like a version: at least two points, and no characters of base 60
/// and dates. A mere exponent is a number to some readers.
fn is_like_a_number(text: &str) -> bool {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return text.bytes().filter(|byte| *byte == b'.').count() < 2 || text.contains([':', ' ', '_']);
    }
    text.strip_prefix(['e', 'E'])
        .is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_needs_no_quotes() {
        for text in [
            "kube9-operator",
            "An operator, for clusters (and more)",
            "https://charts.kube9.io/x-1.0.0.tgz",
            "1.0.0",
            "v1.2.3",
            "1.0.0-rc.1+b2",
            "Größe",
            "a - b",
            "C#",
            "what? [really]",
        ] {
            assert!(plain_is_safe(text), "{text:?}");
        }
    }

    #[test]
    fn text_that_some_reader_takes_for_something_else_needs_quotes() {
        for text in [
            "",
            " ",
            " a",
            "a ",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "- a",
            "-",
            "?",
            ": a",
            ":a",
            "[a",
            "{a",
            "]",
            "}",
            ",",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "'a'",
            "\"a\"",
            "%a",
            "@a",
            "`a",
            "~",
            "=",
            "<<",
            "---",
            "...",
            "null",
            "Null",
            "NULL",
            "nUll",
            "true",
            "False",
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "N",
            "1",
            "0",
            "1.10",
            "1e3",
            "0x1f",
            "0o17",
            "017",
            "1_000",
            "+1",
            "-1",
            ".5",
            ".inf",
            ".nan",
            "1:20",
            "190:20:30.15",
            "1.2.3:4",
            "2001-01-01",
            "2001-01-01 10:00:00.5.5",
            "a\nb",
            "a\tb",
            "a\rb",
            "\u{feff}a",
            "a\u{2028}b",
            "a\u{85}b",
            "a\u{a0}",
            "a\u{200b}b",
            "a\u{7f}",
            "😀",
            "12e03",
            "0b1.0.1_1",
            "1e10",
            "E2",
            "e-3",
        ] {
            assert!(!plain_is_safe(text), "{text:?}");
        }
    }
}
