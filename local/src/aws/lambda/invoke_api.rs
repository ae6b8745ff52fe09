//! Lambda's Invoke API, so that `cargo lambda invoke`, the AWS CLI and the SDKs can call the
//! functions.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::queue::Lambda;
use crate::aws::request_id::new_request_id;
use crate::http::server::{Reply, body, header, reply};

/// The version of the API, which begins all of its paths.
pub(crate) const PREFIX: &str = "/2015-03-31/functions/";
/// Lambda's limit for asynchronous events.
const EVENT_LIMIT: usize = 1 << 20;
/// Lambda's limit for synchronous events.
const REQUEST_LIMIT: usize = 6 << 20;

pub(crate) async fn answer(lambda: &Lambda, request: Request<Incoming>) -> Reply {
    let path = request.uri().path().to_owned();
    let name = path
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix("/invocations"));
    let (Some(name), &Method::POST) = (name, request.method()) else {
        return error(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            "the local Lambda supports only Invoke",
        );
    };
    let name = percent_decode_str(name).decode_utf8_lossy();
    // The path holds a name, a partial ARN or a full ARN.
    let name = name
        .rsplit("function:")
        .next()
        .unwrap_or_default()
        .split(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    let kind = request
        .headers()
        .get("x-amz-invocation-type")
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("RequestResponse").to_owned();
    if !lambda.has(&name) {
        let message = format!("Function not found: {name}");
        return error(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    }
    let bytes = match body(request).await {
        Ok(bytes) => bytes,
        Err(reply) => return reply,
    };
    let limit = if kind == "Event" { EVENT_LIMIT } else { REQUEST_LIMIT };
    if bytes.len() > limit {
        let message = format!(
            "{} byte payload is too large for the {kind} invocation type (limit {limit} bytes)",
            bytes.len()
        );
        return error(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message);
    }
    let payload: Value = match if bytes.is_empty() {
        Ok(json!({}))
    } else {
        serde_json::from_slice(&bytes)
    } {
        Ok(payload) => payload,
        Err(problem) => {
            let message = format!("Could not parse request body into json: {problem}");
            return error(StatusCode::BAD_REQUEST, "InvalidRequestContentException", &message);
        }
    };
    match kind.as_str() {
        "Event" => {
            let request_id = lambda.invoke_async(&name, &payload);
            with_id(reply(StatusCode::ACCEPTED, "application/json", ""), &request_id)
        }
        "DryRun" => with_id(reply(StatusCode::NO_CONTENT, "application/json", ""), &new_request_id()),
        "RequestResponse" => wait(lambda, &name, &payload).await,
        other => {
            let message = format!("Value '{other}' at 'invocationType' failed to satisfy constraint");
            error(StatusCode::BAD_REQUEST, "InvalidParameterValueException", &message)
        }
    }
}

async fn wait(lambda: &Lambda, name: &str, payload: &Value) -> Reply {
    let mut answer = match lambda.invoke(name, payload).await {
        Ok(response) => reply(StatusCode::OK, "application/json", response.to_string()),
        Err(failed) => {
            let failed = serde_json::to_string(&failed).unwrap_or_default();
            let mut answer = reply(StatusCode::OK, "application/json", failed);
            header(&mut answer, "x-amz-function-error", "Unhandled");
            answer
        }
    };
    header(&mut answer, "x-amz-executed-version", "$LATEST");
    with_id(answer, &new_request_id())
}

fn with_id(mut answer: Reply, request_id: &str) -> Reply {
    header(&mut answer, "x-amzn-requestid", request_id);
    answer
}

fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let body = json!({ "Type": "User", "Message": message, "message": message }).to_string();
    let mut answer = reply(status, "application/json", body);
    header(&mut answer, "x-amzn-errortype", code);
    answer
}
