//! GET, with bounds.

use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::byte_stream::ByteStream;

use super::{RegistryError, is_loopback};
use crate::digest::{Digest, Hasher};
use crate::image::is_host;

/// One request, its answer included.
const PATIENCE: Duration = Duration::from_secs(8);
/// One download, its last byte included.
const DOWNLOAD: Duration = Duration::from_secs(20);
/// A manifest may have this many bytes (the specification's own advice), and nothing else that is asked for needs more.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Registries send a blob's reader to their storage, and that perhaps to its region.
const MAX_REDIRECTS: usize = 3;

/// Speaks to registries. Made when one is first asked: to read the root certificates takes a while.
#[derive(Debug, Default)]
pub struct Http {
    connector: OnceLock<Connector>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `WWW-Authenticate`.
    pub(super) challenge: Option<String>,
    location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// What a server has at a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// Bytes with this digest.
    Digest(Digest),
    /// An answer of this status and nothing else.
    Status(u16),
}

impl Http {
    /// The digest of what is served at a URL, as it arrives: nothing is kept of it.
    ///
    /// # Errors
    ///
    /// [`RegistryError`] if the server gave no whole answer, or one of more than `max_bytes`.
    pub async fn digest(&self, url: &str, max_bytes: u64) -> Result<Served, RegistryError> {
        let target = Target::of(url).ok_or_else(|| refused(url, "an address that is not asked"))?;
        let unreachable = || RegistryError::Unreachable {
            host: target.host.clone(),
        };
        let exchange = async {
            let response = self.send(&target, "*/*", None).await?;
            let status = response.status().as_u16();
            if status != 200 {
                return Ok(Served::Status(status));
            }
            let mut body = ByteStream::new(response.into_body());
            let (mut hash, mut size) = (Hasher::default(), 0);
            while let Some(piece) = body.try_next().await.map_err(|_| unreachable())? {
                size += piece.len() as u64;
                if size > max_bytes {
                    return Err(refused(url, "with more than what was published"));
                }
                hash.update(&piece);
            }
            Ok(Served::Digest(hash.finish()))
        };
        tokio::time::timeout(DOWNLOAD, exchange)
            .await
            .unwrap_or_else(|_| Err(unreachable()))
    }

    /// Gets a URL. `may_lead_away`: whether a redirect to another host is followed, without the authorization.
    pub(super) async fn get(
        &self,
        url: &str,
        accept: &str,
        authorization: Option<&str>,
        may_lead_away: bool,
    ) -> Result<Answer, RegistryError> {
        let asked = Target::of(url).ok_or_else(|| refused(url, "an address that is not asked"))?;
        let mut target = asked.clone();
        for _ in 0..=MAX_REDIRECTS {
            let authorization = authorization.filter(|_| target.host == asked.host);
            let answer = self.get_once(&target, accept, authorization).await?;
            let Some(location) = answer
                .location
                .as_deref()
                .filter(|_| matches!(answer.status, 301..=308))
            else {
                return Ok(answer);
            };
            let next = target.follow(location);
            target = next
                .filter(|next| next.host == asked.host || (may_lead_away && next.may_be_led_to_from(&asked)))
                .ok_or_else(|| refused(url, "with a redirect to where nobody may be sent"))?;
        }
        Err(refused(url, "with one redirect after the other"))
    }

    async fn get_once(
        &self,
        target: &Target,
        accept: &str,
        authorization: Option<&str>,
    ) -> Result<Answer, RegistryError> {
        let unreachable = || RegistryError::Unreachable {
            host: target.host.clone(),
        };
        let exchange = async {
            let response = self.send(target, accept, authorization).await?;
            let status = response.status().as_u16();
            let header = |name: &str| response.headers().get(name).map(str::to_owned);
            let (challenge, location) = (header("www-authenticate"), header("location"));
            let mut body = ByteStream::new(response.into_body());
            let mut bytes = Vec::new();
            while let Some(piece) = body.try_next().await.map_err(|_| unreachable())? {
                if bytes.len() + piece.len() > MAX_BYTES {
                    return Err(refused(&target.url, "with more than anybody needs"));
                }
                bytes.extend_from_slice(&piece);
            }
            Ok(Answer {
                status,
                challenge,
                location,
                body: bytes,
            })
        };
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .unwrap_or_else(|_| Err(unreachable()))
    }
}

