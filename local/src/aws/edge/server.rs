//! The edge over HTTP/1.1.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use http::{HeaderMap, Method, Request, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;

use super::cache::{CacheResult, Edge};
use super::function::{Answer, Viewer};
use super::range::{self, Wanted};
use crate::aws::s3::Object;
use crate::http::server::{self, Reply, Server, header, infallible, reply};

pub(crate) fn serve(listener: TcpListener, edge: Edge) -> Server {
    server::serve(listener, move |request| {
        let edge = edge.clone();
        async move { infallible(answer(&edge, &request)) }
    })
}

fn answer(edge: &Edge, request: &Request<Incoming>) -> Reply {
    let distribution = &edge.distribution;
    let mut answer = if distribution.methods.contains(request.method()) {
        behind_the_function(edge, request)
    } else {
        error(
            StatusCode::FORBIDDEN,
            "MethodNotAllowed",
            "This distribution is not configured to allow the HTTP request method that was used for this request.",
        )
    };
    distribution
        .headers
        .add_to(&mut answer, text(request.headers(), "origin"));
    header(&mut answer, "via", "1.1 local (CloudFront)");
    answer
}

/// Runs the CloudFront function on a request, then answers from the cache.
fn behind_the_function(edge: &Edge, request: &Request<Incoming>) -> Reply {
    let path = request.uri().path();
    if !path.starts_with('/') {
        return error(
            StatusCode::BAD_REQUEST,
            "InvalidURI",
            "Couldn't parse the specified URI.",
        );
    }
    let Some(function) = &edge.distribution.function else {
        return from_the_cache(edge, request.headers(), request.method(), path);
    };
    match function.answer(&viewer(request)) {
        Ok(Answer::Request { uri }) => from_the_cache(edge, request.headers(), request.method(), &uri),
        Ok(Answer::Response { status, headers, body }) => generated(status, &headers, body),
        Err(failed) => {
            tracing::warn!(%failed, "the function at the edge failed");
            let mut answer = error(
                StatusCode::SERVICE_UNAVAILABLE,
                "FunctionExecutionError",
                &failed.to_string(),
            );
            header(&mut answer, "x-cache", "FunctionExecutionError from cloudfront");
            answer
        }
    }
}

fn viewer(request: &Request<Incoming>) -> Viewer<'_> {
    let headers = request.headers().iter();
    Viewer {
        method: request.method().as_str(),
        uri: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: headers
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect(),
    }
}

fn generated(status: u16, headers: &BTreeMap<String, String>, body: String) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut answer = reply(status, "text/plain", body);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::from_str(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    header(&mut answer, "x-cache", "FunctionGeneratedResponse from cloudfront");
    answer
}

fn from_the_cache(edge: &Edge, request: &HeaderMap, method: &Method, path: &str) -> Reply {
    let root = edge.distribution.root_object.as_deref().filter(|_| path == "/");
    let path = root.map_or_else(|| path.to_owned(), |object| format!("/{object}"));
    let served = edge.serve(&path);
    let mut answer = match &served.object {
        None => error(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist."),
        Some(object) => of_object(object, request, method),
    };
    let result = match served.result {
        CacheResult::Hit => "Hit from cloudfront",
        CacheResult::Miss => "Miss from cloudfront",
        CacheResult::RefreshHit => "RefreshHit from cloudfront",
        CacheResult::Error(_) => "Error from cloudfront",
    };
    header(&mut answer, "x-cache", result);
    if matches!(served.result, CacheResult::Hit | CacheResult::Error(true)) {
        header(&mut answer, "age", &served.age.as_secs().to_string());
    }
    answer
}

/// The answer with the object, with a part of it, or without a body if a condition says so. hyper
/// sends no body in answer to HEAD.
fn of_object(object: &Object, request: &HeaderMap, method: &Method) -> Reply {
    if not_modified(request, object) {
        return with_properties(reply(StatusCode::NOT_MODIFIED, "", ""), object);
    }
    let len = object.bytes.len();
    let range = text(request, "range").filter(|_| *method == Method::GET && is_unchanged(request, object));
    match range::wanted(range, len) {
        Wanted::Whole => with_properties(reply(StatusCode::OK, "", object.bytes.clone()), object),
        Wanted::Part(part) => {
            let told = format!("bytes {}-{}/{len}", part.start, part.end.saturating_sub(1));
            let bytes = object.bytes.slice(part);
            let mut answer = with_properties(reply(StatusCode::PARTIAL_CONTENT, "", bytes), object);
            header(&mut answer, "content-range", &told);
            answer
        }
        Wanted::Unsatisfiable => {
            let mut answer = error(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "InvalidRange",
                "The requested range is not satisfiable",
            );
            header(&mut answer, "content-range", &format!("bytes */{len}"));
            answer
        }
    }
}

/// `If-Range`: whether the object is still the one of which the client already has parts.
fn is_unchanged(request: &HeaderMap, object: &Object) -> bool {
    text(request, "if-range")
        .is_none_or(|known| known == quoted(object) || known == httpdate::fmt_http_date(object.last_modified))
}

fn with_properties(mut answer: Reply, object: &Object) -> Reply {
    let headers = &object.headers;
    answer.headers_mut().remove("content-type");
    for (name, value) in [
        ("content-type", &headers.content_type),
        ("cache-control", &headers.cache_control),
        ("content-disposition", &headers.content_disposition),
        ("content-language", &headers.content_language),
        // As the writer of the object set it; the edge itself never compresses.
        ("content-encoding", &headers.content_encoding),
        ("expires", &headers.expires),
    ] {
        if let Some(value) = value {
            header(&mut answer, name, value);
        }
    }
    header(&mut answer, "etag", &quoted(object));
    header(
        &mut answer,
        "last-modified",
        &httpdate::fmt_http_date(object.last_modified),
    );
    header(&mut answer, "accept-ranges", "bytes");
    header(&mut answer, "server", "AmazonS3");
    for (name, value) in &object.metadata {
        let name = http::HeaderName::try_from(format!("x-amz-meta-{name}"));
        if let (Ok(name), Ok(value)) = (name, http::HeaderValue::from_str(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

fn quoted(object: &Object) -> String {
    format!("\"{}\"", object.etag)
}

fn not_modified(request: &HeaderMap, object: &Object) -> bool {
    if let Some(etags) = text(request, "if-none-match") {
        let named = |etag: &str| etag == "*" || etag.trim_start_matches("W/") == quoted(object);
        return etags.split(',').map(str::trim).any(named);
    }
    let seconds =
        |time: std::time::SystemTime| time.duration_since(UNIX_EPOCH).map(|d| d.as_secs()).unwrap_or_default();
    let since = text(request, "if-modified-since").and_then(|date| httpdate::parse_http_date(date).ok());
    since.is_some_and(|since| seconds(object.last_modified) <= seconds(since))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    reply(status, "application/xml", body)
}
