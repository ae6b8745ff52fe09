//! Receives MinIO's notifications, and passes each one on to the function that its path names.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use local::http::server::{self, Server};
use serde_json::Value;

/// Receives the name of a function and an event.
pub(super) type Taker = Box<dyn Fn(&str, &Value) + Send + Sync>;

/// A listener for notifications. Until there is a taker, it answers with errors, and MinIO repeats
/// the notifications.
pub(super) struct Webhooks {
    pub(super) url: String,
    taker: Arc<OnceLock<Taker>>,
    _server: Server,
}

impl Webhooks {
    pub(super) async fn listen() -> Self {
        let (listener, address) = server::listen().await.expect("a free port");
        let taker = Arc::default();
        let taking = Arc::clone(&taker);
        let server = server::serve(listener, move |request| answer(Arc::clone(&taking), request));
        Self {
            url: format!("http://{address}"),
            taker,
            _server: server,
        }
    }

    pub(super) fn to(&self, taker: Taker) {
        assert!(self.taker.set(taker).is_ok(), "there is one taker");
    }
}

async fn answer(taker: Arc<OnceLock<Taker>>, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let function = request.uri().path().trim_start_matches('/').to_owned();
    let body = request.into_body().collect().await.map(|body| body.to_bytes());
    let event = body.ok().and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    // MinIO first checks the listener with a request without an event.
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
