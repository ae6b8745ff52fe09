//! Compares the versions of a chart with its release and with each other.
//!
//! A release that forgets to raise one of them publishes a chart that installs the image of another
//! version, or none. This check finds the mistake before users can install the chart, for every
//! kind of upload.

use std::fmt;
use std::str::FromStr;

use crate::chart::{Metadata, Values, ValuesError, Version};

/// `VERSION_CHECK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VersionCheck {
    /// No check.
    Off,
    /// An upload that names its release must have the release's version and app version.
    #[default]
    Release,
    /// In addition, for every upload: the app version must equal the version, and the image tag in
    /// `values.yaml`, if there is one, must equal the app version.
    Strict,
}

/// Not a mode of the version check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not release, strict or off")]
pub struct NoVersionCheck;

impl FromStr for VersionCheck {
    type Err = NoVersionCheck;

    fn from_str(text: &str) -> Result<Self, NoVersionCheck> {
        match text {
            "release" => Ok(Self::Release),
            "strict" => Ok(Self::Strict),
            "off" => Ok(Self::Off),
            _ => Err(NoVersionCheck),
        }
    }
}

/// Why the versions do not match.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionCheckError {
    /// The upload names its release, and the chart has other versions.
    #[error(
        "the chart's version does not match release {release}: {}. Correct it, package the chart and upload it again",
        list(wrong)
    )]
    Release {
        /// The release's tag.
        release: String,
        /// Each field with another version.
        wrong: Vec<WrongVersion>,
    },
    /// The release in the upload's metadata is empty or not a version.
    #[error(
        "the upload's metadata `release` is {release:?}, which is not a release tag. A release tag is a semantic version, with or \
         without v, such as v1.2.3. Upload the chart again with such a tag, or without that metadata"
    )]
    NoTag {
        /// Its value.
        release: String,
    },
    /// The versions in the chart differ from each other.
    #[error(
        "the chart's versions do not match each other: {}. Correct them, package the chart and upload it again, or set \
         VERSION_CHECK to release",
        list(wrong)
    )]
    Differ {
        /// Each field with another version.
        wrong: Vec<WrongVersion>,
    },
    /// `VERSION_CHECK` is `strict`, and the image tag cannot be determined.
    #[error(
        "the image tag cannot be compared with the version: {0}. Correct values.yaml, or set VERSION_CHECK to release"
    )]
    Values(ValuesError),
}

/// A field with another version than required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongVersion {
    /// The file of the field: `Chart.yaml` or `values.yaml`.
    pub file: &'static str,
    /// Its name.
    pub field: &'static str,
    /// Its value.
    pub found: String,
    /// The required value.
    pub should_be: String,
}

impl fmt::Display for WrongVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            field,
            found,
            should_be,
        } = self;
        write!(f, "in {file}, `{field}` is {found:?} and should be {should_be:?}")
    }
}

fn list(wrong: &[WrongVersion]) -> String {
    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    wrong.join("; ")
}

impl VersionCheckError {
    /// A short, stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Release { .. } => "release-version",
            Self::NoTag { .. } => "release-tag",
            Self::Differ { .. } => "versions-differ",
            Self::Values(_) => "values-unreadable",
        }
    }
}

impl VersionCheck {
    /// Checks a chart and its values; `release` is the tag in the upload's metadata.
    ///
    /// # Errors
    ///
    /// [`VersionCheckError`] names each field that has another version than required.
    pub fn check(self, chart: &Metadata, values: &Values, release: Option<&str>) -> Result<(), VersionCheckError> {
        if self == Self::Off {
            return Ok(());
        }
        if let Some(tag) = release {
            of_release(chart, tag)?;
        }
        if self == Self::Strict {
            of_each_other(chart, values)?;
        }
        Ok(())
    }
}

fn of_release(chart: &Metadata, tag: &str) -> Result<(), VersionCheckError> {
    let release = tag.trim().to_owned();
    let version = release.strip_prefix('v').unwrap_or(&release);
    if !version.starts_with(|first: char| first.is_ascii_digit()) || Version::parse(version).is_err() {
        return Err(VersionCheckError::NoTag { release });
    }
    let fields = [("version", &chart.version), ("appVersion", &chart.app_version)];
    let wrong: Vec<WrongVersion> = fields
        .into_iter()
        .filter(|(_, found)| *found != version)
        .map(|(field, found)| in_chart_yaml(field, found, version))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(VersionCheckError::Release { release, wrong })
}

