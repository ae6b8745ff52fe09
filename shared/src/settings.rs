//! The environment: which bucket, which URL, how the index is written.
//!
//! A setting that is missing or wrong stops the function at start, with a message that names it and what it accepts:
//! a publisher that guesses its URL publishes charts that nobody can download.

use std::num::NonZeroU64;
use std::time::Duration;

use crate::image::{Platform, is_host};
use crate::index::Format;
use crate::keys::{CHARTS, Repository, StagedKey, relative_url, url_path};
use crate::mirror::Mirror;
use crate::origin;
use crate::versions::VersionCheck;

/// Everything that publish-chart is told by its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `CHART_BUCKET`.
    pub bucket: String,
    /// `REPOSITORY_URL`, without a slash at its end.
    pub repository_url: String,
    /// `INDEX_FORMAT`: the form of an index that is made anew.
    pub index_format: Format,
    /// `INDEX_MAX_AGE`, in seconds.
    pub index_max_age: u32,
    /// `URL_STYLE`.
    pub url_style: UrlStyle,
    /// `MAX_CHART_BYTES`.
    pub max_chart_bytes: u64,
    /// `MAX_INDEX_BYTES`: an index that would be larger gets no new versions.
    pub max_index_bytes: u64,
    /// `VERSION_CHECK`.
    pub version_check: VersionCheck,
    /// `PROVENANCE`.
    pub provenance: ProvenanceMode,
    /// `PROVENANCE_WAIT`: how long a chart waits for its provenance file where it must have one.
    pub provenance_wait: Duration,
    /// `IMAGE_CHECK`.
    pub image_check: ImageCheck,
    /// `IMAGE_PLATFORMS`.
    pub image_platforms: Vec<Platform>,
    /// `IMAGE_REGISTRIES`: the hosts that may be asked.
    pub image_registries: Vec<String>,
    /// `IMAGE_WAIT`: how long a chart waits for its images.
    pub image_wait: Duration,
    /// `OCI_MIRROR`: the registry that gets each published chart too.
    pub oci_mirror: Option<Mirror>,
    /// `SECRET_ID`: name or ARN of the secret.
    pub secret_id: Option<String>,
}

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

/// What is done with provenance files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProvenanceMode {
    /// Nobody looks at them.
    #[default]
    Off,
    /// Those that are uploaded are checked and published.
    Verify,
    /// That, and a chart without one is refused.
    Require,
    /// Those that are uploaded are checked and published, and every other chart is signed here.
    Sign,
}

impl ProvenanceMode {
    /// What it is set to, for messages.
    pub fn setting(self) -> &'static str {
        match self {
            ProvenanceMode::Off => "PROVENANCE=off",
            ProvenanceMode::Verify => "PROVENANCE=verify",
            ProvenanceMode::Require => "PROVENANCE=require",
            ProvenanceMode::Sign => "PROVENANCE=sign",
        }
    }
}

/// How an entry names its archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UrlStyle {
    /// `https://HOST/kube9-operator-1.0.0.tgz`.
    #[default]
    Absolute,
    /// `kube9-operator-1.0.0.tgz`: the repository can move to another host without a new index.
    Relative,
}

/// A setting is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Not set, or empty.
    #[error("the environment variable {name} is not set; it takes {accepts}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What it takes.
        accepts: &'static str,
    },
    /// Set to something that it does not take.
    #[error("the environment variable {name} is {value:?}; it takes {accepts}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// What it is set to.
        value: String,
        /// What it takes.
        accepts: &'static str,
    },
}

/// One variable of the environment, for what follows from it.
struct Variable<'a> {
    name: &'static str,
    accepts: &'static str,
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl Variable<'_> {
    /// Unset and empty are the same: a template parameter that is left empty sets an empty variable.
    fn value(&self) -> Option<String> {
        (self.lookup)(self.name).filter(|value| !value.is_empty())
    }

    fn required<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, SettingError> {
        self.optional(parse)?.ok_or(SettingError::Missing {
            name: self.name,
            accepts: self.accepts,
        })
    }

    fn optional<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, SettingError> {
        let Some(value) = self.value() else { return Ok(None) };
        match parse(&value) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(SettingError::Wrong {
                name: self.name,
                value,
                accepts: self.accepts,
            }),
        }
    }
}

/// Where nearly all public images lie.
const REGISTRIES: [&str; 8] = [
    "ghcr.io",
    "docker.io",
    "quay.io",
    "registry.k8s.io",
    "public.ecr.aws",
    "gcr.io",
    "registry.gitlab.com",
    "mcr.microsoft.com",
];

