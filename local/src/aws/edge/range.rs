//! Range requests (RFC 9110, section 14).

use std::ops::Range;

/// The part of an object that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    Part(Range<usize>),
    /// A range beyond the end of the object.
    Unsatisfiable,
}

/// Reads a `Range` header. If it is malformed or names several ranges, S3 answers with the whole
/// object.
pub(super) fn wanted(header: Option<&str>, len: usize) -> Wanted {
    let Some((first, last)) = header
        .and_then(|header| header.strip_prefix("bytes="))
        .filter(|ranges| !ranges.contains(','))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::Whole;
    };
    match (number(first), number(last)) {
        (Number::None, Number::Some(suffix)) if suffix > 0 && len > 0 => Wanted::Part(len.saturating_sub(suffix)..len),
        (Number::None, Number::Some(_)) => Wanted::Unsatisfiable,
        (Number::Some(first), Number::None) if first < len => Wanted::Part(first..len),
        (Number::Some(first), Number::Some(last)) if first > last => Wanted::Whole,
        (Number::Some(first), Number::Some(last)) if first < len => {
            Wanted::Part(first..last.saturating_add(1).min(len))
        }
        (Number::Some(_), Number::None | Number::Some(_)) => Wanted::Unsatisfiable,
        (Number::None, Number::None) | (Number::Bad, _) | (_, Number::Bad) => Wanted::Whole,
    }
}

enum Number {
    None,
    Some(usize),
    Bad,
}

fn number(text: &str) -> Number {
    match text {
        "" => Number::None,
        // A number that overflows is beyond the end of any object.
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Number::Some(digits.parse().unwrap_or(usize::MAX))
        }
        _ => Number::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_range_selects_a_part_of_the_object() {
        for (header, expected) in [
            ("bytes=0-3", Wanted::Part(0..4)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-30", Wanted::Part(0..10)),
            ("bytes=9-99999999999999999999999", Wanted::Part(9..10)),
            ("bytes=10-", Wanted::Unsatisfiable),
            ("bytes=10-12", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=3-2", Wanted::Whole),
            ("bytes=a-2", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("items=0-1", Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), 10), expected, "{header}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=-5"), 0), Wanted::Unsatisfiable);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
    }
}