fn of_each_other(chart: &Metadata, values: &Values) -> Result<(), VersionCheckError> {
    let mut wrong = Vec::new();
    if chart.app_version != chart.version {
        wrong.push(in_chart_yaml("appVersion", &chart.app_version, &chart.version));
    }
    if let Some(tag) = image_tag(values).map_err(VersionCheckError::Values)?
        && tag != chart.version
    {
        wrong.push(WrongVersion {
            file: "values.yaml",
            field: "image.tag",
            found: tag,
            should_be: chart.version.clone(),
        });
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(VersionCheckError::Differ { wrong })
}

fn in_chart_yaml(field: &'static str, found: &str, should_be: &str) -> WrongVersion {
    WrongVersion {
        file: "Chart.yaml",
        field,
        found: found.to_owned(),
        should_be: should_be.to_owned(),
    }
}

/// The image tag in `values.yaml`. Without one, or with an empty one, charts use the app version.
fn image_tag(values: &Values) -> Result<Option<String>, ValuesError> {
    let values = values.read()?;
    let tag = values.get("image").and_then(|image| image.get("tag"));
    Ok(tag.and_then(|tag| tag.to_text()).filter(|tag| !tag.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(version: &str, app_version: &str) -> Metadata {
        Metadata {
            version: version.to_owned(),
            app_version: app_version.to_owned(),
            ..Metadata::default()
        }
    }

    fn of(text: &str) -> Values {
        Values::new(Some(text.into()))
    }

    fn problem(check: VersionCheck, chart: &Metadata, values: &str, release: Option<&str>) -> String {
        check.check(chart, &of(values), release).unwrap_err().to_string()
    }

    #[test]
    fn a_release_has_its_version_and_app_version_with_and_without_a_v() {
        for tag in ["v1.2.3", "1.2.3"] {
            assert_eq!(
                VersionCheck::Release.check(&chart("1.2.3", "1.2.3"), &Values::default(), Some(tag)),
                Ok(())
            );
        }
        // Release v1.0.4 of the project that this check was made for.
        let stale = problem(VersionCheck::Release, &chart("1.0.0", "1.0.0"), "", Some("v1.0.4"));
        for part in [
            "release v1.0.4",
            r#"in Chart.yaml, `version` is "1.0.0" and should be "1.0.4""#,
            r#"in Chart.yaml, `appVersion` is "1.0.0" and should be "1.0.4""#,
        ] {
            assert!(stale.contains(part), "{stale}");
        }
        let half = problem(VersionCheck::Release, &chart("1.0.4", "1.0.0"), "", Some("v1.0.4"));
        assert!(half.contains("`appVersion`") && !half.contains("`version`"), "{half}");
    }

    #[test]
    fn near_is_not_equal() {
        for (version, tag) in [
            ("v1.2.3", "v1.2.3"),
            ("1.2", "v1.2.0"),
            ("1.2.3", "vv1.2.3"),
            ("1.2.3", "v1.2.3-rc.1"),
            ("1.2.3+a", "v1.2.3+b"),
            ("1.2.3", "V1.2.3"),
        ] {
            let checked = VersionCheck::Release.check(&chart(version, version), &Values::default(), Some(tag));
            assert!(checked.is_err(), "{version} is no {tag}");
        }
    }

    #[test]
    fn a_release_without_a_tag_is_a_mistake_of_the_workflow() {
        for tag in ["", " ", "v", "main", "refs/tags/v1.2.3"] {
            let checked = VersionCheck::Release.check(&chart("1.2.3", "1.2.3"), &Values::default(), Some(tag));
            assert!(
                matches!(checked, Err(VersionCheckError::NoTag { .. })),
                "{tag}: {checked:?}"
            );
        }
    }

    #[test]
    fn without_a_release_only_strict_compares() {
        let odd = chart("1.2.3", "9.9.9");
        assert_eq!(VersionCheck::Release.check(&odd, &Values::default(), None), Ok(()));
        assert_eq!(
            VersionCheck::Off.check(&odd, &Values::default(), Some("v5.0.0")),
            Ok(())
        );
        let differ = problem(VersionCheck::Strict, &odd, "", None);
        assert!(
            differ.contains(r#"`appVersion` is "9.9.9" and should be "1.2.3""#),
            "{differ}"
        );
    }

    #[test]
    fn strict_compares_the_image_tag_where_there_is_one() {
        let even = chart("1.0.5", "1.0.5");
        for values in [
            "",
            "image: {repository: a}",
            "image: {tag: }",
            "image: {tag: 1.0.5}",
            "image: a:1",
            "[]",
        ] {
            assert_eq!(VersionCheck::Strict.check(&even, &of(values), None), Ok(()), "{values}");
        }
        // Releases v1.0.5 to v1.0.7 of the project that this check was made for.
        let stale = problem(
            VersionCheck::Strict,
            &even,
            "image:\n  tag: \"1.0.0\"\n",
            Some("v1.0.5"),
        );
        assert!(
            stale.contains(r#"in values.yaml, `image.tag` is "1.0.0" and should be "1.0.5""#),
            "{stale}"
        );
        // A number that YAML shortens is what Helm would request from the registry.
        let cut = problem(VersionCheck::Strict, &chart("1.10", "1.10"), "image: {tag: 1.10}", None);
        assert!(cut.contains(r#"is "1.1""#), "{cut}");
    }

    #[test]
    fn values_that_cannot_be_read_cannot_pass_as_checked() {
        let even = chart("1.0.0", "1.0.0");
        assert!(problem(VersionCheck::Strict, &even, "a: [", None).contains("values.yaml"));
        let large = "a: b\n".repeat(300_000);
        assert!(problem(VersionCheck::Strict, &even, &large, None).contains("the limit is 1 MiB"));
        assert_eq!(VersionCheck::Release.check(&even, &of("a: ["), None), Ok(()));
    }
}
