//! The listener of S3. `s3s` implements the protocol; this module logs requests and injects the
//! faults that follow a request's effect.

use std::sync::Arc;

use http::{Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;

use super::damage;
use super::gate::{AnyKey, Gate, access_denied, error};
use super::pass::{Failure, Pass, Passed};
use super::request_log::{LoggedRequest, RequestLog};
use super::service::Service;
use super::store::Store;
use crate::aws::caller::Killer;
use crate::aws::iam::Iam;
use crate::faults::{Faults, S3Fault, When};
use crate::http::server::{Server, serve};
use crate::sync::lock;

/// The listener, with everything that it depends on.
pub(crate) struct Front {
    pub(crate) store: Store,
    pub(crate) log: RequestLog,
    pub(crate) faults: Arc<dyn Faults>,
    pub(crate) killer: Killer,
    pub(crate) iam: Iam,
}

impl Front {
    pub(crate) fn serve(self, listener: TcpListener) -> Server {
        let mut builder = S3ServiceBuilder::new(Service {
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
        return Err("the connection is closed because a fault was injected".into());
    }
    Ok(response)
}

fn request_id() -> http::HeaderValue {
    http::HeaderValue::from_str(&format!("{:016X}", fastrand::u64(..))).unwrap_or(http::HeaderValue::from_static("0"))
}

/// The path with `%20` in place of a raw `+`: S3's REST endpoint reads it as a space, as forms do,
/// but `s3s` decodes only `%XX`.
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
