//! The edge over HTTP/1.1.

use std::time::UNIX_EPOCH;

use http::{HeaderMap, Method, Request, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;

use super::cache::{CacheResult, Edge};
use crate::http::{Reply, Server, header, infallible, reply};
use crate::s3::Object;

pub(crate) fn serve(listener: TcpListener, edge: Edge) -> Server {
    crate::http::serve(listener, move |request| {
        let edge = edge.clone();
        async move { infallible(answer(&edge, &request)) }
    })
}

fn answer(edge: &Edge, request: &Request<Incoming>) -> Reply {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return error(
            StatusCode::FORBIDDEN,
            "MethodNotAllowed",
            "This distribution is not configured to allow the HTTP request method that was used for this request.",
        );
    }
    let path = request.uri().path();
    if !path.starts_with('/') {
        return error(
            StatusCode::BAD_REQUEST,
            "InvalidURI",
            "Couldn't parse the specified URI.",
        );
    }
    let served = edge.serve(path);
    let mut answer = match &served.object {
        None => error(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist."),
        Some(object) if not_modified(request.headers(), object) => {
            with_properties(reply(StatusCode::NOT_MODIFIED, "", ""), object)
        }
        // hyper sends the length but not the bytes in answer to HEAD.
        Some(object) => with_properties(reply(StatusCode::OK, "", object.bytes.clone()), object),
    };
    let result = match served.result {
        CacheResult::Hit => "Hit from cloudfront",
        CacheResult::Miss => "Miss from cloudfront",
        CacheResult::RefreshHit => "RefreshHit from cloudfront",
        CacheResult::Error(_) => "Error from cloudfront",
    };
    header(&mut answer, "x-cache", result);
    header(&mut answer, "via", "1.1 local (CloudFront)");
    if matches!(served.result, CacheResult::Hit | CacheResult::Error(true)) {
        header(&mut answer, "age", &served.age.as_secs().to_string());
    }
    answer
}

fn with_properties(mut answer: Reply, object: &Object) -> Reply {
    let headers = &object.headers;
    answer.headers_mut().remove("content-type");
    for (name, value) in [
        ("content-type", &headers.content_type),
        ("cache-control", &headers.cache_control),
        ("content-disposition", &headers.content_disposition),
        ("content-language", &headers.content_language),
        // Stored by whoever wrote the object; the edge itself never compresses.
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
    let text = |name: &str| request.get(name).and_then(|value| value.to_str().ok());
    if let Some(etags) = text("if-none-match") {
        let named = |etag: &str| etag == "*" || etag.trim_start_matches("W/") == quoted(object);
        return etags.split(',').map(str::trim).any(named);
    }
    let seconds =
        |time: std::time::SystemTime| time.duration_since(UNIX_EPOCH).map(|d| d.as_secs()).unwrap_or_default();
    let since = text("if-modified-since").and_then(|date| httpdate::parse_http_date(date).ok());
    since.is_some_and(|since| seconds(object.last_modified) <= seconds(since))
}

fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    reply(status, "application/xml", body)
}
