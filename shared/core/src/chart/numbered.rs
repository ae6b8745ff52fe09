//! Comparing texts with numbers in them: `build.9` comes before `build.10`.

use std::cmp::Ordering;

/// Compares two texts part by part: digits by their numeric value, everything else byte by byte.
/// Texts with the same meaning (`1` and `01`) are ordered by their bytes, so that only equal texts
/// are equal.
pub(super) fn cmp(a: &str, b: &str) -> Ordering {
    runs(a).cmp(runs(b)).then_with(|| a.cmp(b))
}

/// A run of digits, or of other characters.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Run<'text> {
    /// Without leading zeros, so the longer number is larger. A number may have more digits than
    /// any Rust type holds.
    Number {
        digits: usize,
        value: &'text str,
    },
    Text(&'text str),
}

fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_digit = |char: char| char.is_ascii_digit();
        let is_number = rest.chars().next().map(is_digit)?;
        let end = rest.find(|char| is_digit(char) != is_number).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(if is_number {
            let value = run.trim_start_matches('0');
            Run::Number {
                digits: value.len(),
                value,
            }
        } else {
            Run::Text(run)
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_counts_as_a_number() {
        let ascending = [
            "",
            "1.0.0",
            "1.0.0+01",
            "1.0.0+1",
            "1.0.0+001.1",
            "1.0.0+1.1",
            "1.0.0+2",
            "1.0.0+10",
            "1.0.0+99999999999999999999999998",
            "1.0.0+99999999999999999999999999",
            "1.0.0+build",
            "1.0.0+build9",
            "1.0.0+build10",
            "1.0.0+build.9",
            "1.0.0+build.10",
            "1.0.0+build.10.a",
            "v1.0.0",
        ];
        let mut sorted = ascending;
        sorted.reverse();
        sorted.sort_by(|a, b| cmp(a, b));
        assert_eq!(sorted, ascending);
    }

    proptest! {
        #[test]
        fn it_is_an_order(a in "[ab.019é]{0,6}", b in "[ab.019é]{0,6}", c in "[ab.019é]{0,6}") {
            prop_assert_eq!(cmp(&a, &b), cmp(&b, &a).reverse());
            prop_assert_eq!(cmp(&a, &b) == Ordering::Equal, a == b);
            if cmp(&a, &b).is_le() && cmp(&b, &c).is_le() {
                prop_assert!(cmp(&a, &c).is_le());
            }
        }
    }
}
