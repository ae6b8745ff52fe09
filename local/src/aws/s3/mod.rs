//! The bucket over HTTP, for any AWS SDK or CLI.
//!
//! `s3s` speaks the protocol (routing, signatures, `aws-chunked` bodies); [`Store`] is ours. This module is the front:
//! it reads `+` in a path as S3 does, logs what the functions ask for, and is where faults are injected.
//!
//! Anybody may ask without a signature (`curl -T chart.tgz …` is enough); a signature, if there is one, is verified
//! with the secret key [`SECRET_ACCESS_KEY`] whatever the access key. The functions have access keys of their own, and what they
//! ask for is held against their policies ([`crate::aws::iam`]).

mod checksums;
mod conditions;
mod damage;
mod disk;
mod listing;
mod multipart;
pub(crate) mod notifications;
mod operations;
mod request_log;
mod service;
mod storage;
pub(crate) mod store;

use std::sync::{Arc, Mutex};

use http::{Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Error, S3ErrorCode, S3Result};
use tokio::net::TcpListener;

pub use self::checksums::{Algorithm, Checksums};
pub(crate) use self::disk::Disk;
pub use self::request_log::{LoggedRequest, RequestLog};
pub use self::storage::{Encryption, Storage};
pub use self::store::{Headers, Object, Store};
use crate::aws::caller::{Killer, function_of, process_of};
use crate::aws::iam::{Access, Asked, Denied, Iam};
use crate::faults::{Faults, RequestSeen, S3Fault, When};
use crate::http::{Server, serve};
use crate::identity::{BUCKET, SECRET_ACCESS_KEY, bucket_arn};
use crate::sync::lock;

/// What the listener needs besides the bucket.
pub(crate) struct Front {
    pub(crate) store: Store,
    pub(crate) log: RequestLog,
    pub(crate) faults: Arc<dyn Faults>,
    pub(crate) killer: Killer,
    pub(crate) iam: Iam,
}

impl Front {
    pub(crate) fn serve(self, listener: TcpListener) -> Server {
        let mut builder = S3ServiceBuilder::new(service::Service {
            store: self.store.clone(),
        });
        builder.set_auth(AnyKey);
        builder.set_access(Gate {
            log: self.log.clone(),
            faults: self.faults,
            killer: Arc::clone(&self.killer),
            iam: self.iam.clone(),
        });
        let service = builder.build();
        let (log, killer, iam) = (self.log, self.killer, self.iam);
        serve(listener, move |request| {
            answer(service.clone(), log.clone(), Arc::clone(&killer), iam.clone(), request)
        })
    }
}

/// What the gate learned about a request, for the log and for faults after the effect.
#[derive(Clone, Default)]
struct Passed(Arc<Mutex<Option<Pass>>>);

