//! Text as Helm cleans it.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Makes every kind of white space a space, and drops what Go's `unicode.IsPrint` does not call printable: control
/// characters, the zero-width ones, private ones.
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
    use GeneralCategoryGroup as Group;
    matches!(
        character.general_category_group(),
        Group::Letter | Group::Mark | Group::Number | Group::Punctuation | Group::Symbol
    )
}
