//! `REPOSITORY_URL` and `URL_STYLE`: the addresses that users download from.

use std::str::FromStr;

use super::variable::Environment;
use super::{SettingError, Settings};
use crate::keys::{CHARTS, ChartFile, Repository, relative_url, url_path};
use crate::origin;

/// How an entry names its archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UrlStyle {
    /// `https://HOST/kube9-operator-1.0.0.tgz`.
    #[default]
    Absolute,
    /// `kube9-operator-1.0.0.tgz`: the repository can move to another host without a new index.
    Relative,
}

/// Not a URL style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not absolute or relative")]
pub struct NoUrlStyle;

impl FromStr for UrlStyle {
    type Err = NoUrlStyle;

    fn from_str(text: &str) -> Result<Self, NoUrlStyle> {
        match text {
            "absolute" => Ok(Self::Absolute),
            "relative" => Ok(Self::Relative),
            _ => Err(NoUrlStyle),
        }
    }
}

impl Settings {
    /// The URL of an archive, once it is published.
    pub fn archive_url(&self, file: &ChartFile) -> String {
        match self.url_style {
            UrlStyle::Absolute => self.edge_url(&file.archive_key()),
            UrlStyle::Relative => relative_url(file.file_name()),
        }
    }

    /// The address at which users get the published object of this key, whatever the entries say.
    pub(crate) fn edge_url(&self, key: &str) -> String {
        let path = key.strip_prefix(CHARTS).unwrap_or(key);
        format!("{}/{}", self.repository_url, url_path(path))
    }

    /// The key, anywhere below `charts/`, of the object that a URL in the index of `repository`
    /// leads to: the inverse of [`Settings::archive_url`]. `None` for a URL that leads elsewhere.
    pub fn key_at(&self, repository: &Repository, url: &str) -> Option<String> {
        origin::key_at(&self.repository_url, repository, url)
    }
}

impl Environment<'_> {
    pub(super) fn repository_url(self) -> Result<String, SettingError> {
        self.variable(
            "REPOSITORY_URL",
            "the URL that users give to `helm repo add`, https://…",
        )
        .required(repository_url)
    }

    pub(super) fn url_style(self) -> Result<Option<UrlStyle>, SettingError> {
        self.variable("URL_STYLE", "absolute or relative").parsed()
    }
}

/// `REPOSITORY_URL`, without a slash at its end.
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
    use super::super::tests::read;
    use super::*;

    #[test]
    fn the_url_of_an_archive_leads_to_its_key() {
        for style in ["absolute", "relative"] {
            let settings = read(&[("URL_STYLE", style)]).unwrap();
            for (repository, name) in [("team-a", "demo-1.0.0+b1.tgz"), ("", "demo-1.0.0.tgz")] {
                let repository = Repository::new(repository).unwrap();
                let file = ChartFile::new(&repository, name).unwrap();
                let url = settings.archive_url(&file);
                assert_eq!(settings.key_at(&repository, &url), Some(file.archive_key()), "{url}");
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
        let file = ChartFile::new(&Repository::new("team-a").unwrap(), "demo-1.0.0+b1.tgz").unwrap();
        let url = settings.archive_url(&file);
        assert_eq!(url, "https://charts.kube9.io/team-a/demo-1.0.0%2Bb1.tgz");
        let settings = read(&[("URL_STYLE", "relative")]).unwrap();
        assert_eq!(settings.archive_url(&file), "demo-1.0.0+b1.tgz");
    }
}
