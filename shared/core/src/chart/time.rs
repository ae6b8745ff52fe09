//! Times in an index and in a lock file.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// Whether Helm accepts this as a time: RFC 3339 as Go's `time.Time` requires it in JSON
/// (<https://github.com/golang/go/blob/master/src/time/format_rfc3339.go>), without the space, the
/// lower-case letters and the leap second that other parsers allow, but with a comma as decimal
/// point and with offsets of a day and of sixty minutes
/// (<https://github.com/golang/go/issues/54580>).
///
/// All days but the last ones of a month are checked by their digits alone, because an index has as
/// many times as versions.
pub(crate) fn is_time(text: &[u8]) -> bool {
    match day(text) {
        Some(day) if day <= 28 => true,
        Some(_) => {
            let date = text.get(..10).and_then(|date| std::str::from_utf8(date).ok());
            date.is_some_and(|date| date.parse::<Date>().is_ok())
        }
        None => false,
    }
}

/// The time of an entry. Digits beyond nanoseconds are ignored, as Go does; `None` if it is not a
/// time.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    if !is_time(text.as_bytes()) {
        return None;
    }
    let (seconds, rest) = text.split_at_checked(19)?;
    let seconds: Timestamp = format!("{seconds}Z").parse().ok()?;
    let (fraction, offset) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => rest.split_at(rest.find(|char: char| !char.is_ascii_digit())?),
        None => ("", rest),
    };
    let nanoseconds = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let west = SignedDuration::from_mins(-minutes(offset)?);
    let time = seconds.checked_add(SignedDuration::from_nanos(nanoseconds)).ok()?;
    time.checked_add(west).ok()
}

/// The offset of `Z` or `+01:30`, eastwards.
fn minutes(offset: &str) -> Option<i64> {
    let Some((hours, minutes)) = offset.split_once(':') else {
        return Some(0);
    };
    let sign = if hours.starts_with('-') { -1 } else { 1 };
    let hours: i64 = hours.trim_start_matches(['+', '-']).parse().ok()?;
    Some(sign * (60 * hours + minutes.parse::<i64>().ok()?))
}

/// The day of the month, if everything else is valid.
fn day(text: &[u8]) -> Option<u8> {
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
    let day = two(d1, d2)?;
    let fits = (1..=12).contains(&two(m1, m2)?)
        && (1..=31).contains(&day)
        && two(h1, h2)? < 24
        && two(n1, n2)? < 60
        && two(s1, s2)? < 60
        && is_end(rest);
    fits.then_some(day)
}

/// A fraction, and `Z` or an offset of at most a day.
fn is_end(rest: &[u8]) -> bool {
    let rest = match rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            fraction.get(digits..).unwrap_or_default()
        }
        None => rest,
    };
    matches!(
        rest,
        [b'Z']
            | [b'+' | b'-', b'0' | b'1', b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9']
            | [b'+' | b'-', b'0' | b'1', b'0'..=b'9', b':', b'6', b'0']
            | [b'+' | b'-', b'2', b'0'..=b'4', b':', b'0'..=b'5', b'0'..=b'9']
            | [b'+' | b'-', b'2', b'0'..=b'4', b':', b'6', b'0']
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The results of Go 1.26 for each of these.
    #[test]
    fn a_time_is_what_go_takes_for_one() {
        for (text, is) in [
            ("2026-11-23T12:00:00Z", true),
            ("2026-02-28T23:59:59.123456789+19:59", true),
            ("2026-02-28T23:59:59-23:59", true),
            ("2026-01-01T00:00:00.1234567890Z", true),
            ("2024-02-29T00:00:00Z", true),
            ("2026-01-31T00:00:00Z", true),
            ("0000-01-01T00:00:00Z", true),
            ("9999-12-28T00:00:00Z", true),
            ("2026-02-29T00:00:00Z", false),
            ("2026-04-31T00:00:00Z", false),
            ("2026-13-01T00:00:00Z", false),
            ("2026-00-01T00:00:00Z", false),
            ("2026-01-00T00:00:00Z", false),
            ("2026-01-32T00:00:00Z", false),
            ("2026-01-01T24:00:00Z", false),
            ("2026-01-01T00:60:00Z", false),
            ("2016-12-31T23:59:60Z", false),
            ("2026-01-01T00:00:00", false),
            ("2026-01-01T00:00:00.Z", false),
            ("2026-01-01T00:00:00,5Z", true),
            ("2026-01-01T00:00:00-00:60", true),
            ("2026-01-01T00:00:00+24:00", true),
            ("2026-01-01T00:00:00+25:00", false),
            ("2026-01-01T00:00:00+0100", false),
            ("2026-01-01 00:00:00Z", false),
            ("2026-01-01t00:00:00z", false),
            ("2026-01-01T00:00Z", false),
            ("2026-01-01T00:00:00Z[UTC]", false),
            ("+002026-01-01T00:00:00Z", false),
            ("2026-01-01", false),
            ("", false),
        ] {
            assert_eq!(is_time(text.as_bytes()), is, "{text}");
        }
    }

    #[test]
    fn times_are_compared_whatever_their_offset_and_precision() {
        let time = |text: &str| parse(text).unwrap();
        assert_eq!(time("2024-03-01T12:30:45+02:00"), time("2024-03-01T10:30:45Z"));
        assert!(time("2024-03-01T12:30:45+02:00") < time("2024-03-01T11:00:00.5Z"));
        assert!(time("2024-03-01T10:30:45.123456788Z") < time("2024-03-01T10:30:45.123456789Z"));
        assert_eq!(
            time("2024-03-01T12:30:45.1234567891+02:00"),
            time("2024-03-01T10:30:45.123456789Z")
        );
        for text in [
            "",
            "2024-03-01",
            "2024-03-01 10:30:45Z",
            "2024-02-30T00:00:00Z",
            "yesterday",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
