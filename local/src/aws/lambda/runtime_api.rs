//! The Lambda Runtime API of one process, on its own port.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

use super::error::FunctionError;
use crate::http::server::{Reply, Server, body, header, infallible, reply, serve};
use crate::sync::lock;

const PREFIX: &str = "/2018-06-01/runtime/";
/// Lambda's limit for the size of an answer.
const RESPONSE_LIMIT: usize = 6 << 20;

/// An event for the process.
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) timeout: Duration,
    pub(super) arn: String,
    pub(super) delivered: oneshot::Sender<()>,
    pub(super) reply: oneshot::Sender<Result<Bytes, FunctionError>>,
}

/// An error as the runtime of a function reports it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reported {
    #[serde(default)]
    pub(super) error_type: String,
    #[serde(default, rename = "errorMessage")]
    pub(super) message: String,
}

pub(super) struct RuntimeApi {
    function: String,
    next: Mutex<Option<Work>>,
    arrived: Notify,
    current: Mutex<Option<Current>>,
    init_error: Mutex<Option<Reported>>,
}

struct Current {
    request_id: String,
    reply: oneshot::Sender<Result<Bytes, FunctionError>>,
}

impl RuntimeApi {
    pub(super) fn new(function: &str) -> Self {
        Self {
            function: function.to_owned(),
            next: Mutex::default(),
            arrived: Notify::new(),
            current: Mutex::default(),
            init_error: Mutex::default(),
        }
    }

    /// Sets the next event for the process.
    pub(super) fn give(&self, work: Work) {
        *lock(&self.next) = Some(work);
        self.arrived.notify_one();
    }

    pub(super) fn init_error(&self) -> Option<Reported> {
        lock(&self.init_error).clone()
    }

    pub(super) fn serve(self: Arc<Self>, listener: TcpListener) -> Server {
        serve(listener, move |request| {
            let this = Arc::clone(&self);
            async move { infallible(this.answer(request).await) }
        })
    }

    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().path().to_owned();
        let Some(path) = path.strip_prefix(PREFIX) else {
            return not_found();
        };
        let parts: Vec<&str> = path.split('/').collect();
        match (request.method().clone(), parts.as_slice()) {
            (Method::GET, ["invocation", "next"]) => self.next().await,
            (Method::POST, ["invocation", id, "response"]) => match body(request).await {
                Ok(bytes) => self.end(id, self.checked(bytes)),
                Err(reply) => reply,
            },
            (Method::POST, ["invocation", id, "error"]) => match reported(request).await {
                Ok(error) => {
                    let error = FunctionError::new(&self.function, &error.error_type, error.message);
                    self.end(id, Err(error))
                }
                Err(reply) => reply,
            },
            (Method::POST, ["init", "error"]) => match reported(request).await {
                Ok(error) => {
                    *lock(&self.init_error) = Some(error);
                    accepted()
                }
                Err(reply) => reply,
            },
            _ => not_found(),
        }
    }

    /// Waits for the next event, without a time limit.
    async fn next(&self) -> Reply {
        let work = loop {
            if let Some(work) = lock(&self.next).take() {
                break work;
            }
            self.arrived.notified().await;
        };
        let deadline = SystemTime::now() + work.timeout;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut answer = reply(StatusCode::OK, "application/json", work.payload);
        header(&mut answer, "lambda-runtime-aws-request-id", &work.request_id);
        header(&mut answer, "lambda-runtime-deadline-ms", &deadline.to_string());
        header(&mut answer, "lambda-runtime-invoked-function-arn", &work.arn);
        header(&mut answer, "lambda-runtime-trace-id", &trace_id());
        *lock(&self.current) = Some(Current {
            request_id: work.request_id,
            reply: work.reply,
        });
        let _ = work.delivered.send(());
        answer
    }

    fn checked(&self, response: Bytes) -> Result<Bytes, FunctionError> {
        if response.len() <= RESPONSE_LIMIT {
            return Ok(response);
        }
        let message = format!("Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).");
        Err(FunctionError::new(
            &self.function,
            "Function.ResponseSizeTooLarge",
            message,
        ))
    }

    fn end(&self, id: &str, result: Result<Bytes, FunctionError>) -> Reply {
        match lock(&self.current).take_if(|current| current.request_id == id) {
            Some(current) => {
                // The receiver is gone if the invocation has timed out in the meantime.
                let _ = current.reply.send(result);
                accepted()
            }
            None => reply(
                StatusCode::BAD_REQUEST,
                "application/json",
                r#"{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}"#,
            ),
        }
    }
}

async fn reported(request: Request<Incoming>) -> Result<Reported, Reply> {
    let in_header = request.headers().get("lambda-runtime-function-error-type");
    let in_header = in_header
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("Unhandled")
        .to_owned();
    let bytes = body(request).await?;
    let mut error = serde_json::from_slice(&bytes).unwrap_or_else(|_| Reported {
        error_type: String::new(),
        message: String::from_utf8_lossy(&bytes).into_owned(),
    });
    if error.error_type.is_empty() {
        error.error_type = in_header;
    }
    Ok(error)
}

fn trace_id() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (root, parent) = (fastrand::u128(..) >> 32, fastrand::u64(..));
    format!("Root=1-{seconds:08x}-{root:024x};Parent={parent:016x};Sampled=0")
}

fn accepted() -> Reply {
    reply(StatusCode::ACCEPTED, "application/json", r#"{"status":"OK"}"#)
}

fn not_found() -> Reply {
    reply(
        StatusCode::NOT_FOUND,
        "application/json",
        r#"{"errorType":"NotFound","errorMessage":"no such path"}"#,
    )
}