impl Http {
    async fn send(
        &self,
        target: &Target,
        accept: &str,
        authorization: Option<&str>,
    ) -> Result<HttpResponse, RegistryError> {
        let unreachable = || RegistryError::Unreachable {
            host: target.host.clone(),
        };
        let mut request = HttpRequest::get(&target.url).map_err(|_| unreachable())?;
        let headers = request.headers_mut();
        headers.insert("accept", accept.to_owned());
        headers.insert("user-agent", concat!("chartdrop/", env!("CARGO_PKG_VERSION")));
        if let Some(authorization) = authorization {
            headers.insert("authorization", authorization.to_owned());
        }
        let connector = self.connector.get_or_init(|| {
            Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build()
        });
        connector.call(request).await.map_err(|_| unreachable())
    }
}

fn refused(url: &str, problem: &str) -> RegistryError {
    RegistryError::Answer {
        host: Target::of(url).map_or_else(|| "the registry".to_owned(), |target| target.host),
        problem: problem.to_owned(),
    }
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    url: String,
    scheme: String,
    host: String,
}

impl Target {
    /// `None`: nobody is asked there. Plain HTTP is for this machine.
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
        let scheme = scheme.to_ascii_lowercase();
        let safe = url.len() <= 8 * 1024 && url.bytes().all(|byte| byte.is_ascii_graphic());
        let good = is_host(&host) && safe && (scheme == "https" || (scheme == "http" && is_loopback(&host)));
        good.then(|| Target {
            url: url.to_owned(),
            scheme,
            host,
        })
    }

    fn follow(&self, location: &str) -> Option<Target> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Target::of(&format!("{}://{}{location}", self.scheme, self.host));
        }
        Target::of(location)
    }

    /// Storage has a name; an address is somebody's network, and this machine is ours.
    fn may_be_led_to_from(&self, asked: &Target) -> bool {
        let name = self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name);
        let is_address = name.parse::<std::net::Ipv4Addr>().is_ok() || !name.contains('.');
        // Every number is an address to a resolver: 127.1, 0x7f.1, 2130706433.
        let ends_in_number = name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
        (!is_address && !ends_in_number) || (is_loopback(&self.host) && is_loopback(&asked.host))
    }
}

/// Whether a token may be asked for at this URL by a registry on `host`.
pub(super) fn may_ask_for_token(url: &str, host: &str) -> bool {
    let registry = Target::of(&format!("{}://{host}/", super::scheme(host)));
    match (Target::of(url), registry) {
        (Some(target), Some(registry)) => target.host == registry.host || target.may_be_led_to_from(&registry),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_names_with_tls_and_to_nobodys_network() {
        let registry = Target::of("https://ghcr.io/v2/").unwrap();
        let led = |location: &str| {
            registry
                .follow(location)
                .is_some_and(|next| next.may_be_led_to_from(&registry))
        };
        assert!(led("https://pkg-containers.githubusercontent.com/blob?x=1"));
        for location in [
            "http://pkg-containers.githubusercontent.com/blob",
            "http://169.254.169.254/latest/meta-data/",
            "https://169.254.169.254/",
            "https://10.0.0.1/",
            "https://127.0.0.1:8443/",
            "https://2130706433/",
            "https://127.1/",
            "https://0x7f.0.0.1/",
            "https://localhost/",
            "https://metadata/",
            "https://[::1]/",
            "https://user@10.0.0.1/",
            "https://a.example.com\\@10.0.0.1/",
            "ftp://a.example.com/",
            "//a.example.com/x",
            "file:///etc/passwd",
            "gopher:x",
            "",
        ] {
            assert!(!led(location), "{location}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        assert!(Target::of("http://127.0.0.1:5000/v2/").is_some());
        assert!(Target::of("http://ghcr.io/v2/").is_none());
        assert!(may_ask_for_token(
            "https://auth.docker.io/token",
            "registry-1.docker.io"
        ));
        assert!(!may_ask_for_token(
            "http://auth.docker.io/token",
            "registry-1.docker.io"
        ));
        assert!(!may_ask_for_token("http://127.0.0.1/token", "ghcr.io"));
        assert!(may_ask_for_token("http://127.0.0.1:5001/token", "127.0.0.1:5000"));
    }
}
