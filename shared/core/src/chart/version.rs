//! Chart versions, by the rules of the library that Helm uses: Masterminds/semver v3, `NewVersion`.

use std::{cmp::Ordering, fmt};

use super::numbered;

/// The longest version that the library accepts, in bytes.
const LONGEST: usize = 256;

/// A version. Its identity is the exact text: `1.0.0+a` and `1.0.0+b` are two versions of the same
/// precedence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    text: String,
    numbers: [u64; 3],
    prerelease: String,
    build: String,
}

/// Why a text is not a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseVersionError {
    /// It does not have the form of a version.
    #[error(
        "it must be up to three numbers separated by dots, optionally followed by \"-\" and a pre-release, and by \"+\" and build metadata"
    )]
    Form,
    /// A number exceeds 64 bits.
    #[error("a number in it is too large")]
    Overflow,
    /// A numeric identifier of the pre-release has a leading zero.
    #[error("a number in its pre-release begins with 0")]
    LeadingZero,
    /// It has more than 256 bytes.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
}

impl Version {
    /// Reads a version. A leading `v`, one or two numbers instead of three, and leading zeros are
    /// accepted.
    ///
    /// # Errors
    /// Helm rejects the text too.
    pub fn parse(text: &str) -> Result<Self, ParseVersionError> {
        if text.len() > LONGEST {
            return Err(ParseVersionError::TooLong);
        }
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, build) = split_at(rest, '+');
        let (numbers, prerelease) = split_at(rest, '-');
        if ![prerelease, build].into_iter().flatten().all(are_identifiers) {
            return Err(ParseVersionError::Form);
        }
        let numbers = parse_numbers(numbers)?;
        let leading_zero = |part: &str| part.len() > 1 && part.starts_with('0') && is_number(part);
        if prerelease.is_some_and(|prerelease| prerelease.split('.').any(leading_zero)) {
            return Err(ParseVersionError::LeadingZero);
        }
        Ok(Self {
            text: text.to_owned(),
            numbers,
            prerelease: prerelease.unwrap_or_default().to_owned(),
            build: build.unwrap_or_default().to_owned(),
        })
    }

    /// The text as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Major, minor and patch.
    #[must_use]
    pub fn numbers(&self) -> [u64; 3] {
        self.numbers
    }

    /// The pre-release after the `-`, or an empty text.
    #[must_use]
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// The build metadata after the `+`, or an empty text.
    #[must_use]
    pub fn build(&self) -> &str {
        &self.build
    }

    /// Whether it is also a version by <https://semver.org>.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.text == self.normalized()
    }

    /// The version with three numbers and without `v`.
    #[must_use]
    pub fn normalized(&self) -> String {
        let [major, minor, patch] = self.numbers;
        let mut text = format!("{major}.{minor}.{patch}");
        for (sign, part) in [('-', &self.prerelease), ('+', &self.build)] {
            if !part.is_empty() {
                text.push(sign);
                text.push_str(part);
            }
        }
        text
    }

    /// Compares by precedence, as Helm sorts an index. Build metadata and spelling do not count.
    #[must_use]
    pub fn cmp_precedence(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| cmp_prerelease(&self.prerelease, &other.prerelease))
    }

    /// Compares by text, with numbers compared by value: `1.0.0+build.9` comes before
    /// `1.0.0+build.10`.
    #[must_use]
    pub fn cmp_text(&self, other: &Self) -> Ordering {
        numbered::cmp(&self.text, &other.text)
    }

    /// Orders the newest first. Versions of the same precedence are ordered by their text, also
    /// descending, so that a set of versions has exactly one order.
    #[must_use]
    pub fn cmp_newest_first(&self, other: &Self) -> Ordering {
        other.cmp_precedence(self).then_with(|| other.cmp_text(self))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn split_at(text: &str, sign: char) -> (&str, Option<&str>) {
    text.split_once(sign)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

fn are_identifiers(parts: &str) -> bool {
    parts
        .split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_numbers(text: &str) -> Result<[u64; 3], ParseVersionError> {
    let mut numbers = [0; 3];
    let mut to = numbers.iter_mut();
    for part in text.split('.') {
        let number = to.next().filter(|_| is_number(part)).ok_or(ParseVersionError::Form)?;
        *number = part.parse().map_err(|_| ParseVersionError::Overflow)?;
    }
    Ok(numbers)
}

/// A version without a pre-release comes after all versions with one.
fn cmp_prerelease(own: &str, others: &str) -> Ordering {
    match (own, others) {
        ("", "") => Ordering::Equal,
        ("", _) => Ordering::Greater,
        (_, "") => Ordering::Less,
        _ => own.split('.').map(part).cmp(others.split('.').map(part)),
    }
}

/// Numbers come before words. A number that is too large is a word for the library, and so here.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'text> {
    Number(u64),
    Word(&'text str),
}

fn part(text: &str) -> Part<'_> {
    if is_number(text) {
        text.parse().map_or(Part::Word(text), Part::Number)
    } else {
        Part::Word(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn versions_are_read_as_masterminds_reads_them() {
        for (text, normalized) in [
            ("1.2.3", "1.2.3"),
            ("v1.14.0", "1.14.0"),
            ("1.2", "1.2.0"),
            ("1", "1.0.0"),
            ("01.02.03", "1.2.3"),
            ("1-a", "1.0.0-a"),
            ("1.2+b", "1.2.0+b"),
            ("1.2.3-rc.1+b-5.01", "1.2.3-rc.1+b-5.01"),
            ("1.2.3---1", "1.2.3---1"),
            ("1.2.3+b-a", "1.2.3+b-a"),
            ("18446744073709551615.0.0", "18446744073709551615.0.0"),
        ] {
            assert_eq!(version(text).normalized(), normalized);
            assert_eq!(version(text).as_str(), text);
        }
        for (text, error) in [
            ("", ParseVersionError::Form),
            ("v", ParseVersionError::Form),
            ("V1.0.0", ParseVersionError::Form),
            ("1.2.3.4", ParseVersionError::Form),
            ("1..2", ParseVersionError::Form),
            ("1.2.3-", ParseVersionError::Form),
            ("1.2.3+", ParseVersionError::Form),
            ("1.2.3-a..b", ParseVersionError::Form),
            ("1.2.3+a+b", ParseVersionError::Form),
            ("1.2.3-é", ParseVersionError::Form),
            (" 1.2.3", ParseVersionError::Form),
            ("1.2.3\n", ParseVersionError::Form),
            ("+1.2.3", ParseVersionError::Form),
            ("1.2.3-01", ParseVersionError::LeadingZero),
            ("1.2.3-a.00", ParseVersionError::LeadingZero),
            ("18446744073709551616.0.0", ParseVersionError::Overflow),
        ] {
            assert_eq!(Version::parse(text).unwrap_err(), error, "{text}");
        }
        assert_eq!(
            Version::parse(&format!("1.0.0-{}", "a".repeat(251))),
            Err(ParseVersionError::TooLong)
        );
    }

    #[test]
    fn precedence_is_that_of_semantic_versioning() {
        let ascending = [
            "0.9",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-18446744073709551616",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.2",
            "1.10.0",
            "2",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(
                version(pair[0]).cmp_precedence(&version(pair[1])),
                Ordering::Less,
                "{pair:?}"
            );
        }
        for (one, other) in [("1.0.0+a", "1.0.0+b"), ("v1.0.0", "1"), ("01.0", "1.0.0")] {
            assert_eq!(version(one).cmp_precedence(&version(other)), Ordering::Equal);
            assert_ne!(version(one).cmp_newest_first(&version(other)), Ordering::Equal);
        }
    }

    fn versions() -> impl Strategy<Value = Version> {
        "v?[0-2]{1,2}(\\.[0-2]){0,2}(-[ab0-2]{1,2}(\\.[ab12]){0,2})?(\\+[ab]{1,2})?"
            .prop_filter_map("leading zeros in pre-releases are rejected", |text| {
                Version::parse(&text).ok()
            })
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = Version::parse(&text);
        }

        #[test]
        fn both_orders_are_antisymmetric(a in versions(), b in versions()) {
            prop_assert_eq!(a.cmp_precedence(&b), b.cmp_precedence(&a).reverse());
            prop_assert_eq!(a.cmp_newest_first(&b), b.cmp_newest_first(&a).reverse());
            prop_assert_eq!(a.cmp_newest_first(&b) == Ordering::Equal, a == b);
        }

        #[test]
        fn both_orders_are_transitive(a in versions(), b in versions(), c in versions()) {
            for order in [Version::cmp_precedence, Version::cmp_newest_first] {
                if order(&a, &b).is_le() && order(&b, &c).is_le() {
                    prop_assert!(order(&a, &c).is_le());
                }
            }
        }

        #[test]
        fn a_set_of_versions_has_one_order(mut set in prop::collection::vec(versions(), 0..20), seed in any::<u64>()) {
            let sorted = |set: &mut Vec<Version>| {
                set.sort_by(Version::cmp_newest_first);
                set.iter().map(ToString::to_string).collect::<Vec<_>>()
            };
            let first = sorted(&mut set);
            let middle = usize::try_from(seed % 20).unwrap().min(set.len());
            set.rotate_left(middle);
            set.reverse();
            prop_assert_eq!(sorted(&mut set), first);
        }

        #[test]
        fn the_normalized_version_has_the_same_precedence(version in versions()) {
            let normalized = Version::parse(&version.normalized()).unwrap();
            prop_assert!(normalized.is_strict());
            prop_assert_eq!(normalized.cmp_precedence(&version), Ordering::Equal);
        }
    }
}
