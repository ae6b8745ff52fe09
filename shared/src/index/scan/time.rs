//! Times in an index.

use jiff::Timestamp;

/// Whether this is a time in the form of RFC 3339, without escapes.
///
/// All but the last days of a month are told from their digits alone: there are as many times in an index as versions.
pub(super) fn is_time(text: &[u8]) -> bool {
    is_ordinary(text).unwrap_or_else(|| {
        let text = std::str::from_utf8(text).ok();
        text.is_some_and(|text| text.parse::<Timestamp>().is_ok())
    })
}

/// Whether it is a time, if that is plain to see.
fn is_ordinary(text: &[u8]) -> Option<bool> {
    let (
        &[
            y1,
            y2,
            y3,
            y4,
            b'-',
            m1,
            m2,
            b'-',
            d1,
            d2,
            b'T',
            h1,
            h2,
            b':',
            n1,
            n2,
            b':',
            s1,
            s2,
        ],
        rest,
    ) = text.split_first_chunk::<19>()?
    else {
        return None;
    };
    let two = |tens: u8, ones: u8| match (tens, ones) {
        (b'0'..=b'9', b'0'..=b'9') => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    };
    two(y1, y2)?;
    two(y3, y4)?;
    let ordinary = (1..=12).contains(&two(m1, m2)?)
        && (1..=28).contains(&two(d1, d2)?)
        && two(h1, h2)? < 24
        && two(n1, n2)? < 60
        && two(s1, s2)? < 60
        && is_ordinary_end(rest);
    ordinary.then_some(true)
}

/// A fraction of at most nine digits, and `Z` or an offset of less than a day.
fn is_ordinary_end(rest: &[u8]) -> bool {
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return false;
            }
            fraction.get(digits..).unwrap_or_default()
        }
        None => rest,
    };
    matches!(
        rest,
        [b'Z'] | [b'+' | b'-', b'0' | b'1', b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9']
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_from_the_digits_is_what_the_parser_says() {
        for text in [
            "2026-11-23T12:00:00Z",
            "2026-02-28T23:59:59.123456789+19:59",
            "2026-02-29T00:00:00Z",
            "2024-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00-00:60",
            "0000-01-01T00:00:00Z",
            "9999-12-28T00:00:00Z",
            "2026-01-01",
            "",
        ] {
            let parsed = text.parse::<Timestamp>().is_ok();
            assert_eq!(is_time(text.as_bytes()), parsed, "{text}");
        }
    }
}
