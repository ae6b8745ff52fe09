//! A small HTTP server.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// An answer whose body is in memory.
pub type Reply = Response<Full<Bytes>>;

/// The largest accepted body. No caller of the small APIs sends more: charts go through S3.
const BODY_LIMIT: usize = 16 << 20;

/// A running server. Dropping it closes the listener and every connection.
pub struct Server {
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves each request of `listener` with `handler`. A handler's error closes the connection
/// without an answer.
pub fn serve<H, F, B, E>(listener: TcpListener, handler: H) -> Server
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
                // Probably out of file descriptors: wait for another connection to end.
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

/// Listens on a free port of this machine. Returns the listener and its address.
///
/// # Errors
///
/// If there is no free port.
pub async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Reads the whole body of a request to one of the small APIs.
///
/// # Errors
///
/// The answer to send, if the body is too large or incomplete.
pub async fn body(request: Request<Incoming>) -> Result<Bytes, Reply> {
    match Limited::new(request.into_body(), BODY_LIMIT).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(reply(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", error.to_string())),
    }
}

/// An answer with a body of this content type.
pub fn reply(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    header(&mut reply, "content-type", content_type);
    reply
}

/// Sets a header, unless HTTP does not allow the value.
pub fn header(reply: &mut Reply, name: &'static str, value: &str) {
    if let Ok(value) = http::HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

/// Wraps the answer of a handler that never fails.
///
/// # Errors
///
/// Never.
pub fn infallible(reply: Reply) -> Result<Reply, Infallible> {
    Ok(reply)
}
