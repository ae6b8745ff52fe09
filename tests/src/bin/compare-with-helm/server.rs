//! A static web server on loopback, for Helm.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use local::http::server;
use tokio::runtime::Runtime;

use crate::Result;

/// Serves one index at every path until it is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    _server: server::Server,
    _runtime: Runtime,
}

impl Server {
    pub(crate) fn start(index: Vec<u8>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let index = Bytes::from(index);
        let (url, server) = runtime.block_on(async {
            let (listener, address) = server::listen().await?;
            let answer = move |_| std::future::ready(server::infallible(Response::new(Full::new(index.clone()))));
            Ok::<_, std::io::Error>((format!("http://{address}"), server::serve(listener, answer)))
        })?;
        Ok(Self {
            url,
            _server: server,
            _runtime: runtime,
        })
    }
}
