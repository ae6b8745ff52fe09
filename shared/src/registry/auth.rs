//! Authentication at a registry: anonymous, or with the login from the secret, as the registry
//! requests (<https://distribution.github.io/distribution/spec/auth/token/>).

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use zeroize::Zeroizing;

use super::RegistryError;
use crate::http::{Answer, Http, HttpError, Request, may_ask_for_token};
use crate::image::Reference;
use crate::secret::Login;

/// The permission that is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl Access {
    fn actions(self) -> &'static str {
        match self {
            Self::Read => "pull",
            Self::Write => "pull,push",
        }
    }
}

/// The requests about one image, or about anything else in a registry under such a name.
pub(super) struct Session<'a> {
    http: &'a Http,
    image: &'a Reference,
    access: Access,
    login: Option<&'a Login>,
    authorization: Option<Zeroizing<String>>,
}

impl<'a> Session<'a> {
    pub(super) fn new(http: &'a Http, image: &'a Reference, access: Access, login: Option<&'a Login>) -> Self {
        Session {
            http,
            image,
            access,
            login,
            authorization: None,
        }
    }

    /// Sends a request, and authenticates if the registry requests it.
    pub(super) async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, RegistryError> {
        let answer = self.http.ask(request, self.authorization()).await?;
        let challenge = answer
            .challenge
            .as_deref()
            .filter(|_| answer.status == 401 && self.authorization.is_none());
        let Some(authorization) = self.authorize(challenge).await? else {
            return Ok(answer);
        };
        self.authorization = Some(authorization);
        Ok(self.http.ask(request, self.authorization()).await?)
    }

    fn authorization(&self) -> Option<&str> {
        self.authorization.as_ref().map(|text| text.as_str())
    }

    /// The authorization that the registry requests; `None` if there is no login for it.
    async fn authorize(&self, challenge: Option<&str>) -> Result<Option<Zeroizing<String>>, RegistryError> {
        let Some(challenge) = challenge else { return Ok(None) };
        let (scheme, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Ok(self.login.map(basic));
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Ok(None);
        }
        let host = self.image.api_host();
        let Some(realm) = parameter(rest, "realm").filter(|realm| may_ask_for_token(realm, host)) else {
            return Err(HttpError::answer(host, "with a token server that is not allowed").into());
        };
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut url = format!("{realm}{}", if realm.contains('?') { '&' } else { '?' });
        if let Some(service) = parameter(rest, "service") {
            url += &format!("service={}&", encoded(service));
        }
        let scope = format!("repository:{}:{}", self.image.repository(), self.access.actions());
        url += &format!("scope={}", encoded(&scope));
        let shown = self.login.map(basic);
        let request = Request::get(&url, "application/json");
        let answer = self
            .http
            .ask(&request, shown.as_ref().map(|text| text.as_str()))
            .await?;
        match answer.status {
            200 => Ok(token(&answer.body).map(|token| Zeroizing::new(format!("Bearer {}", *token)))),
            400 | 401 | 403 | 404 => Ok(None),
            429 => Err(RegistryError::RateLimited { host: host.to_owned() }),
            status => Err(HttpError::answer(host, format!("with the status {status} to a request for a token")).into()),
        }
    }
}

fn basic(login: &Login) -> Zeroizing<String> {
    let both = Zeroizing::new(format!("{}:{}", *login.username, *login.password));
    Zeroizing::new(format!("Basic {}", aws_smithy_types::base64::encode(both.as_bytes())))
}

fn token(body: &[u8]) -> Option<Zeroizing<String>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let token = answer.get("token").or_else(|| answer.get("access_token"))?.as_str()?;
    // It becomes part of a header.
    let good = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| Zeroizing::new(token.to_owned()))
}

/// `realm="https://auth.docker.io/token",service="registry.docker.io"`
fn parameter<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    while let Some((found, after)) = rest.split_once("=\"") {
        let (value, next) = after.split_once('"')?;
        if found.trim_matches([' ', ',']).eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_a_challenge_are_told_apart() {
        let text = r#"realm="https://auth.docker.io/token",service="registry.docker.io", scope="a,b=c""#;
        assert_eq!(parameter(text, "realm"), Some("https://auth.docker.io/token"));
        assert_eq!(parameter(text, "service"), Some("registry.docker.io"));
        assert_eq!(parameter(text, "scope"), Some("a,b=c"));
        assert_eq!(parameter(text, "error"), None);
        assert_eq!(parameter("realm=\"x", "realm"), None);
    }

    #[test]
    fn a_token_that_would_break_a_header_is_none() {
        assert!(token(br#"{"token":"abc"}"#).is_some());
        assert!(token(br#"{"access_token":"abc"}"#).is_some());
        for bad in [
            &b"{}"[..],
            br#"{"token":""}"#,
            b"{\"token\":\"a\\r\\nHost: x\"}",
            b"<html>",
        ] {
            assert!(token(bad).is_none());
        }
    }
}
