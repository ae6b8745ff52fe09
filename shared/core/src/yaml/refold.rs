//! Line folding with YAML 1.1 line separators.

/// Characters that end a line in YAML 1.1, and are ordinary text in YAML 1.2.
pub(super) const SEPARATORS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// A single-quoted scalar, with its quotes, folded as go-yaml folds it: Helm itself writes a line
/// separator in this form, followed by spaces that are not part of the text.
pub(super) fn single_quoted(source: &str) -> String {
    let content = source.strip_prefix('\'').unwrap_or(source);
    let content = content
        .strip_suffix('\'')
        .unwrap_or(content)
        .replace("''", "'")
        .replace("\r\n", "\n");
    let mut text = String::with_capacity(content.len());
    let mut blanks = String::new();
    let mut breaks = String::new();
    for character in content.chars() {
        match character {
            '\n' | '\r' | '\u{85}' => breaks.push('\n'),
            '\u{2028}' | '\u{2029}' => breaks.push(character),
            // Spaces around the end of a line are dropped.
            ' ' | '\t' if breaks.is_empty() => blanks.push(character),
            ' ' | '\t' => {}
            _ => {
                end_of_blanks(&mut text, &mut blanks, &mut breaks);
                text.push(character);
            }
        }
    }
    end_of_blanks(&mut text, &mut blanks, &mut breaks);
    text
}

/// Whether a document mark is at the start of a line; followed by a separator, it ends a scalar.
pub(super) fn has_marker(source: &str) -> bool {
    source
        .split(['\n', '\u{85}', '\u{2028}', '\u{2029}'])
        .skip(1)
        .any(|line| line.starts_with("---") || line.starts_with("..."))
}

/// A single line feed becomes a space, the first of several is dropped, and other separators stay.
fn end_of_blanks(text: &mut String, blanks: &mut String, breaks: &mut String) {
    match breaks.strip_prefix('\n') {
        Some("") => text.push(' '),
        Some(rest) => text.push_str(rest),
        None if breaks.is_empty() => text.push_str(blanks),
        None => text.push_str(breaks),
    }
    blanks.clear();
    breaks.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_separator_swallows_the_blanks_around_it() {
        assert_eq!(single_quoted("'x\u{2028}  y'"), "x\u{2028}y");
        assert_eq!(single_quoted("'x \u{2029}y'"), "x\u{2029}y");
        assert_eq!(single_quoted("'it''s  so\u{2028}'"), "it's  so\u{2028}");
    }

    #[test]
    fn line_feeds_fold_as_ever() {
        assert_eq!(single_quoted("'a\n  b\n\n  c'"), "a b\nc");
        assert_eq!(single_quoted("'a\r\n  b\u{85} c'"), "a b c");
    }
}
