//! Runs a CloudFront function.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html>

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chartdrop::size::OverLimit;
use rquickjs::{CatchResultExt as _, Context, Ctx, Runtime};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::identity::DISTRIBUTION;
use crate::sync::lock;

/// CloudFront's quota for the code of a function, in bytes.
const LONGEST: usize = 10_240;
/// CloudFront's quota for the memory of a function, in bytes.
const MEMORY: usize = 2 * 1024 * 1024;
/// The time limit of a call. CloudFront allows about a millisecond on its machines; this is long
/// enough for a slow machine, and still stops an endless loop.
const TIME: Duration = Duration::from_millis(500);
const RUNTIME: &str = "cloudfront-js-2.0";
/// Keywords of JavaScript that the runtime does not support.
const UNKNOWN: [&str; 6] = ["class", "extends", "super", "import", "export", "yield"];

/// Adds what the runtime provides beyond the language, and removes what it forbids.
const BEFORE: &str = r"
(function () {
  var forbidden = function () {
    throw new EvalError('CloudFront Functions do not evaluate code at run time');
  };
  var kinds = [function () {}, function* () {}, async function () {}, async function* () {}];
  kinds.forEach(function (kind) {
    Object.defineProperty(Object.getPrototypeOf(kind), 'constructor', { value: forbidden });
  });
  globalThis.eval = forbidden;
  globalThis.Function = forbidden;
  globalThis.console = { log: function () {}, error: function () {} };
})();
";
const AFTER: &str = r"
if (typeof handler !== 'function') {
  throw new TypeError('there is no function handler');
}
globalThis.answerAsJson = function (event) {
  var answer = handler(JSON.parse(event));
  if (answer && typeof answer.then === 'function') {
    throw new TypeError('local does not support an async handler');
  }
  return String(JSON.stringify(answer));
};
";

/// Why a function is not accepted, or does not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FunctionError {
    /// It is for another runtime.
    #[error("its runtime is {0}, but `local` runs only {RUNTIME}")]
    Runtime(String),
    /// Its code is longer than CloudFront accepts.
    #[error("its code has {0} (a quota of CloudFront)")]
    TooLong(OverLimit),
    /// It uses a keyword that the runtime does not support.
    #[error("it uses `{0}`, which {RUNTIME} does not support")]
    Feature(&'static str),
    /// It threw an error, did not end in time or needed too much memory.
    #[error("{0}")]
    Execution(String),
    /// Its answer is neither a request nor a response.
    #[error(
        "its answer is neither a request with a uri that begins with / nor a response with a statusCode from 200 to 599: {0}"
    )]
    Answer(String),
}

/// A request as a function sees it.
#[derive(Debug, Clone, Default)]
pub struct Viewer<'a> {
    /// Such as `GET`.
    pub method: &'a str,
    /// The path, as the request has it.
    pub uri: &'a str,
    /// The part after the question mark.
    pub query: &'a str,
    /// The headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
}

/// The answer of a function to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The request continues with this path.
    Request {
        /// The path for the cache and the origin.
        uri: String,
    },
    /// The function answers the client itself.
    Response {
        /// The status code.
        status: u16,
        /// The headers, by name.
        headers: BTreeMap<String, String>,
        /// The body.
        body: String,
    },
}

/// A function that runs at `viewer-request`. It answers one request at a time, within CloudFront's
/// limits.
pub struct Function {
    context: Context,
    deadline: Arc<Mutex<Instant>>,
    one_at_a_time: Mutex<()>,
}

impl Function {
    /// Loads a function.
    ///
    /// # Errors
    ///
    /// If CloudFront would not accept the function: see [`FunctionError`].
    pub fn new(text: &str, runtime: &str) -> Result<Self, FunctionError> {
        if runtime != RUNTIME {
            return Err(FunctionError::Runtime(runtime.to_owned()));
        }
        if text.len() > LONGEST {
            return Err(FunctionError::TooLong(OverLimit {
                size: text.len() as u64,
                limit: LONGEST as u64,
            }));
        }
        check_features(text)?;
        let engine = Runtime::new().map_err(failed)?;
        engine.set_memory_limit(MEMORY);
        let deadline = Arc::new(Mutex::new(Instant::now() + TIME));
        let ends = Arc::clone(&deadline);
        engine.set_interrupt_handler(Some(Box::new(move || Instant::now() > *lock(&ends))));
        let context = Context::full(&engine).map_err(failed)?;
        context.with(|ctx| {
            for script in [BEFORE, text, AFTER] {
                ctx.eval::<(), _>(script).catch(&ctx).map_err(failed)?;
            }
            Ok(())
        })?;
        Ok(Self {
            context,
            deadline,
            one_at_a_time: Mutex::default(),
        })
    }

    /// Runs the function on a request.
    ///
    /// # Errors
    ///
    /// If CloudFront would answer with an error instead.
    pub fn answer(&self, viewer: &Viewer<'_>) -> Result<Answer, FunctionError> {
        let event = event(viewer).to_string();
        let _turn = lock(&self.one_at_a_time);
        *lock(&self.deadline) = Instant::now() + TIME;
        let answer = self.context.with(|ctx| call(&ctx, event))?;
        checked(&answer)
    }
}

fn call(ctx: &Ctx<'_>, event: String) -> Result<String, FunctionError> {
    let called = ctx.globals().get("answerAsJson");
    let called = called.and_then(|answer: rquickjs::Function<'_>| answer.call((event,)));
    called.catch(ctx).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> FunctionError {
    FunctionError::Execution(error.to_string().trim_end().to_owned())
}

/// Rejects keywords that the engine here supports and CloudFront's runtime does not. It compares
/// words only, so it finds them in comments and strings as well.
fn check_features(text: &str) -> Result<(), FunctionError> {
    let words = text.split(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '$')));
    let found = words
        .into_iter()
        .find_map(|word| UNKNOWN.iter().find(|unknown| word == **unknown));
    found.map_or(Ok(()), |word| Err(FunctionError::Feature(word)))
}

