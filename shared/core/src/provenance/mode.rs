//! `PROVENANCE`.

use std::str::FromStr;

/// What to do with provenance files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProvenanceMode {
    /// They are ignored.
    #[default]
    Off,
    /// Uploaded ones are checked and published.
    Verify,
    /// Uploaded ones are checked and published, and a chart without one is rejected.
    Require,
    /// Uploaded ones are checked and published, and every other chart is signed by Chartdrop.
    Sign,
}

impl ProvenanceMode {
    /// The setting's value, for messages.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Off => "PROVENANCE=off",
            Self::Verify => "PROVENANCE=verify",
            Self::Require => "PROVENANCE=require",
            Self::Sign => "PROVENANCE=sign",
        }
    }
}

/// Not a provenance mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not off, verify, require or sign")]
pub struct NoProvenanceMode;

impl FromStr for ProvenanceMode {
    type Err = NoProvenanceMode;

    fn from_str(text: &str) -> Result<Self, NoProvenanceMode> {
        match text {
            "off" => Ok(Self::Off),
            "verify" => Ok(Self::Verify),
            "require" => Ok(Self::Require),
            "sign" => Ok(Self::Sign),
            _ => Err(NoProvenanceMode),
        }
    }
}
