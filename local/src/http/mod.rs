//! The little HTTP that all stand-ins share: serve a listener, answer with bytes, fetch from the edge.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

pub(crate) type Reply = Response<Full<Bytes>>;

/// Larger bodies than any caller of the small APIs sends; charts themselves go through S3.
const BODY_LIMIT: usize = 16 << 20;

/// A listener being served; dropping it closes the listener and every connection.
pub(crate) struct Server {
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves each request of `listener` with `handler`. A handler's error closes the connection without an answer.
pub(crate) fn serve<H, F, B, E>(listener: TcpListener, handler: H) -> Server
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let handler = Arc::new(handler);
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, most likely: some connection has to end first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let handler = Arc::clone(&handler);
            connections.spawn(async move {
                let service = service_fn(move |request| handler(request));
                let served = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
                if let Err(error) = served {
                    tracing::debug!(%error, "connection ended");
                }
            });
            while connections.try_join_next().is_some() {}
        }
    });
    Server { task }
}

/// The whole body of a request to one of the small APIs.
pub(crate) async fn body(request: Request<Incoming>) -> Result<Bytes, Reply> {
    match Limited::new(request.into_body(), BODY_LIMIT).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(reply(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", error.to_string())),
    }
}

pub(crate) fn reply(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    header(&mut reply, "content-type", content_type);
    reply
}

/// Sets a header; a value that HTTP cannot carry is left out.
pub(crate) fn header(reply: &mut Reply, name: &'static str, value: &str) {
    if let Ok(value) = http::HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

pub(crate) fn infallible(reply: Reply) -> Result<Reply, Infallible> {
    Ok(reply)
}

/// One GET on a connection of its own.
pub(crate) async fn get(
    address: SocketAddr,
    path: &str,
    if_none_match: Option<&str>,
) -> Result<(StatusCode, HeaderMap, Bytes), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut request = Request::get(path).header("host", address.to_string());
    if let Some(etag) = if_none_match {
        request = request.header("if-none-match", etag);
    }
    let response = sender.send_request(request.body(Full::<Bytes>::default())?).await?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok((parts.status, parts.headers, body))
}
