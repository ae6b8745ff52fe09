//! The platform of an image.

use std::fmt;
use std::str::FromStr;

/// `linux/amd64`, `linux/arm64`, `linux/arm/v7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Platform {
    /// A platform as a registry describes it.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.filter(|variant| !variant.is_empty()).map(str::to_owned),
        }
    }

    /// Whether an image for `other` satisfies this platform; a variant counts only if one is
    /// required.
    pub fn is_served_by(&self, other: &Self) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || self.variant == other.variant)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

/// Not a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPlatform;

impl FromStr for Platform {
    type Err = NoPlatform;

    fn from_str(text: &str) -> Result<Self, NoPlatform> {
        let good = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let parts: Vec<&str> = text.split('/').filter(good).collect();
        let whole = parts.len() == text.split('/').count();
        match parts.as_slice() {
            [os, architecture] if whole => Ok(Self::new(os, architecture, None)),
            [os, architecture, variant] if whole => Ok(Self::new(os, architecture, Some(variant))),
            _ => Err(NoPlatform),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_counts_only_where_one_is_asked_for() {
        let platform = |text: &str| text.parse::<Platform>().unwrap();
        assert!(platform("linux/arm64").is_served_by(&platform("linux/arm64/v8")));
        assert!(!platform("linux/arm/v7").is_served_by(&platform("linux/arm/v6")));
        assert!(!platform("linux/arm/v7").is_served_by(&platform("linux/arm")));
        assert!(!platform("linux/amd64").is_served_by(&platform("windows/amd64")));
        for wrong in ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/amd 64"] {
            assert_eq!(wrong.parse::<Platform>(), Err(NoPlatform), "{wrong}");
        }
    }
}
