//! SHA-256, the only digest in Helm's index.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::brief;

/// A prefix that some tools write before the digits, as OCI does.
const PREFIX: &str = "sha256:";

/// The digits of a digest in a message.
const SHORT: usize = 12;

/// A digest as text, from any tool, with the length of [`Digest::short`]. A text that is not a
/// digest is only shortened.
pub fn short(text: &str) -> Cow<'_, str> {
    match Digest::of_entry(text) {
        Some(digest) => Cow::Owned(digest.short()),
        None => brief::text(text, 80),
    }
}

/// A SHA-256 digest; displayed as 64 lower-case hexadecimal digits, the way Helm writes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Computes the digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Reads a digest as index entries have it: hexadecimal digits of either case, with `sha256:`
    /// before them if another tool wrote it. `None` if it cannot be compared.
    pub fn of_entry(text: &str) -> Option<Self> {
        let hex = match text.split_at_checked(PREFIX.len()) {
            Some((prefix, hex)) if prefix.eq_ignore_ascii_case(PREFIX) => hex,
            _ => text,
        };
        hex.parse().ok()
    }

    /// The first 12 digits, which are enough for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(SHORT).collect()
    }

    /// The 32 bytes, for protocols that need another form (S3's checksum headers use base64).
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Computes a [`Digest`] from bytes that arrive in pieces.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything added.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl std::io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        // `from_str_radix` alone would accept "+f".
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotADigest);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotADigest)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotADigest)?;
        }
        Ok(Self(bytes))
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_what_it_displays() {
        let digest = Digest::of(b"chart");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(
            Digest::of(b"").to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn the_digest_of_an_entry_is_read_in_every_form() {
        let digest = Digest::of(b"chart");
        let upper = digest.to_string().to_uppercase();
        for text in [
            digest.to_string(),
            upper.clone(),
            format!("sha256:{digest}"),
            format!("SHA256:{upper}"),
        ] {
            assert_eq!(Digest::of_entry(&text), Some(digest), "{text}");
        }
        for text in [
            "",
            "sha256:",
            "sha256:abc",
            &format!("sha512:{digest}"),
            "ä".repeat(7).as_str(),
        ] {
            assert_eq!(Digest::of_entry(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_64_hexadecimal_digits_is_no_digest() {
        let signed = format!("+f{}", "0".repeat(62));
        for text in ["", "abc", &"g".repeat(64), &"0".repeat(63), &signed] {
            assert_eq!(text.parse::<Digest>(), Err(NotADigest), "{text}");
        }
    }
}
