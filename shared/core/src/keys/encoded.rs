//! Keys as S3 writes them in notifications and in URL-encoded listings.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Decodes a key: `+` is a space and `%2B` a plus, as in a form. `None` if the result is not UTF-8.
pub fn decode_key(encoded: &str) -> Option<String> {
    let spaced = encoded.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_a_space_and_an_encoded_one_is_a_plus() {
        assert_eq!(
            decode_key("staging/a+b%2Bc-%C3%BC.tgz").as_deref(),
            Some("staging/a b+c-ü.tgz")
        );
        assert_eq!(decode_key("%ff"), None);
    }
}
