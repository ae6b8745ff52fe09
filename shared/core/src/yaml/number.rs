//! Numbers as Go writes them, because Helm converts a number in a text field by Go's rules:
//! `appVersion: 1.10` is "1.1".

/// `strconv.FormatFloat(value, 'g', -1, 32)`, which sigs.k8s.io/yaml uses for a float where text is
/// expected.
///
/// The 32 is Helm's too: digits beyond a `float32` are lost, so `20230101.5` becomes
/// "2.0230102e+07".
pub(super) fn float32_text(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the loss is what Helm does")]
    let value = value as f32;
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let shortest = shortest(value);
    match split(&shortest) {
        Some((digits, exponent)) if !(-4..6).contains(&exponent) => with_exponent(digits, exponent),
        _ => without_exponent(value, &shortest),
    }
}

/// The fewest digits that distinguish a float from its neighbours. If two numbers of that length
/// are equally near, Rust chooses the larger one and Go the even one, as it does when formatting to
/// a fixed length.
fn shortest(value: f32) -> String {
    let shortest = format!("{value:e}");
    let digits = shortest
        .bytes()
        .take_while(|byte| *byte != b'e')
        .filter(u8::is_ascii_digit)
        .count();
    let even = format!("{value:.*e}", digits.saturating_sub(1));
    if even.parse() == Ok(value) { even } else { shortest }
}

fn without_exponent(value: f32, shortest: &str) -> String {
    let decimals = split(shortest).map_or(0, |(digits, exponent)| {
        let behind_the_point = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        usize::try_from(i64::try_from(behind_the_point).unwrap_or(0) - i64::from(exponent)).unwrap_or(0)
    });
    format!("{value:.decimals$}")
}

/// Splits Rust's `1.5e21` into digits and exponent.
fn split(shortest: &str) -> Option<(&str, i32)> {
    let (digits, exponent) = shortest.split_once('e')?;
    Some((digits, exponent.parse().ok()?))
}

/// Go's `1.5e+21`, with at least two digits in the exponent.
fn with_exponent(digits: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_text_as_go_formats_them_with_32_bits() {
        // From `strconv.FormatFloat(x, 'g', -1, 32)`, Go 1.26.
        for (value, text) in [
            (1.10, "1.1"),
            (1.0, "1"),
            (0.0, "0"),
            (-0.0, "-0"),
            (1e21, "1e+21"),
            (1e5, "100000"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (1.234_567_890_123, "1.2345679"),
            (156_789.123_456_789, "156789.12"),
            (1_703_448.25, "1.7034482e+06"),
            (0.000_244_140_625, "0.00024414062"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (20_230_101.5, "2.0230102e+07"),
            (1e39, "+Inf"),
            (-1e39, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(float32_text(value), text);
        }
    }
}
