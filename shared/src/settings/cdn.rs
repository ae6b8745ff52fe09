//! The settings of invalidate-cdn.

use super::SettingError;
use super::variable::Environment;

/// The settings of invalidate-cdn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdnSettings {
    /// `CHART_BUCKET`.
    pub bucket: String,
    /// `DISTRIBUTION_ID`.
    pub distribution_id: String,
}

impl CdnSettings {
    /// Reads the settings through `lookup`.
    ///
    /// # Errors
    ///
    /// [`SettingError`] for the first setting that is missing or invalid.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let environment = Environment::new(lookup);
        Ok(Self {
            bucket: environment.bucket()?,
            distribution_id: environment.distribution_id()?,
        })
    }
}

impl Environment<'_> {
    fn distribution_id(self) -> Result<String, SettingError> {
        let accepts = "the ID of the CloudFront distribution that serves the charts, such as E2EXAMPLE1ABCD";
        self.variable("DISTRIBUTION_ID", accepts).required(|value| {
            let is_id = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
            is_id.then(|| value.to_owned())
        })
    }
}
