//! The target of a URL in an index: an object that the edge serves from the bucket, or another
//! place.
//!
//! Other tools put archives into folders (`packages/`, `assets/`) and write URLs in every form of
//! RFC 3986. Helm resolves a URL against that of the index; the edge serves `charts/` below
//! `REPOSITORY_URL` and drops the query. A comparison or a removal has to find the same object as
//! Helm.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::keys::{CHARTS, INDEX, Repository};

/// The longest key that S3 takes, in bytes.
const MAX_KEY: usize = 1024;

/// The key of the object that a URL in the index of `repository` leads to; `None` if it leads
/// elsewhere.
pub fn key_at(repository_url: &str, repository: &Repository, url: &str) -> Option<String> {
    let origin = Origin::of(repository_url)?;
    let path = origin.path_of(repository, url.split(['?', '#']).next().unwrap_or_default())?;
    let path = without_dots(&path)?;
    // The folder of the origin itself, in the same form as other paths.
    let own = without_dots(&format!("{}/", origin.path))?;
    let below = path.strip_prefix(own.as_str())?;
    let name = percent_decode_str(below).decode_utf8().ok()?;
    // Helm 3 encodes a `%2B` again, and the edge reads it as the intended plus.
    let name = name.replace("%2B", "+").replace("%2b", "+");
    let names_a_file = !name.is_empty()
        && !name.ends_with('/')
        && name.rsplit('/').next() != Some(INDEX)
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    let key = format!("{CHARTS}{name}");
    (names_a_file && key.len() <= MAX_KEY).then_some(key)
}

/// The part before the path of a repository's URLs, and the path.
struct Origin<'a> {
    scheme: &'a str,
    authority: Cow<'a, str>,
    path: &'a str,
}

impl<'a> Origin<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some(Origin {
            scheme,
            authority: host_and_port(scheme, authority),
            path,
        })
    }

    /// The path of a URL in the index of `repository`, with its dot segments.
    fn path_of(&self, repository: &Repository, url: &str) -> Option<String> {
        if url.is_empty() {
            return None;
        }
        if let Some(rest) = url.strip_prefix("//") {
            return self.path_of_absolute(self.scheme, rest);
        }
        if url.starts_with('/') {
            return Some(url.to_owned());
        }
        if let Some((scheme, rest)) = url.split_once(':')
            && !scheme.contains('/')
        {
            return self.path_of_absolute(scheme, rest.strip_prefix("//")?);
        }
        Some(format!("{}/{}{url}", self.path, repository.folder()))
    }

    fn path_of_absolute(&self, scheme: &str, rest: &str) -> Option<String> {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // The edge answers HTTP with a redirect to the same path.
        let same_scheme = scheme.eq_ignore_ascii_case(self.scheme)
            || (scheme.eq_ignore_ascii_case("http") && self.scheme.eq_ignore_ascii_case("https"));
        (same_scheme && host_and_port(scheme, authority) == self.authority).then(|| path.to_owned())
    }
}

/// The authority in a form to compare: lower case, without a login and the scheme's default port.
fn host_and_port<'a>(scheme: &str, authority: &'a str) -> Cow<'a, str> {
    let host = authority.rsplit('@').next().unwrap_or_default();
    let port = if scheme.eq_ignore_ascii_case("http") {
        ":80"
    } else {
        ":443"
    };
    let host = host.strip_suffix(port).unwrap_or(host);
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(host.to_ascii_lowercase());
    }
    Cow::Borrowed(host)
}

