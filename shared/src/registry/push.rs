//! Pushes a chart: first its blobs, then the manifest that names them. Only the manifest makes it
//! visible.
//!
//! Concurrent pushes of the same chart send the same bytes. What exists already stays: a tag is
//! never moved to another chart.

use super::auth::{Access, Session};
use super::{RegistryError, base_url, error_code, manifest, unexpected};
use crate::http::{Answer, Http, HttpError, Request, on_the_same_host};
use crate::image::Reference;
use crate::mirror::{Artifact, Blob, MANIFEST_TYPE, Present};
use crate::secret::Login;

/// The result of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The chart was pushed.
    Now,
    /// The chart already existed.
    Before,
}

/// Why a chart was not pushed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The registry gave no usable answer.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The login may not write there.
    #[error(
        "{host} does not allow us to write to {repository}{said}. Check the login registries.{host} in the secret, and whether it \
         may write there"
    )]
    Denied {
        /// The registry's name for people.
        host: String,
        /// The path in the registry.
        repository: String,
        /// The registry's own code.
        said: String,
    },
    /// The tag names something else.
    #[error(
        "{reference} already exists with other content ({found}), and is not changed. If that content is not needed, delete the \
         tag in the registry; the next sweep then pushes the chart"
    )]
    Taken {
        /// The tag.
        reference: String,
        /// What the tag names.
        found: String,
    },
}

impl Http {
    /// Pushes a chart, unless it exists already.
    ///
    /// # Errors
    ///
    /// [`PushError`]: whether the chart exists now is unknown.
    pub async fn push(&self, artifact: &Artifact, to: &Reference, login: Option<&Login>) -> Result<Pushed, PushError> {
        let mut push = Push {
            session: Session::new(self, to, Access::Write, login),
            to,
        };
        match push.present(artifact).await? {
            Present::Same => return Ok(Pushed::Before),
            Present::Other { found } => {
                let reference = to.to_string();
                return Err(PushError::Taken { reference, found });
            }
            Present::Nothing | Present::WithoutProvenance => {}
        }
        for blob in artifact.blobs() {
            push.blob(blob).await?;
        }
        push.manifest(artifact).await?;
        Ok(Pushed::Now)
    }
}

/// One push in progress.
struct Push<'a> {
    session: Session<'a>,
    to: &'a Reference,
}

impl Push<'_> {
    fn url(&self, rest: &str) -> String {
        format!("{}/{rest}", base_url(self.to))
    }

    /// What the tag names.
    async fn present(&mut self, artifact: &Artifact) -> Result<Present, PushError> {
        let url = self.url(&format!("manifests/{}", self.to.state()));
        let answer = self.session.ask(&Request::get(&url, manifest::ACCEPTED)).await?;
        match answer.status {
            200 => Ok(artifact.compare(&answer.body)),
            404 => Ok(Present::Nothing),
            _ => Err(self.failed(&answer)),
        }
    }

    async fn blob(&mut self, blob: &Blob) -> Result<(), PushError> {
        let url = self.url(&format!("blobs/{}", blob.digest()));
        let look = Request {
            method: "HEAD",
            may_lead_away: true,
            ..Request::get(&url, "*/*")
        };
        match self.session.ask(&look).await? {
            there if there.status == 200 => return Ok(()),
            missing if missing.status == 404 => {}
            answer => return Err(self.failed(&answer)),
        }
        let begun = self.url("blobs/uploads/");
        let begin = Request {
            method: "POST",
            ..Request::get(&begun, "*/*")
        };
        let answer = self.session.ask(&begin).await?;
        if answer.status != 202 {
            return Err(self.failed(&answer));
        }
        let place = answer.location.and_then(|location| on_the_same_host(&begun, &location));
        let Some(place) = place else {
            let problem = "with an upload location on another host, which is not allowed";
            return Err(RegistryError::from(HttpError::answer(self.to.api_host(), problem)).into());
        };
        // The query that the registry has put there stays
        // (<https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#post-then-put>).
        let separator = if place.contains('?') { '&' } else { '?' };
        let place = format!("{place}{separator}digest={}", blob.digest());
        let put = Request {
            method: "PUT",
            content_type: "application/octet-stream",
            body: blob.bytes().clone(),
            ..Request::get(&place, "*/*")
        };
        self.created(&put).await
    }

    async fn manifest(&mut self, artifact: &Artifact) -> Result<(), PushError> {
        let url = self.url(&format!("manifests/{}", self.to.state()));
        let put = Request {
            method: "PUT",
            content_type: MANIFEST_TYPE,
            body: artifact.manifest().clone(),
            ..Request::get(&url, "*/*")
        };
        self.created(&put).await
    }

    async fn created(&mut self, put: &Request<'_>) -> Result<(), PushError> {
        let answer = self.session.ask(put).await?;
        if answer.status == 201 {
            return Ok(());
        }
        Err(self.failed(&answer))
    }

    fn failed(&self, answer: &Answer) -> PushError {
        if matches!(answer.status, 401 | 403) {
            return PushError::Denied {
                host: self.to.host().to_owned(),
                repository: self.to.repository().to_owned(),
                said: error_code(&answer.body).map_or_else(String::new, |code| format!(" ({code})")),
            };
        }
        unexpected(self.to.api_host(), answer).into()
    }
}
