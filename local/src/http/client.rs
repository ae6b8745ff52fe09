//! Sends requests over plain HTTP, each on its own connection.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Why a request has no complete answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The request is not valid.
    #[error("the request is not valid: {0}")]
    Request(#[from] http::Error),
    /// The URL has no host.
    #[error("{0} is not a URL with a host")]
    Url(Uri),
    /// Nothing listens on the address.
    #[error("cannot connect: {0}")]
    Connect(#[from] io::Error),
    /// The connection ended early, or the answer is not HTTP.
    #[error("no complete answer: {0}")]
    Http(#[from] hyper::Error),
}

/// Sends `GET` for a path. With an ETag, the answer is 304 if the object still has it.
///
/// # Errors
///
/// See [`SendError`].
pub async fn get(address: SocketAddr, path: &str, if_none_match: Option<&str>) -> Result<Response<Bytes>, SendError> {
    let mut request = Request::get(format!("http://{address}{path}"));
    if let Some(etag) = if_none_match {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    send(request.body(Bytes::new())?).await
}

/// Sends a request to the host in its URL, and reads the whole answer.
///
/// # Errors
///
/// See [`SendError`].
pub async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
    let mut request = request.map(Full::new);
    let Some(authority) = request.uri().authority().cloned() else {
        return Err(SendError::Url(request.uri().clone()));
    };
    let host = HeaderValue::from_str(authority.as_str()).map_err(http::Error::from)?;
    request.headers_mut().insert(header::HOST, host);
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.unwrap_or(PathAndQuery::from_static("/")).into();
    let stream = TcpStream::connect(authority.as_str()).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, body))
}
