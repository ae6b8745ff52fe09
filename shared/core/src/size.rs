//! Sizes and counts in messages: "25 MiB; the limit is 20 MiB", "1 upload", "3 entries".

use std::fmt;

use humansize::{BINARY, SizeFormatter};

/// A number of bytes as people write it: `940 B`, `25 MiB`, `1.44 MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// The size of something in memory.
    pub fn of(bytes: usize) -> Self {
        Self(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SizeFormatter::new(self.0, BINARY).fmt(f)
    }
}

/// A size above its limit: `25 MiB; the limit is 20 MiB`. If it is less than one percent above,
/// both are exact, because "20 MiB; the limit is 20 MiB" would explain nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverLimit {
    /// The size, in bytes.
    pub size: u64,
    /// The largest accepted size, in bytes.
    pub limit: u64,
}

impl OverLimit {
    /// The size of something in memory.
    pub fn of(size: usize, limit: usize) -> Self {
        Self {
            size: Size::of(size).0,
            limit: Size::of(limit).0,
        }
    }
}

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, limit } = *self;
        if size.saturating_sub(limit) < limit / 100 {
            return write!(f, "{size} bytes; the limit is {limit} bytes");
        }
        write!(f, "{}; the limit is {}", Size(size), Size(limit))
    }
}

/// A count with its noun, given in the singular: `1 upload`, `3 entries`.
pub fn counted(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_the_unit_that_keeps_it_short() {
        let texts = [0, 940, 1 << 10, 5 << 20, 1_509_949, 100 << 20, 3 << 30].map(|bytes| Size(bytes).to_string());
        assert_eq!(
            texts,
            ["0 B", "940 B", "1 KiB", "5 MiB", "1.44 MiB", "100 MiB", "3 GiB"]
        );
    }

    #[test]
    fn a_count_has_its_plural() {
        let texts =
            [(1, "upload"), (0, "upload"), (1, "entry"), (2, "entry")].map(|(count, noun)| counted(count, noun));
        assert_eq!(texts, ["1 upload", "0 uploads", "1 entry", "2 entries"]);
    }

    #[test]
    fn a_size_and_its_limit_never_look_the_same() {
        let over = |size, limit| OverLimit { size, limit }.to_string();
        assert_eq!(over(25 << 20, 20 << 20), "25 MiB; the limit is 20 MiB");
        assert_eq!(
            over((20 << 20) + 1, 20 << 20),
            "20971521 bytes; the limit is 20971520 bytes"
        );
    }
}