/// The path without `.` and `..` (RFC 3986, 5.2.4) and with single slashes, as the edge reads it.
/// A `..` at the root is ignored; `None` if the path does not begin with a slash.
fn without_dots(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let is_folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let end = if is_folder && !parts.is_empty() { "/" } else { "" };
    path.starts_with('/').then(|| format!("/{}{end}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base: &str, repository: &str, url: &str) -> Option<String> {
        key_at(base, &Repository::new(repository).unwrap(), url)
    }

    #[test]
    fn a_url_in_every_form_leads_to_its_object() {
        let base = "https://charts.kube9.io";
        for url in [
            "https://charts.kube9.io/a-1%2Bb.tgz",
            "https://CHARTS.kube9.io:443/a-1+b.tgz",
            "HTTPS://charts.kube9.io//a-1%2Bb.tgz",
            "http://charts.kube9.io/a-1%2bb.tgz",
            "https://charts.kube9.io/a-1%252Bb.tgz",
            "//charts.kube9.io/a-1+b.tgz",
            "/a-1%2Bb.tgz",
            "./a-1+b.tgz",
            "a-1%2Bb.tgz?query#fragment",
            "x/../a-1%2Bb.tgz",
        ] {
            assert_eq!(at(base, "", url).as_deref(), Some("charts/a-1+b.tgz"), "{url}");
        }
        for (repository, url, key) in [
            ("", "packages/a-1.tgz", "charts/packages/a-1.tgz"),
            (
                "",
                "https://charts.kube9.io/assets/a/a-1.tgz",
                "charts/assets/a/a-1.tgz",
            ),
            ("team-a", "a-1.tgz", "charts/team-a/a-1.tgz"),
            ("team-a", "../a-1.tgz", "charts/a-1.tgz"),
            ("team-a", "/a-1.tgz", "charts/a-1.tgz"),
            (
                "team-a",
                "https://charts.kube9.io/team-a/x%20y.tgz",
                "charts/team-a/x y.tgz",
            ),
            ("", "a-1.zip", "charts/a-1.zip"),
        ] {
            assert_eq!(at(base, repository, url).as_deref(), Some(key), "{repository} {url}");
        }
    }

    #[test]
    fn a_repository_url_with_a_path_serves_what_is_below_it() {
        let base = "https://example.com/charts/stable";
        for (repository, url, key) in [
            ("", "a-1.tgz", Some("charts/a-1.tgz")),
            ("t", "p/a-1.tgz", Some("charts/t/p/a-1.tgz")),
            ("", "/charts/stable/a-1.tgz", Some("charts/a-1.tgz")),
            ("", "https://example.com/charts/stable/a-1.tgz", Some("charts/a-1.tgz")),
            ("", "/a-1.tgz", None),
            ("", "../a-1.tgz", None),
            ("", "https://example.com/charts/stablest/a-1.tgz", None),
        ] {
            assert_eq!(at(base, repository, url).as_deref(), key, "{repository} {url}");
        }
        assert_eq!(
            at("http://127.0.0.1:8080", "", "http://127.0.0.1:8080/a-1.tgz").as_deref(),
            Some("charts/a-1.tgz")
        );
    }

    #[test]
    fn a_url_of_another_host_scheme_or_port_leads_elsewhere() {
        for url in [
            "https://charts.kube9.io.example.com/a-1.tgz",
            "https://elsewhere.example.com/a-1.tgz",
            "https://charts.kube9.io:8443/a-1.tgz",
            "http://charts.kube9.io:443/a-1.tgz",
            "//elsewhere.example.com/a-1.tgz",
            "oci://charts.kube9.io/a-1.tgz",
            "mailto:a-1.tgz",
        ] {
            assert_eq!(at("https://charts.kube9.io", "", url), None, "{url}");
        }
        assert_eq!(at("http://127.0.0.1:8080", "", "https://127.0.0.1:8080/a-1.tgz"), None);
    }

    #[test]
    fn what_names_no_file_that_could_be_an_archive_leads_nowhere() {
        for url in [
            "",
            "?",
            "#",
            "/",
            "a/",
            ".",
            "index.yaml",
            "team-a/index.yaml",
            "%2e%2e/x.tgz",
            "a%2F%2Fb.tgz",
            "%ff.tgz",
        ] {
            assert_eq!(at("https://charts.kube9.io", "", url), None, "{url}");
        }
        assert_eq!(at("https://charts.kube9.io", "", &"a".repeat(1025)), None);
    }
}
