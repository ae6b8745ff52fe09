//! HTTP with limits: to registries, and to the edge.
//!
//! It uses the HTTP and TLS of the AWS SDK; another client would be a second one in a function that
//! starts cold. An upload decides which hosts are contacted, so requests are limited: TLS (plain
//! HTTP only on this machine), a few seconds, a few megabytes, and a few redirects, which lead to
//! no IP address and carry no password.

mod target;

use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;

pub(crate) use target::{may_ask_for_token, on_the_same_host, scheme};

use crate::brief;
use crate::digest::{Digest, Hasher};
use target::Target;

/// The time limit of one request with its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);
/// One more second for each of these many bytes that are sent.
const SENT_BYTES_PER_SECOND: usize = 1024 * 1024;
/// The time limit of one download, to its last byte.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(20);
/// The limit for a manifest, in bytes: the recommendation of the OCI specification. Nothing else
/// that is read into memory needs more.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The most redirects. Registries redirect a blob to their storage, which may redirect to a region.
const MAX_REDIRECTS: usize = 3;

/// Sends requests. Connections are set up on first use, because reading the root certificates takes
/// a while.
#[derive(Debug, Default)]
pub struct Http {
    connector: OnceLock<Connector>,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'static str,
    pub(crate) url: &'a str,
    pub(crate) accept: &'a str,
    /// The content type of the body; empty if there is none.
    pub(crate) content_type: &'a str,
    pub(crate) body: Bytes,
    /// Whether to follow a redirect to another host, without the authorization.
    pub(crate) may_lead_away: bool,
}

/// An answer, read completely.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The `WWW-Authenticate` header.
    pub(crate) challenge: Option<String>,
    /// The `Location` header.
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What a server returns for a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// Bytes with this digest.
    Digest(Digest),
    /// An answer with this status and no content that counts.
    Status(u16),
}

/// Why there is no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection, no answer in time, or an answer that was cut off.
    #[error("{host} cannot be reached")]
    Unreachable {
        /// The contacted host.
        host: String,
    },
    /// The answer cannot be used.
    #[error("{host} answered {problem}")]
    Answer {
        /// The contacted host.
        host: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The address is not allowed, so no request was sent.
    #[error(
        "no request was sent, because the address {address:?} is not allowed: it must be an https:// URL with a host name"
    )]
    NotAllowed {
        /// The address.
        address: String,
    },
}

impl HttpError {
    pub(crate) fn answer(host: &str, problem: impl Into<String>) -> Self {
        Self::Answer {
            host: host.to_owned(),
            problem: problem.into(),
        }
    }
}

impl<'a> Request<'a> {
    pub(crate) fn get(url: &'a str, accept: &'a str) -> Self {
        Request {
            method: "GET",
            url,
            accept,
            content_type: "",
            body: Bytes::new(),
            may_lead_away: false,
        }
    }

    /// A request with an effect is not repeated at another host.
    fn follows_redirects(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }

    fn timeout(&self) -> Duration {
        let seconds = self.body.len() / SENT_BYTES_PER_SECOND;
        REQUEST_TIMEOUT + Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
    }
}

impl Http {
    /// The digest of what is served at a URL, computed while it arrives, without keeping it.
    ///
    /// # Errors
    ///
    /// [`HttpError`] if the server did not answer completely, or with more than `max_bytes`.
    pub async fn digest(&self, url: &str, max_bytes: u64) -> Result<Served, HttpError> {
        let target = Target::of(url).ok_or_else(|| not_allowed(url))?;
        let exchange = async {
            let response = self.send(&target, &Request::get(url, "*/*"), None).await?;
            let status = response.status().as_u16();
            if status != 200 {
                return Ok(Served::Status(status));
            }
            let (mut hash, mut size) = (Hasher::default(), 0);
            let too_large = || HttpError::answer(target.host(), "with more bytes than were published");
            read(response, &target, |piece| {
                size += piece.len() as u64;
                hash.update(piece);
                if size > max_bytes { Err(too_large()) } else { Ok(()) }
            })
            .await?;
            Ok(Served::Digest(hash.finish()))
        };
        in_time(DOWNLOAD_TIMEOUT, &target, exchange).await
    }

    /// Sends a request and follows redirects that are allowed.
    pub(crate) async fn ask(&self, request: &Request<'_>, authorization: Option<&str>) -> Result<Answer, HttpError> {
        let asked = Target::of(request.url).ok_or_else(|| not_allowed(request.url))?;
        let mut target = asked.clone();
        for _ in 0..=MAX_REDIRECTS {
            let authorization = authorization.filter(|_| target.host() == asked.host());
            let answer = self.ask_once(&target, request, authorization).await?;
            let is_redirect = matches!(answer.status, 301..=308) && request.follows_redirects();
            let Some(location) = answer.location.as_deref().filter(|_| is_redirect) else {
                return Ok(answer);
            };
            let next = target.follow(location);
            target = next
                .filter(|next| {
                    next.host() == asked.host() || (request.may_lead_away && next.may_be_led_to_from(&asked))
                })
                .ok_or_else(|| HttpError::answer(asked.host(), "with a redirect to a host that is not allowed"))?;
        }
        Err(HttpError::answer(asked.host(), "with too many redirects"))
    }

