//! Pushing a chart: its blobs, then the manifest that names them, which alone makes it visible.
//!
//! Whoever pushes the same chart at the same time sends the same bytes. What is there already
//! stays: a tag is never moved to another chart.

use super::auth::{Access, Session};
use super::{RegistryError, base_url, error_code, manifest, unexpected};
use crate::http::{Answer, Http, HttpError, Request, on_the_same_host};
use crate::image::Reference;
use crate::mirror::{Artifact, Blob, MANIFEST_TYPE, Present};
use crate::secret::Login;

/// What a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It is there now.
    Now,
    /// It was there.
    Before,
}

/// Why it is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The registry gave no answer that means anything.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// We may not write there.
    #[error(
        "{host} does not allow us to write to {repository}{said}. Check the login registries.{host} in the secret, and whether it \
         may write there"
    )]
    Denied {
        /// The registry, as people name it.
        host: String,
        /// The path in it.
        repository: String,
        /// The registry's own word.
        said: String,
    },
    /// Something else has that name.
    #[error(
        "{reference} already exists with other content ({found}), and is not changed. If that content is not needed, delete the \
         tag in the registry; the next sweep then pushes the chart"
    )]
    Taken {
        /// The name.
        reference: String,
        /// What has it.
        found: String,
    },
}

impl Http {
    /// Pushes a chart, unless it is there.
    ///
    /// # Errors
    ///
    /// [`PushError`]; whether it is there now is unknown then.
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

/// One push under way.
struct Push<'a> {
    session: Session<'a>,
    to: &'a Reference,
}

impl Push<'_> {
    fn url(&self, rest: &str) -> String {
        format!("{}/{rest}", base_url(self.to))
    }

    /// What has the tag.
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
        // What it has put there stays
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
