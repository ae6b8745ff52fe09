//! The OCI distribution API of registries
//! (<https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>): does an image exist
//! ([`Http::find`]), and pushing a chart ([`Http::push`]).
//!
//! A thin client over [`crate::http`]. `oci-client` 0.18, the field's usual crate, makes
//! publish-chart 1.74 MiB larger, because it adds `reqwest` as a second HTTP client. It also
//! follows redirects to any host and reads answers of any size, while here an upload decides what
//! is requested. Only three kinds of GET, a HEAD, a POST and a PUT are needed.

mod auth;
mod manifest;
mod push;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::http::{Answer, Http, HttpError, Request, scheme};
use crate::image::{Platform, Reference};
use crate::secret::Login;

pub use push::{PushError, Pushed};

use auth::{Access, Session};
use manifest::Manifest;

/// The time limit for one image.
const IMAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// A registry's answer about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It exists for these platforms.
    Platforms(BTreeSet<Platform>),
    /// It does not exist.
    Missing,
    /// The registry denies access: the image is private or does not exist. Registries hide the
    /// difference.
    Denied,
}

/// The registry gave no usable answer, which proves nothing about the image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No answer, or one that cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The registry is rate-limiting requests.
    #[error("{host} is rate-limiting requests")]
    RateLimited {
        /// The contacted registry.
        host: String,
    },
}

impl Http {
    /// The platforms that an image exists for.
    ///
    /// # Errors
    ///
    /// [`RegistryError`] if the registry did not answer.
    pub async fn find(&self, image: &Reference, login: Option<&Login>) -> Result<Found, RegistryError> {
        let found = tokio::time::timeout(IMAGE_TIMEOUT, self.find_untimed(image, login)).await;
        found.unwrap_or_else(|_| {
            let host = image.host().to_owned();
            Err(HttpError::Unreachable { host }.into())
        })
    }

    async fn find_untimed(&self, image: &Reference, login: Option<&Login>) -> Result<Found, RegistryError> {
        let host = image.api_host();
        let mut session = Session::new(self, image, Access::Read, login);
        let url = format!("{}/manifests/{}", base_url(image), image.state());
        let answer = session.ask(&Request::get(&url, manifest::ACCEPTED)).await?;
        let body = match read(host, answer)? {
            Read::Body(body) => body,
            Read::Missing => return Ok(Found::Missing),
            Read::Denied => return Ok(Found::Denied),
        };
        match Manifest::read(&body) {
            Some(Manifest::Index(platforms)) => Ok(Found::Platforms(platforms)),
            // A single image has its platform in its configuration.
            Some(Manifest::Image { config }) => {
                let url = format!("{}/blobs/{config}", base_url(image));
                let request = Request {
                    may_lead_away: true,
                    ..Request::get(&url, "*/*")
                };
                match read(host, session.ask(&request).await?)? {
                    Read::Body(body) => Ok(Found::Platforms(
                        manifest::platform_of_config(&body).into_iter().collect(),
                    )),
                    // A manifest without its configuration describes an image that cannot be
                    // pulled.
                    Read::Missing => Ok(Found::Missing),
                    Read::Denied => Ok(Found::Denied),
                }
            }
            None => Err(HttpError::answer(host, "without a manifest").into()),
        }
    }
}

/// The API's URL for an object under this name.
fn base_url(image: &Reference) -> String {
    let host = image.api_host();
    format!("{}://{host}/v2/{}", scheme(host), image.repository())
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
        _ => Err(unexpected(host, &answer)),
    }
}

/// The error for an unexpected answer.
fn unexpected(host: &str, answer: &Answer) -> RegistryError {
    if answer.status == 429 {
        return RegistryError::RateLimited { host: host.to_owned() };
    }
    let said = error_code(&answer.body).map_or_else(String::new, |code| format!(" ({code})"));
    HttpError::answer(host, format!("with the status {}{said}", answer.status)).into()
}

/// The registry's own code for the problem, such as `NAME_UNKNOWN`. Its message may quote anything.
fn error_code(body: &[u8]) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let code = answer.get("errors")?.get(0)?.get("code")?.as_str()?;
    let is_word = code.len() <= 60 && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_word.then(|| code.to_owned())
}