/// The event for a request:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html>
fn event(viewer: &Viewer<'_>) -> Value {
    let value = |text: &str| json!({ "value": text });
    let pairs = viewer.query.split('&').filter(|pair| !pair.is_empty());
    let query: Map<String, Value> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, text)| (name.to_owned(), value(text)))
        .collect();
    let headers = viewer.headers.iter().filter(|(name, _)| *name != "cookie");
    let headers: Map<String, Value> = headers.map(|(name, text)| (name.clone(), value(text))).collect();
    json!({
        "version": "1.0",
        "context": {
            "distributionDomainName": "local.cloudfront.net",
            "distributionId": DISTRIBUTION,
            "eventType": "viewer-request",
            "requestId": "local",
        },
        "viewer": { "ip": "127.0.0.1" },
        "request": {
            "method": viewer.method,
            "uri": viewer.uri,
            "querystring": query,
            "headers": headers,
            "cookies": {},
        },
    })
}

/// The fields of a function's answer that the edge uses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    uri: Option<String>,
    status_code: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, RawValue>,
    body: Option<Value>,
}

#[derive(Deserialize)]
struct RawValue {
    value: String,
}

fn checked(answer: &str) -> Result<Answer, FunctionError> {
    let unusable = || FunctionError::Answer(answer.chars().take(200).collect());
    let raw: Raw = serde_json::from_str(answer).map_err(|_| unusable())?;
    match (raw.status_code, raw.uri) {
        (Some(status @ 200..=599), _) => Ok(Answer::Response {
            status,
            headers: raw.headers.into_iter().map(|(name, raw)| (name, raw.value)).collect(),
            body: body_text(raw.body.as_ref()),
        }),
        (None, Some(uri)) if uri.starts_with('/') => Ok(Answer::Request { uri }),
        _ => Err(unusable()),
    }
}

/// The body: a string, or `{"data": …}`.
fn body_text(body: Option<&Value>) -> String {
    let text = body.and_then(|body| body.as_str().or_else(|| body.get("data")?.as_str()));
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str, uri: &str) -> Result<Answer, FunctionError> {
        let function = Function::new(text, RUNTIME)?;
        function.answer(&Viewer {
            method: "GET",
            uri,
            query: "a=1&b",
            headers: [("host".to_owned(), "charts.example.com".to_owned())].into(),
        })
    }

    fn said(text: &str) -> String {
        answer(text, "/").unwrap_err().to_string()
    }

    #[test]
    fn a_function_sees_the_request_and_changes_its_path() {
        let text = "function handler(event) {
            var r = event.request;
            r.uri = '/' + [event.version, event.context.eventType, r.method, r.uri, r.headers.host.value, r.querystring.a.value].join();
            return r;
        }";
        assert_eq!(
            answer(text, "/x").unwrap(),
            Answer::Request {
                uri: "/1.0,viewer-request,GET,/x,charts.example.com,1".to_owned()
            }
        );
    }

    #[test]
    fn a_function_can_answer_the_request_itself() {
        let text = "function handler() {
            return { statusCode: 302, headers: { location: { value: '/b' } }, body: 'moved' };
        }";
        let Answer::Response { status, headers, body } = answer(text, "/a").unwrap() else {
            panic!("a response")
        };
        assert_eq!(
            (status, headers["location"].as_str(), body.as_str()),
            (302, "/b", "moved")
        );
    }

    #[test]
    fn a_function_that_cloudfront_would_not_accept_is_an_error() {
        let runtime = Function::new("function handler(e) { return e.request; }", "cloudfront-js-1.0");
        assert!(runtime.is_err_and(|error| error.to_string().contains("cloudfront-js-1.0")));
        let long = format!("function handler(e) {{ return e.request; }} //{}", " ".repeat(LONGEST));
        assert!(said(&long).contains("the limit is 10240 bytes"));
        assert!(said("class A {}; function handler(e) { return e.request; }").contains("`class`"));
        assert!(said("function handler( {").contains("SyntaxError") || !said("function handler( {").is_empty());
        assert!(said("var x = 1;").contains("there is no function handler"));
    }

    #[test]
    fn a_function_that_fails_at_run_time_is_an_error() {
        for (body, part) in [
            ("throw new Error('broken')", "broken"),
            ("return eval('1')", "do not evaluate code"),
            ("return new Function('return 1')()", "do not evaluate code"),
            ("return handler.constructor('return 1')()", "do not evaluate code"),
            ("while (true) {}", "interrupted"),
            (
                "var a = []; while (true) { a.push(new Array(1000).join('x') + a.length); }",
                "",
            ),
            ("return undefined", "neither a request"),
            ("return { uri: 'relative' }", "neither a request"),
            ("return { statusCode: 42 }", "neither a request"),
        ] {
            let error = said(&format!("function handler(event) {{ {body}; }}"));
            assert!(error.contains(part), "{body}: {error}");
        }
    }

    #[test]
    fn a_function_that_failed_answers_the_next_request() {
        let text = "function handler(e) { if (e.request.uri === '/loop') { while (true) {} } return e.request; }";
        let function = Function::new(text, RUNTIME).unwrap();
        let ask = |uri| {
            function.answer(&Viewer {
                uri,
                ..Viewer::default()
            })
        };
        assert!(ask("/loop").is_err());
        assert!(ask("/a").is_ok());
    }
}
