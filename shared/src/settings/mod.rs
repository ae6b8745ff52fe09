//! The settings of publish-chart, from environment variables.
//!
//! A missing or invalid setting stops the function at start, with a message that names the setting
//! and what it accepts. A publisher that guessed its URL would publish charts that cannot be
//! downloaded.

mod cdn;
mod images;
mod urls;
mod variable;

use std::time::Duration;

pub use cdn::CdnSettings;
pub use urls::{NoUrlStyle, UrlStyle};
pub use variable::SettingError;

use crate::image::{ImageCheck, Platform};
use crate::index::Format;
use crate::mirror::Mirror;
use crate::provenance::ProvenanceMode;
use crate::version_check::VersionCheck;
use variable::Environment;

/// The settings of publish-chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `CHART_BUCKET`.
    pub bucket: String,
    /// `REPOSITORY_URL`, without a slash at its end.
    pub repository_url: String,
    /// `INDEX_FORMAT`: the form of a new index.
    pub index_format: Format,
    /// `INDEX_MAX_AGE`, in seconds.
    pub index_max_age: u32,
    /// `URL_STYLE`.
    pub url_style: UrlStyle,
    /// `MAX_CHART_BYTES`.
    pub max_chart_bytes: u64,
    /// `MAX_INDEX_BYTES`: the size above which an index accepts no new versions.
    pub max_index_bytes: u64,
    /// `VERSION_CHECK`.
    pub version_check: VersionCheck,
    /// `PROVENANCE`.
    pub provenance: ProvenanceMode,
    /// `PROVENANCE_WAIT`: how long a chart is held for a required provenance file.
    pub provenance_wait: Duration,
    /// `IMAGE_CHECK`.
    pub image_check: ImageCheck,
    /// `IMAGE_PLATFORMS`.
    pub image_platforms: Vec<Platform>,
    /// `IMAGE_REGISTRIES`: the hosts that may be queried.
    pub image_registries: Vec<String>,
    /// `IMAGE_WAIT`: how long a chart is held for its images.
    pub image_wait: Duration,
    /// `OCI_MIRROR`: the registry that every published chart is pushed to.
    pub oci_mirror: Option<Mirror>,
    /// `SECRET_ID`: the name or ARN of the secret.
    pub secret_id: Option<String>,
}

/// How long caches may serve an index, in seconds.
const DEFAULT_INDEX_MAX_AGE: u32 = 300;
const DEFAULT_MAX_CHART_BYTES: u64 = 20 * 1024 * 1024;
const DEFAULT_MAX_INDEX_BYTES: u64 = 128 * 1024 * 1024;
const DEFAULT_IMAGE_WAIT: Duration = Duration::from_secs(2 * 3600);
const DEFAULT_PROVENANCE_WAIT: Duration = Duration::from_secs(15 * 60);

impl Settings {
    /// Reads the settings through `lookup` (`|name| std::env::var(name).ok()`).
    ///
    /// # Errors
    ///
    /// [`SettingError`] for the first setting that is missing or invalid.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let environment = Environment::new(lookup);
        let provenance = environment.provenance()?.unwrap_or_default();
        let secret_id = environment.secret_id(provenance)?;
        Ok(Self {
            bucket: environment.bucket()?,
            provenance,
            secret_id,
            image_check: environment.image_check()?.unwrap_or_default(),
            image_platforms: environment.image_platforms()?.unwrap_or_else(images::default_platforms),
            image_registries: environment
                .image_registries()?
                .unwrap_or_else(images::default_registries),
            image_wait: environment.time("IMAGE_WAIT")?.unwrap_or(DEFAULT_IMAGE_WAIT),
            provenance_wait: environment.time("PROVENANCE_WAIT")?.unwrap_or(DEFAULT_PROVENANCE_WAIT),
            oci_mirror: environment.oci_mirror()?,
            repository_url: environment.repository_url()?,
            index_format: environment.index_format()?.unwrap_or_default(),
            index_max_age: environment.index_max_age()?.unwrap_or(DEFAULT_INDEX_MAX_AGE),
            url_style: environment.url_style()?.unwrap_or_default(),
            max_chart_bytes: environment.bytes("MAX_CHART_BYTES")?.unwrap_or(DEFAULT_MAX_CHART_BYTES),
            max_index_bytes: environment.bytes("MAX_INDEX_BYTES")?.unwrap_or(DEFAULT_MAX_INDEX_BYTES),
            version_check: environment.version_check()?.unwrap_or_default(),
        })
    }
}