impl Settings {
    /// Reads the settings through `lookup` (`|name| std::env::var(name).ok()`).
    ///
    /// # Errors
    ///
    /// [`SettingError`] for the first setting that is missing or wrong.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let variable = |name, accepts| Variable { name, accepts, lookup };
        let provenance = variable("PROVENANCE", "off, verify, require or sign")
            .optional(|value| match value {
                "off" => Some(ProvenanceMode::Off),
                "verify" => Some(ProvenanceMode::Verify),
                "require" => Some(ProvenanceMode::Require),
                "sign" => Some(ProvenanceMode::Sign),
                _ => None,
            })?
            .unwrap_or_default();
        let secret_id = variable(
            "SECRET_ID",
            "the name or ARN of the secret with the keys, which PROVENANCE needs",
        );
        let secret_id = match provenance {
            ProvenanceMode::Off => secret_id.value(),
            _ => Some(secret_id.required(|value| Some(value.to_owned()))?),
        };
        Ok(Settings {
            bucket: bucket(lookup)?,
            provenance,
            secret_id,
            image_check: variable("IMAGE_CHECK", "off, warn or require")
                .optional(|value| match value {
                    "off" => Some(ImageCheck::Off),
                    "warn" => Some(ImageCheck::Warn),
                    "require" => Some(ImageCheck::Require),
                    _ => None,
                })?
                .unwrap_or_default(),
            image_platforms: variable(
                "IMAGE_PLATFORMS",
                "platforms with commas between them: linux/amd64,linux/arm64",
            )
            .optional(|value| listed(value, |platform| platform.parse().ok()))?
            .unwrap_or_else(|| {
                vec![
                    Platform::new("linux", "amd64", None),
                    Platform::new("linux", "arm64", None),
                ]
            }),
            image_registries: variable("IMAGE_REGISTRIES", "hosts with commas between them: ghcr.io,docker.io")
                .optional(|value| listed(value, |host| is_host(host).then(|| host.to_ascii_lowercase())))?
                .unwrap_or_else(|| REGISTRIES.map(str::to_owned).to_vec()),
            image_wait: variable("IMAGE_WAIT", "a time such as 90s, 15m or 2h")
                .optional(time)?
                .unwrap_or(Duration::from_secs(2 * 3600)),
            provenance_wait: variable("PROVENANCE_WAIT", "a time such as 90s, 15m or 2h")
                .optional(time)?
                .unwrap_or(Duration::from_secs(15 * 60)),
            oci_mirror: variable(
                "OCI_MIRROR",
                "off, or a registry in lower case such as oci://ghcr.io/owner/charts",
            )
            .optional(|value| match value {
                "off" => Some(None),
                _ => Mirror::parse(value).map(Some),
            })?
            .flatten(),
            repository_url: variable(
                "REPOSITORY_URL",
                "the URL that users give to `helm repo add`, https://…",
            )
            .required(repository_url)?,
            index_format: variable("INDEX_FORMAT", "json or yaml")
                .optional(|value| match value {
                    "json" => Some(Format::Json),
                    "yaml" => Some(Format::Yaml),
                    _ => None,
                })?
                .unwrap_or_default(),
            index_max_age: variable("INDEX_MAX_AGE", "a whole number of seconds")
                .optional(|value| value.parse().ok())?
                .unwrap_or(300),
            url_style: variable("URL_STYLE", "absolute or relative")
                .optional(|value| match value {
                    "absolute" => Some(UrlStyle::Absolute),
                    "relative" => Some(UrlStyle::Relative),
                    _ => None,
                })?
                .unwrap_or_default(),
            max_chart_bytes: variable("MAX_CHART_BYTES", "a whole number of bytes above 0")
                .optional(|value| value.parse::<NonZeroU64>().ok())?
                .map_or(20 * 1024 * 1024, NonZeroU64::get),
            max_index_bytes: variable("MAX_INDEX_BYTES", "a whole number of bytes above 0")
                .optional(|value| value.parse::<NonZeroU64>().ok())?
                .map_or(128 * 1024 * 1024, NonZeroU64::get),
            version_check: variable("VERSION_CHECK", "release, strict or off")
                .optional(|value| match value {
                    "release" => Some(VersionCheck::Release),
                    "strict" => Some(VersionCheck::Strict),
                    "off" => Some(VersionCheck::Off),
                    _ => None,
                })?
                .unwrap_or_default(),
        })
    }

    /// The URL of an upload's archive, once it is published in `repository`.
    pub fn archive_url(&self, repository: &Repository, staged: &StagedKey) -> String {
        match self.url_style {
            UrlStyle::Absolute => self.edge_url(&format!("{}{}", repository.charts_prefix(), staged.file_name())),
            UrlStyle::Relative => relative_url(staged.file_name()),
        }
    }

    /// Where users get the published object of this key, whatever the entries say.
    pub(crate) fn edge_url(&self, key: &str) -> String {
        let path = key.strip_prefix(CHARTS).unwrap_or(key);
        format!("{}/{}", self.repository_url, url_path(path))
    }

    /// The key of the object that a URL in the index of `repository` leads to, wherever below `charts/` it lies: the other
    /// direction of [`Settings::archive_url`]. `None` for a URL that leads elsewhere.
    pub fn key_at(&self, repository: &Repository, url: &str) -> Option<String> {
        origin::key_at(&self.repository_url, repository, url)
    }
}

