//! A small HTTP client, such as `curl`. It panics if there is no answer.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use local::http::client;

/// A complete answer.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header, or the empty string.
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

/// Sends `GET` to a URL.
pub async fn get(url: &str) -> Response {
    request(Method::GET, url).await
}

/// Sends `POST` with a body to a URL.
pub async fn post(url: &str, body: impl Into<Bytes>) -> Response {
    send(Method::POST, url, body.into()).await
}

/// Sends a request without a body.
pub async fn request(method: Method, url: &str) -> Response {
    send(method, url, Bytes::new()).await
}

async fn send(method: Method, url: &str, body: Bytes) -> Response {
    let request = Request::builder().method(method).uri(url).body(body);
    let answer = client::send(request.expect("a request")).await;
    let (head, body) = answer.unwrap_or_else(|error| panic!("{url}: {error}")).into_parts();
    Response {
        status: head.status,
        headers: head.headers,
        body: body.to_vec(),
    }
}