/// The settings, each with its variable and what it accepts. `None`: it is not set.
impl Environment<'_> {
    fn provenance(self) -> Result<Option<ProvenanceMode>, SettingError> {
        self.variable("PROVENANCE", "off, verify, require or sign").parsed()
    }

    fn secret_id(self, provenance: ProvenanceMode) -> Result<Option<String>, SettingError> {
        let accepts = "the name or ARN of the secret with the keys, which PROVENANCE needs";
        let secret_id = self.variable("SECRET_ID", accepts);
        match provenance {
            ProvenanceMode::Off => Ok(secret_id.value()),
            _ => Ok(Some(secret_id.required(|value| Some(value.to_owned()))?)),
        }
    }

    fn image_check(self) -> Result<Option<ImageCheck>, SettingError> {
        self.variable("IMAGE_CHECK", "off, warn or require").parsed()
    }

    fn oci_mirror(self) -> Result<Option<Mirror>, SettingError> {
        let accepts = "off, or a registry in lower case such as oci://ghcr.io/owner/charts";
        let mirror = self.variable("OCI_MIRROR", accepts).optional(|value| match value {
            "off" => Some(None),
            _ => Mirror::parse(value).map(Some),
        })?;
        Ok(mirror.flatten())
    }

    fn index_format(self) -> Result<Option<Format>, SettingError> {
        self.variable("INDEX_FORMAT", "json or yaml").parsed()
    }

    fn index_max_age(self) -> Result<Option<u32>, SettingError> {
        self.variable("INDEX_MAX_AGE", "a whole number of seconds").parsed()
    }

    fn version_check(self) -> Result<Option<VersionCheck>, SettingError> {
        self.variable("VERSION_CHECK", "release, strict or off").parsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn read(set: &[(&str, &str)]) -> Result<Settings, SettingError> {
        let lookup = |name: &str| {
            let own = set
                .iter()
                .find(|(set, _)| *set == name)
                .map(|(_, value)| (*value).to_owned());
            own.or_else(|| match name {
                "CHART_BUCKET" => Some("charts-bucket".to_owned()),
                "REPOSITORY_URL" => Some("https://charts.kube9.io/".to_owned()),
                _ => None,
            })
        };
        Settings::read(&lookup)
    }

    #[test]
    fn two_settings_are_enough() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.repository_url, "https://charts.kube9.io");
        assert_eq!(settings.index_format, Format::Json);
        assert_eq!(settings.index_max_age, 300);
    }

    #[test]
    fn an_empty_setting_is_a_missing_one() {
        assert!(matches!(
            read(&[("REPOSITORY_URL", "")]),
            Err(SettingError::Missing {
                name: "REPOSITORY_URL",
                ..
            })
        ));
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_it_takes() {
        for (name, value) in [
            ("CHART_BUCKET", "Not A Bucket"),
            ("REPOSITORY_URL", "charts.kube9.io"),
            ("REPOSITORY_URL", "https://x/?a"),
            ("INDEX_FORMAT", "JSON"),
            ("INDEX_MAX_AGE", "5 minutes"),
            ("URL_STYLE", "both"),
            ("MAX_CHART_BYTES", "0"),
            ("MAX_INDEX_BYTES", "1 MB"),
            ("VERSION_CHECK", "Strict"),
            ("PROVENANCE", "on"),
            ("PROVENANCE_WAIT", "15"),
            ("PROVENANCE_WAIT", "-1m"),
            ("IMAGE_CHECK", "yes"),
            ("IMAGE_PLATFORMS", "linux"),
            ("IMAGE_PLATFORMS", "linux/amd64,,linux/arm64"),
            ("IMAGE_REGISTRIES", "https://ghcr.io"),
            ("IMAGE_REGISTRIES", "ghcr.io/alto9"),
            ("IMAGE_WAIT", "2 h"),
            ("OCI_MIRROR", "https://ghcr.io/alto9/charts"),
            ("OCI_MIRROR", "oci://ghcr.io/Alto9"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains(value) && error.contains("It must be"),
                "{error}"
            );
        }
    }

    #[test]
    fn provenance_needs_a_secret() {
        for mode in ["verify", "require", "sign"] {
            let missing = read(&[("PROVENANCE", mode)]);
            assert!(
                matches!(missing, Err(SettingError::Missing { name: "SECRET_ID", .. })),
                "{missing:?}"
            );
            assert!(read(&[("PROVENANCE", mode), ("SECRET_ID", "chartdrop")]).is_ok());
        }
        assert_eq!(read(&[("PROVENANCE", "off")]), read(&[]));
    }

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        let wait = |value| read(&[("PROVENANCE_WAIT", value)]).unwrap().provenance_wait.as_secs();
        assert_eq!([wait("90s"), wait("15m"), wait("2h"), wait("0s")], [90, 900, 7200, 0]);
    }
}