/// `CHART_BUCKET`.
fn bucket(lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, SettingError> {
    let variable = Variable {
        name: "CHART_BUCKET",
        accepts: "the name of the bucket that holds the charts",
        lookup,
    };
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    variable.required(|value| (value.len() >= 3 && value.bytes().all(good)).then(|| value.to_owned()))
}

/// Everything that invalidate-cdn is told by its environment.
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
    /// [`SettingError`] for the first setting that is missing or wrong.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let distribution_id = Variable {
            name: "DISTRIBUTION_ID",
            accepts: "the ID of the CloudFront distribution that serves the charts, such as E2EXAMPLE1ABCD",
            lookup,
        };
        Ok(CdnSettings {
            bucket: bucket(lookup)?,
            distribution_id: distribution_id.required(|value| {
                value
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric())
                    .then(|| value.to_owned())
            })?,
        })
    }
}

/// What stands between commas.
fn listed<T>(value: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(|item| parse(item.trim())).collect()
}

/// A whole number of seconds, minutes or hours, a month at most: `90s`, `15m`, `2h`.
fn time(value: &str) -> Option<Duration> {
    let (unit, seconds) = [("s", 1), ("m", 60), ("h", 3600)]
        .into_iter()
        .find(|(unit, _)| value.ends_with(unit))?;
    let seconds = value.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(seconds)?;
    (seconds <= 31 * 24 * 3600).then(|| Duration::from_secs(seconds))
}

fn repository_url(value: &str) -> Option<String> {
    let host = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"))?;
    let printable = |char: char| char.is_ascii_graphic() && !"?#\"<>\\".contains(char);
    (!host.is_empty() && !host.starts_with('/') && host.chars().all(printable))
        .then(|| value.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Settings, SettingError> {
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
                error.contains(name) && error.contains(value) && error.contains("it takes"),
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

    #[test]
    fn the_url_of_an_archive_leads_to_its_key() {
        for style in ["absolute", "relative"] {
            let settings = read(&[("URL_STYLE", style)]).unwrap();
            for key in ["staging/team-a/demo-1.0.0+b1.tgz", "staging/demo-1.0.0.tgz"] {
                let staged = StagedKey::new(key).unwrap();
                let repository = staged.repository().unwrap();
                let url = settings.archive_url(&repository, &staged);
                assert_eq!(settings.key_at(&repository, &url), Some(staged.archive_key()), "{url}");
            }
        }
        let settings = read(&[]).unwrap();
        for url in [
            "https://charts.kube9.io/a-1%2Bb.tgz",
            "https://charts.kube9.io/a-1%2bb.tgz",
            "https://charts.kube9.io/a-1+b.tgz",
            "a-1%2Bb.tgz",
            "a-1+b.tgz",
            "./a-1+b.tgz",
        ] {
            let key = settings.key_at(&Repository::default(), url);
            assert_eq!(key.as_deref(), Some("charts/a-1+b.tgz"), "{url}");
        }
    }

    #[test]
    fn a_plus_in_a_version_is_escaped_in_an_absolute_url_and_stands_in_a_relative_one() {
        let settings = read(&[]).unwrap();
        let staged = StagedKey::new("staging/team-a/demo-1.0.0+b1.tgz").unwrap();
        let repository = staged.repository().unwrap();
        let url = settings.archive_url(&repository, &staged);
        assert_eq!(url, "https://charts.kube9.io/team-a/demo-1.0.0%2Bb1.tgz");
        let settings = read(&[("URL_STYLE", "relative")]).unwrap();
        assert_eq!(settings.archive_url(&repository, &staged), "demo-1.0.0+b1.tgz");
    }
}