    async fn ask_once(
        &self,
        target: &Target,
        request: &Request<'_>,
        authorization: Option<&str>,
    ) -> Result<Answer, HttpError> {
        let exchange = async {
            let response = self.send(target, request, authorization).await?;
            let status = response.status().as_u16();
            let header = |name: &str| response.headers().get(name).map(str::to_owned);
            let (challenge, location) = (header("www-authenticate"), header("location"));
            let mut body = Vec::new();
            read(response, target, |piece| {
                if body.len() + piece.len() > MAX_ANSWER_BYTES {
                    return Err(HttpError::answer(target.host(), "with too many bytes"));
                }
                body.extend_from_slice(piece);
                Ok(())
            })
            .await?;
            Ok(Answer {
                status,
                challenge,
                location,
                body,
            })
        };
        in_time(request.timeout(), target, exchange).await
    }

    async fn send(
        &self,
        target: &Target,
        request: &Request<'_>,
        authorization: Option<&str>,
    ) -> Result<HttpResponse, HttpError> {
        let sent = to_send(target, request, authorization)?;
        let connector = self.connector.get_or_init(|| {
            Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build()
        });
        connector.call(sent).await.map_err(|_| unreachable(target))
    }
}

/// The request as it is sent, only to the host that was checked.
fn to_send(target: &Target, request: &Request<'_>, authorization: Option<&str>) -> Result<HttpRequest, HttpError> {
    let mut sent = HttpRequest::new(SdkBody::from(request.body.clone()));
    let good = sent.set_method(request.method).is_ok() && sent.set_uri(target.uri().clone()).is_ok();
    if !good {
        return Err(not_allowed(target.host()));
    }
    let headers = sent.headers_mut();
    headers.insert("accept", request.accept.to_owned());
    headers.insert("user-agent", concat!("chartdrop/", env!("CARGO_PKG_VERSION")));
    if !request.content_type.is_empty() {
        headers.insert("content-type", request.content_type.to_owned());
    }
    if !request.follows_redirects() {
        // Zero is a length too: servers may answer 411 to a POST without one.
        headers.insert("content-length", request.body.len().to_string());
    }
    if let Some(authorization) = authorization {
        headers.insert("authorization", authorization.to_owned());
    }
    Ok(sent)
}

/// Reads an answer completely.
async fn read(
    response: HttpResponse,
    target: &Target,
    mut take: impl FnMut(&Bytes) -> Result<(), HttpError>,
) -> Result<(), HttpError> {
    let mut body = ByteStream::new(response.into_body());
    while let Some(piece) = body.try_next().await.map_err(|_| unreachable(target))? {
        take(&piece)?;
    }
    Ok(())
}

async fn in_time<T>(
    timeout: Duration,
    target: &Target,
    exchange: impl Future<Output = Result<T, HttpError>>,
) -> Result<T, HttpError> {
    tokio::time::timeout(timeout, exchange)
        .await
        .unwrap_or_else(|_| Err(unreachable(target)))
}

fn unreachable(target: &Target) -> HttpError {
    HttpError::Unreachable {
        host: target.host().to_owned(),
    }
}

fn not_allowed(address: &str) -> HttpError {
    HttpError::NotAllowed {
        address: brief::text(address, 200).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_request_is_for_the_host_that_was_checked() {
        for url in [
            "https://ghcr.io/v2/",
            "HTTPS://GHCR.io:0443?x=//10.0.0.1/",
            "https://ghcr.io#@10.0.0.1/",
            "http://127.0.0.1:5000/@10.0.0.1/",
        ] {
            let target = Target::of(url).unwrap();
            let sent = to_send(&target, &Request::get(url, "*/*"), None).unwrap();
            let sent = sent.try_into_http1x().unwrap();
            assert_eq!(sent.uri(), target.uri(), "{url}");
            let authority = sent.uri().authority().unwrap().as_str();
            assert_eq!(authority.to_ascii_lowercase(), target.host(), "{url}");
        }
    }

    /// Answers one request on each connection, and returns its first line and its `Host`.
    fn serve(listener: &TcpListener) -> (String, String) {
        let (mut connection, _) = listener.accept().unwrap();
        let lines = BufReader::new(connection.try_clone().unwrap()).lines();
        let head: Vec<String> = lines
            .map_while(|line| line.ok().filter(|line| !line.is_empty()))
            .collect();
        let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
        connection.write_all(answer).unwrap();
        let host = head.iter().find(|line| line.to_ascii_lowercase().starts_with("host:"));
        (head[0].clone(), host.cloned().unwrap_or_default())
    }

    #[tokio::test]
    async fn a_request_arrives_at_the_host_that_was_checked() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        let paths = [
            ("/v2/", "/v2/"),
            ("", "/"),
            ("?x=//10.0.0.1/", "/?x=//10.0.0.1/"),
            ("#@10.0.0.1/", "/"),
            ("/@10.0.0.1:22/", "/@10.0.0.1:22/"),
            ("/\\10.0.0.1/%2f%40", "/\\10.0.0.1/%2f%40"),
        ];
        let server = std::thread::spawn(move || paths.map(|_| serve(&listener)));
        let http = Http::default();
        for (path, _) in paths {
            let url = format!("http://{host}{path}");
            let answer = http.ask(&Request::get(&url, "*/*"), None).await.unwrap();
            assert_eq!(answer.status, 204, "{url}");
        }
        for ((first, named), (path, asked)) in server.join().unwrap().into_iter().zip(paths) {
            assert_eq!(first, format!("GET {asked} HTTP/1.1"), "{path}");
            assert_eq!(named.to_ascii_lowercase(), format!("host: {host}"), "{path}");
        }
    }
}