struct Pass {
    seen: RequestSeen,
    answered_before: usize,
    fault: S3Fault,
    process: String,
    /// What the answer takes if it is that the object is missing.
    if_missing: Option<Access>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn answer(
    service: S3Service,
    log: RequestLog,
    killer: Killer,
    iam: Iam,
    request: Request<Incoming>,
) -> Result<Response<s3s::Body>, Failure> {
    let passed = Passed::default();
    let mut request = request.map(|body| damage::on_arrival(body, passed.clone()));
    if let Some(uri) = plus_is_space(request.uri()) {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(passed.clone());
    let mut response = service.call(request).await?;
    response.headers_mut().insert("x-amz-request-id", request_id());
    let pass = lock(&passed.0).take();
    let Some(Pass {
        seen,
        answered_before,
        fault,
        process,
        if_missing,
    }) = pass
    else {
        return Ok(response);
    };
    if response.status() == StatusCode::NOT_FOUND
        && let Err(denied) = iam.authorize(seen.function.as_deref(), if_missing.as_slice())
    {
        response = access_denied(&denied).to_http_response()?;
    }
    let mut cut = matches!(fault, S3Fault::Disconnect(_) | S3Fault::Kill(_));
    match fault {
        S3Fault::Delay(When::After, time) => tokio::time::sleep(time).await,
        S3Fault::Fail(When::After, status, code) => response = error(status, code).to_http_response()?,
        S3Fault::Kill(When::After) => killer(&process),
        S3Fault::Corrupt(When::After) => response = damage::corrupted(response).await,
        S3Fault::Cut => match damage::halved(response).await {
            Some(half) => response = half,
            None => (response, cut) = (Response::default(), true),
        },
        _ => {}
    }
    if let Some(function) = seen.function {
        let status = if cut { 0 } else { response.status().as_u16() };
        log.add(LoggedRequest {
            function,
            operation: seen.operation,
            key: seen.key,
            status,
            answered_before,
        });
    }
    if cut {
        return Err("the connection is cut, as asked".into());
    }
    Ok(response)
}

/// Every request passes here once its operation is known and before it has any effect.
struct Gate {
    log: RequestLog,
    faults: Arc<dyn Faults>,
    killer: Killer,
    iam: Iam,
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let function = cx
            .credentials()
            .and_then(|c| function_of(&c.access_key))
            .map(str::to_owned);
        let number = function.as_deref().map_or(0, |function| self.log.begin(function));
        let answered_before = function.as_deref().map_or(0, |function| self.log.answered(function));
        let key = match cx.s3_path() {
            S3Path::Object { key, .. } => key.to_string(),
            _ => String::new(),
        };
        let asked = Asked {
            operation: cx.s3_op().name(),
            path: cx.s3_path(),
            headers: cx.headers(),
        };
        let (accesses, if_missing) = (asked.accesses(), asked.accesses_if_missing());
        let seen = RequestSeen {
            function,
            operation: cx.s3_op().name().to_owned(),
            key,
            number,
            prefix: prefix(cx.uri().query().unwrap_or_default()),
        };
        let process = process_of(cx.headers());
        let fault = self.faults.s3(&seen);
        let allowed = self.authorize(&seen, accesses);
        if let Some(passed) = cx.extensions_mut().get::<Passed>() {
            *lock(&passed.0) = Some(Pass {
                seen,
                answered_before,
                fault: fault.clone(),
                process: process.clone(),
                if_missing,
            });
        }
        allowed.map_err(|denied| access_denied(&denied))?;
        match fault {
            S3Fault::Delay(When::Before, time) => tokio::time::sleep(time).await,
            S3Fault::Meet(barrier) => {
                barrier.wait().await;
            }
            S3Fault::Fail(When::Before, status, code) => return Err(error(status, code)),
            S3Fault::Disconnect(When::Before) => return Err(error(500, "InternalError")),
            S3Fault::Kill(When::Before) => {
                (self.killer)(&process);
                return Err(error(500, "InternalError"));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Gate {
    fn authorize(&self, seen: &RequestSeen, accesses: Option<Vec<Access>>) -> Result<(), Denied> {
        match (seen.function.as_deref(), accesses) {
            (Some(function), None) => {
                let resource = format!("{}/{}", bucket_arn(BUCKET), seen.key);
                Err(self.iam.deny_unknown(function, &seen.operation, &resource))
            }
            (function, accesses) => self.iam.authorize(function, &accesses.unwrap_or_default()),
        }
    }
}

fn access_denied(denied: &Denied) -> S3Error {
    S3Error::with_message(S3ErrorCode::AccessDenied, denied.to_string())
}

/// The prefix that the query of a listing names.
fn prefix(query: &str) -> String {
    let named = query.split('&').find_map(|pair| pair.strip_prefix("prefix="));
    named.and_then(decode_plus_and_percent).unwrap_or_default()
}

fn error(status: u16, code: &str) -> S3Error {
    let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut error = S3Error::with_message(code, "a fault, as asked");
    if let Ok(status) = StatusCode::from_u16(status) {
        error.set_status_code(status);
    }
    error
}

fn request_id() -> http::HeaderValue {
    http::HeaderValue::from_str(&format!("{:016X}", fastrand::u64(..))).unwrap_or(http::HeaderValue::from_static("0"))
}

struct AnyKey;

#[async_trait::async_trait]
impl S3Auth for AnyKey {
    async fn get_secret_key(&self, _: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(SECRET_ACCESS_KEY))
    }
}

/// S3's REST endpoint reads a raw `+` in a path as a space, as forms do; `s3s` decodes `%XX` only.
fn plus_is_space(uri: &Uri) -> Option<Uri> {
    if !uri.path().contains('+') {
        return None;
    }
    let path = uri.path().replace('+', "%20");
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Decodes a path or an event's key as S3 does.
pub(crate) fn decode_plus_and_percent(text: &str) -> Option<String> {
    let text = text.replace('+', "%20");
    percent_decode_str(&text)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}
