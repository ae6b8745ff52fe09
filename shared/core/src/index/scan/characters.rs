//! Characters that may occur unescaped in an index.

use memchr::memchr3_iter;

/// The bytes to check before looking closer, small enough for the first cache.
const BLOCK: usize = 16 * 1024;

/// Whether the text is UTF-8 without control characters other than line feeds, and without the
/// characters that some YAML reader rejects, drops or treats as a line break when they are not
/// escaped: C1, U+2028, U+2029, U+FEFF, U+FFFE, U+FFFF.
pub(super) fn are_plain(text: &[u8]) -> bool {
    let mut ascii = true;
    for block in text.chunks(BLOCK) {
        // Without branches, so that the compiler processes many bytes at a time.
        let (mut control, mut all) = (false, 0);
        for byte in block {
            control |= (*byte < b' ' && *byte != b'\n') | (*byte == 0x7f);
            all |= *byte;
        }
        if control {
            return false;
        }
        ascii &= all.is_ascii();
    }
    ascii || (std::str::from_utf8(text).is_ok() && !holds_unsafe(text))
}

/// Checks each character that may be one of those, by its first byte. The text must be UTF-8.
fn holds_unsafe(text: &[u8]) -> bool {
    memchr3_iter(0xc2, 0xe2, 0xef, text).any(|at| {
        matches!(
            text.get(at..).unwrap_or_default(),
            [0xc2, 0x80..=0x9f, ..]
                | [0xe2, 0x80, 0xa8 | 0xa9, ..]
                | [0xef, 0xbb, 0xbf, ..]
                | [0xef, 0xbf, 0xbe | 0xbf, ..]
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::json_text::must_be_escaped;

    #[test]
    fn exactly_the_characters_that_are_escaped_are_not_plain() {
        for character in '\0'..=char::MAX {
            let text = format!("a{character}b");
            let plain = character == '\n' || !must_be_escaped(character);
            assert_eq!(are_plain(text.as_bytes()), plain, "{character:?}");
        }
    }

    #[test]
    fn what_is_no_utf_8_is_not_plain() {
        for bytes in [&b"\xff"[..], b"\xc3", b"a\xed\xa0\x80", b"\xe2\x80"] {
            assert!(!are_plain(bytes), "{bytes:?}");
        }
    }
}
