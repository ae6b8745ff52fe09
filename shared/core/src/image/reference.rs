//! Image references: `ghcr.io/alto9/kube9-operator:1.0.0`.
//!
//! The grammar is that of <https://github.com/distribution/reference>, which container runtimes
//! use, with the same rule for whether the first part is a host.

use std::fmt;

/// Docker Hub, the registry of names without a host.
const DOCKER_HUB: &str = "docker.io";

/// An image reference with a tag or digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    host: String,
    repository: String,
    /// The digest, or else the tag.
    state: String,
}

/// The text is not an image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the name of an image such as ghcr.io/owner/name:1.0.0")]
pub struct ReferenceError {
    text: String,
}

impl Reference {
    /// Reads a reference. Without tag and digest it means `latest`. A digest takes precedence over
    /// a tag.
    ///
    /// # Errors
    ///
    /// [`ReferenceError`] if no runtime would accept it.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let wrong = || ReferenceError {
            text: text.chars().take(300).collect(),
        };
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let after_slash = name.rfind('/').map_or(0, |at| at + 1);
        let (path, tag) = match name.get(after_slash..).and_then(|last| last.find(':')) {
            Some(at) => name.split_at(after_slash + at),
            None => (name, ""),
        };
        let (host, repository) = match path.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest.to_owned()),
            Some(_) => (DOCKER_HUB, path.to_owned()),
            None => (DOCKER_HUB, format!("library/{path}")),
        };
        let tag = tag.strip_prefix(':');
        let good = is_host(host)
            && repository.len() <= 255
            && repository.split('/').all(is_component)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_digest);
        if !good {
            return Err(wrong());
        }
        let host = if host == "index.docker.io" { DOCKER_HUB } else { host };
        Ok(Self {
            host: host.to_ascii_lowercase(),
            repository,
            state: digest.or(tag).unwrap_or("latest").to_owned(),
        })
    }

    /// The registry's name for people.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host of the registry's API.
    pub fn api_host(&self) -> &str {
        if self.host == DOCKER_HUB {
            "registry-1.docker.io"
        } else {
            &self.host
        }
    }

    /// The path in the registry.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The digest, else the tag.
    pub fn state(&self) -> &str {
        &self.state
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.state.contains(':') { '@' } else { ':' };
        write!(f, "{}/{}{separator}{}", self.host, self.repository, self.state)
    }
}

/// A DNS name or an IPv4 address, with or without a port.
pub fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "443"));
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 255 && name.split('.').all(label) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Lower case, with single separators between words.
fn is_component(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let separated = text.split(['.', '_', '-']);
    let mut bytes = text.bytes();
    bytes.all(|byte| inside(byte) || b"._-".contains(&byte))
        && text.bytes().next().is_some_and(inside)
        && text.bytes().last().is_some_and(inside)
        && (!text.contains("..") && !text.contains("___"))
        && separated.count() <= 128
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || b".-".contains(&byte))
}

fn is_digest(text: &str) -> bool {
    let hex = |hex: &str, len| hex.len() == len && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match text.split_once(':') {
        Some(("sha256", digest)) => hex(digest, 64),
        Some(("sha512", digest)) => hex(digest, 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_what_container_runtimes_make_of_it() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        for (text, means) in [
            ("nginx", "docker.io/library/nginx:latest".to_owned()),
            ("nginx:1.27", "docker.io/library/nginx:1.27".to_owned()),
            ("bitnami/redis", "docker.io/bitnami/redis:latest".to_owned()),
            (
                "ghcr.io/alto9/kube9-operator:1.0.0",
                "ghcr.io/alto9/kube9-operator:1.0.0".to_owned(),
            ),
            ("localhost:5000/a", "localhost:5000/a:latest".to_owned()),
            ("127.0.0.1:5000/a/b:x", "127.0.0.1:5000/a/b:x".to_owned()),
            (&format!("ghcr.io/a/b:1@{digest}"), format!("ghcr.io/a/b@{digest}")),
            ("index.docker.io/a/b", "docker.io/a/b:latest".to_owned()),
        ] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), means, "{text}");
        }
        assert_eq!(Reference::parse("nginx").unwrap().api_host(), "registry-1.docker.io");
    }

    #[test]
    fn what_could_lead_a_request_elsewhere_is_no_name() {
        for text in [
            "",
            "a b",
            "Upper/Case",
            "ghcr.io/a/../b",
            "ghcr.io//a",
            "ghcr.io/a?x=1",
            "ghcr.io/a#x",
            "ghcr.io/a:tag/x",
            "ghcr.io/a:",
            "user@ghcr.io/a",
            "ghcr.io/a@sha256:00",
            "ghcr.io:0/a",
            "ghcr.io:99999/a",
            "-x.io/a",
            "https://ghcr.io/a",
            "ghcr.io/{{ .Values.name }}",
            "ghcr.io/a\r\nHost: x",
            "[::1]/a",
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?}");
        }
    }
}
