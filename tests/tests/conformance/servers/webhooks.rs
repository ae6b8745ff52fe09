//! Where MinIO posts its notifications: each goes on to the function that its path names.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// What takes an event on: the function's name and the event.
pub(super) type Taker = Box<dyn Fn(&str, &Value) + Send + Sync>;

/// A listener whose notifications go nowhere until there is a taker. MinIO repeats what is not answered with success.
#[derive(Clone)]
pub(super) struct Webhooks {
    pub(super) url: String,
    taker: Arc<OnceLock<Taker>>,
}

impl Webhooks {
    pub(super) async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let webhooks = Webhooks {
            url: format!("http://{address}"),
            taker: Arc::default(),
        };
        let taker = Arc::clone(&webhooks.taker);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let taker = Arc::clone(&taker);
                let service = service_fn(move |request| answer(Arc::clone(&taker), request));
                let connection =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        webhooks
    }

    pub(super) fn to(&self, taker: Taker) {
        assert!(self.taker.set(taker).is_ok(), "there is one taker");
    }
}

async fn answer(taker: Arc<OnceLock<Taker>>, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let function = request.uri().path().trim_start_matches('/').to_owned();
    let body = request.into_body().collect().await.map(|body| body.to_bytes());
    let event = body.ok().and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    // MinIO asks first whether anybody is there, without an event.
    let status = match (event, taker.get()) {
        (Some(event), Some(taker)) => {
            taker(&function, &event);
            StatusCode::OK
        }
        (None, _) => StatusCode::OK,
        (Some(_), None) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}
