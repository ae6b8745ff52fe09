//! A static web server on loopback, for Helm's clients.

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::Result;

/// Serves one index at every path until it is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    _runtime: Runtime,
}

impl Server {
    pub(crate) fn start(index: Vec<u8>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}", listener.local_addr()?);
        runtime.spawn(serve(listener, index.into()));
        Ok(Server { url, _runtime: runtime })
    }
}

async fn serve(listener: TcpListener, index: Bytes) {
    while let Ok((stream, _)) = listener.accept().await {
        let index = index.clone();
        let answer = service_fn(move |_: Request<Incoming>| {
            let response = Response::new(Full::new(index.clone()));
            async { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}
