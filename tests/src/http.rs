//! The smallest HTTP client that the tests need: what `curl` would see of the edge.

use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Response {
    /// 200, 404, …
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Response {
    /// A header's value, or the empty string.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("headers are ASCII here"))
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

/// `GET url`.
pub async fn get(url: &str) -> Response {
    request(Method::GET, url).await
}

/// `POST url` with a body.
pub async fn post(url: &str, body: impl Into<Bytes>) -> Response {
    send(Method::POST, url, body.into()).await
}

/// A request without a body.
pub async fn request(method: Method, url: &str) -> Response {
    send(method, url, Bytes::new()).await
}

/// A request on a connection of its own.
async fn send(method: Method, url: &str, body: Bytes) -> Response {
    let uri: Uri = url.parse().expect("a URL");
    let authority = uri.authority().expect("a URL with a host").as_str();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let stream = TcpStream::connect(authority).await.expect("somebody who listens");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("HTTP");
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", authority)
        .body(Full::new(body))
        .expect("a request");
    let (head, body) = sender.send_request(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a whole answer").to_bytes().to_vec();
    connection.abort();
    Response {
        status: head.status,
        headers: head.headers,
        body,
    }
}
