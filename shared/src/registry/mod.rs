//! Asking a registry whether an image is there, by the OCI distribution API
//! (<https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>).
//!
//! A thin client over the HTTP and TLS that the AWS SDK brings along: `oci-client` would bring `reqwest` with a second
//! HTTP client on top, and what is needed of it here are three kinds of GET.
//!
//! An upload chooses what is asked, so what may be asked is bounded: hosts that are allowed, over TLS (plain HTTP only where
//! the registry is on this machine), a few requests of a few seconds, answers of a few megabytes. Another host is asked for
//! tokens and blobs alone, never by an address, and never with our password.

mod auth;
mod http;
mod manifest;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::image::{Platform, Reference};
use crate::secret::Login;

pub use http::{Http, Served};

use http::Answer;
use manifest::Manifest;

/// All that one image may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a registry says of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is there, for these platforms.
    Platforms(BTreeSet<Platform>),
    /// It is not.
    Missing,
    /// The registry does not tell us: it is private, or not there. Registries hide the difference.
    Denied,
}

/// The registry gave no answer that means anything. It is no word about the image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No connection, no answer in time, or one that broke off.
    #[error("{host} can't be reached")]
    Unreachable {
        /// Whom we asked.
        host: String,
    },
    /// Too many requests.
    #[error("{host} limits how often it is asked")]
    RateLimited {
        /// Whom we asked.
        host: String,
    },
    /// Something else.
    #[error("{host} answers {problem}")]
    Answer {
        /// Whom we asked.
        host: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Http {
    /// The platforms that an image is there for.
    ///
    /// # Errors
    ///
    /// [`RegistryError`] if the registry could not be asked.
    pub async fn find(&self, image: &Reference, login: Option<&Login>) -> Result<Found, RegistryError> {
        let found = tokio::time::timeout(PATIENCE, self.find_slowly(image, login)).await;
        found.unwrap_or_else(|_| {
            Err(RegistryError::Unreachable {
                host: image.host().to_owned(),
            })
        })
    }

    async fn find_slowly(&self, image: &Reference, login: Option<&Login>) -> Result<Found, RegistryError> {
        let host = image.api_host();
        let base = format!("{}://{host}/v2/{}", scheme(host), image.repository());
        let url = format!("{base}/manifests/{}", image.state());
        let mut session = auth::Session::new(self, image, login);
        let answer = session.get(&url, manifest::ACCEPTED).await?;
        let body = match read(host, answer)? {
            Read::Body(body) => body,
            Read::Missing => return Ok(Found::Missing),
            Read::Denied => return Ok(Found::Denied),
        };
        match Manifest::read(&body) {
            Some(Manifest::Index(platforms)) => Ok(Found::Platforms(platforms)),
            // One image says what it is for in its configuration.
            Some(Manifest::Image { config }) => {
                let answer = session.get(&format!("{base}/blobs/{config}"), "*/*").await?;
                match read(host, answer)? {
                    Read::Body(body) => Ok(Found::Platforms(
                        manifest::platform_of_config(&body).into_iter().collect(),
                    )),
                    // A manifest without its configuration is an image that nobody can pull.
                    Read::Missing => Ok(Found::Missing),
                    Read::Denied => Ok(Found::Denied),
                }
            }
            None => Err(RegistryError::Answer {
                host: host.to_owned(),
                problem: "with no manifest".to_owned(),
            }),
        }
    }
}

enum Read {
    Body(Vec<u8>),
    Missing,
    Denied,
}

fn read(host: &str, answer: Answer) -> Result<Read, RegistryError> {
    match answer.status {
        200 => Ok(Read::Body(answer.body)),
        404 => Ok(Read::Missing),
        401 | 403 => Ok(Read::Denied),
        429 => Err(RegistryError::RateLimited { host: host.to_owned() }),
        status => Err(RegistryError::Answer {
            host: host.to_owned(),
            problem: format!("with the status {status}"),
        }),
    }
}

/// TLS, but for a registry on this machine.
fn scheme(host: &str) -> &'static str {
    if is_loopback(host) { "http" } else { "https" }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost"
        || name
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}
