//! Chart versions, by the rules of the library that Helm uses: Masterminds/semver v3, `NewVersion`.

use std::{cmp::Ordering, fmt};

/// The longest version that the library takes, in bytes.
const LONGEST: usize = 256;

/// A version. Identity is the exact text: `1.0.0+a` and `1.0.0+b` are two versions of the same precedence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    text: String,
    numbers: [u64; 3],
    prerelease: String,
    build: String,
}

/// Why text is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionError {
    /// Not of the form.
    #[error("it must be up to three numbers with points between, then perhaps \"-\" and a pre-release, \"+\" and a build")]
    Form,
    /// A number beyond 64 bits.
    #[error("a number in it is too large")]
    Overflow,
    /// A numeric part of the pre-release has a leading zero.
    #[error("a number in its pre-release part begins with 0")]
    LeadingZero,
    /// More than 256 bytes.
    #[error("it has more than {LONGEST} bytes")]
    TooLong,
}

impl Version {
    /// Reads a version. A `v` before it, one or two numbers instead of three, and leading zeros are taken.
    ///
    /// # Errors
    /// What Helm refuses too.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if text.len() > LONGEST {
            return Err(VersionError::TooLong);
        }
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, build) = split_at(rest, '+');
        let (numbers, prerelease) = split_at(rest, '-');
        if ![prerelease, build].into_iter().flatten().all(are_identifiers) {
            return Err(VersionError::Form);
        }
        let numbers = parse_numbers(numbers)?;
        let leading_zero = |part: &str| part.len() > 1 && part.starts_with('0') && is_number(part);
        if prerelease.is_some_and(|prerelease| prerelease.split('.').any(leading_zero)) {
            return Err(VersionError::LeadingZero);
        }
        Ok(Self {
            text: text.to_owned(),
            numbers,
            prerelease: prerelease.unwrap_or_default().to_owned(),
            build: build.unwrap_or_default().to_owned(),
        })
    }

    /// The text that was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Major, minor and patch.
    #[must_use]
    pub fn numbers(&self) -> [u64; 3] {
        self.numbers
    }

    /// What follows the `-`, or nothing.
    #[must_use]
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// What follows the `+`, or nothing.
    #[must_use]
    pub fn build(&self) -> &str {
        &self.build
    }

    /// Whether it is a version by <https://semver.org> too.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.text == self.normalized()
    }

    /// The version with three numbers and no `v`.
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

    /// Compares by precedence, as Helm sorts an index; the build says nothing, nor does the way it is written.
    #[must_use]
    pub fn cmp_precedence(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| cmp_prerelease(&self.prerelease, &other.prerelease))
    }

    /// Compares so that the newest comes first. Versions of the same precedence follow by their text, backwards too, so
    /// that a set of versions has one order.
    #[must_use]
    pub fn cmp_newest_first(&self, other: &Self) -> Ordering {
        other.cmp_precedence(self).then_with(|| other.text.cmp(&self.text))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn split_at(text: &str, sign: char) -> (&str, Option<&str>) {
    text.split_once(sign).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn are_identifiers(parts: &str) -> bool {
    parts
        .split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_numbers(text: &str) -> Result<[u64; 3], VersionError> {
    let mut numbers = [0; 3];
    let mut to = numbers.iter_mut();
    for part in text.split('.') {
        let number = to.next().filter(|_| is_number(part)).ok_or(VersionError::Form)?;
        *number = part.parse().map_err(|_| VersionError::Overflow)?;
    }
    Ok(numbers)
}

/// A version without a pre-release comes after all with one.
fn cmp_prerelease(own: &str, others: &str) -> Ordering {
    match (own, others) {
        ("", "") => Ordering::Equal,
        ("", _) => Ordering::Greater,
        (_, "") => Ordering::Less,
        _ => own.split('.').map(part).cmp(others.split('.').map(part)),
    }
}

/// Numbers come before words. What is too large for a number is a word to the library, so it is one here.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'text> {
    Number(u64),
    Word(&'text str),
}

fn part(text: &str) -> Part<'_> {
    if is_number(text) { text.parse().map_or(Part::Word(text), Part::Number) } else { Part::Word(text) }
}
