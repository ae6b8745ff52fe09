//! `IMAGE_CHECK`.

use std::str::FromStr;

/// What to do about the images that a chart names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageCheck {
    /// The images are not checked.
    #[default]
    Off,
    /// A chart with missing images is published with warnings.
    Warn,
    /// A chart is held until its images exist.
    Require,
}

/// Not a mode of the image check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not off, warn or require")]
pub struct NoImageCheck;

impl FromStr for ImageCheck {
    type Err = NoImageCheck;

    fn from_str(text: &str) -> Result<Self, NoImageCheck> {
        match text {
            "off" => Ok(Self::Off),
            "warn" => Ok(Self::Warn),
            "require" => Ok(Self::Require),
            _ => Err(NoImageCheck),
        }
    }
}
