//! `IMAGE_CHECK`.

use std::str::FromStr;

/// What is done about the images that a chart names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageCheck {
    /// Nobody asks for them.
    #[default]
    Off,
    /// A chart is published without them, with warnings.
    Warn,
    /// A chart waits for them.
    Require,
}

/// Not a check of images.
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
