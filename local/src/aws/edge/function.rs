//! A CloudFront function: its text, executed.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html>

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rquickjs::{CatchResultExt as _, Context, Ctx, Runtime};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::identity::DISTRIBUTION;
use crate::sync::lock;

/// CloudFront's quota for the text of a function.
const LONGEST: usize = 10_240;
/// CloudFront's quota for the memory of a function.
const MEMORY: usize = 2 * 1024 * 1024;
/// CloudFront allows about a millisecond of its own machines; this is for whatever machine this is,
/// and stops what never ends.
const TIME: Duration = Duration::from_millis(500);
const RUNTIME: &str = "cloudfront-js-2.0";
/// Words of later versions of the language, which the runtime does not know.
const UNKNOWN: [&str; 6] = ["class", "extends", "super", "import", "export", "yield"];

/// What the runtime has beside the language, and what it takes away from it.
const BEFORE: &str = r"
(function () {
  var refused = function () { throw new EvalError('CloudFront Functions evaluate no code at run time'); };
  var kinds = [function () {}, function* () {}, async function () {}, async function* () {}];
  kinds.forEach(function (kind) {
    Object.defineProperty(Object.getPrototypeOf(kind), 'constructor', { value: refused });
  });
  globalThis.eval = refused;
  globalThis.Function = refused;
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
    throw new TypeError('local does not wait for an async handler');
  }
  return String(JSON.stringify(answer));
};
";

/// Why a function is not accepted, or gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FunctionError {
    /// It is for another runtime.
    #[error("its runtime is {0:?}; local executes {RUNTIME}")]
    Runtime(String),
    /// The text is longer than CloudFront accepts.
    #[error("it has {0} bytes; CloudFront accepts {LONGEST}")]
    TooLong(usize),
    /// A word of the language that the runtime does not know.
    #[error("it uses `{0}`, which is not among the features of {RUNTIME}")]
    Feature(&'static str),
    /// It threw, did not end or needed too much memory.
    #[error("{0}")]
    Execution(String),
    /// Its answer is neither a request nor a response.
    #[error("its answer is neither a request with a uri that begins with / nor a response with a statusCode: {0}")]
    Answer(String),
}

/// What a function sees of a request.
#[derive(Debug, Clone, Default)]
pub struct Viewer<'a> {
    /// Such as `GET`.
    pub method: &'a str,
    /// The path as it stands in the request.
    pub uri: &'a str,
    /// What follows the question mark.
    pub query: &'a str,
    /// By name in small letters.
    pub headers: BTreeMap<String, String>,
}

/// What a function makes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The request goes on, with this path.
    Request {
        /// For the cache and the origin.
        uri: String,
    },
    /// The function answers itself.
    Response {
        /// The status.
        status: u16,
        /// By name.
        headers: BTreeMap<String, String>,
        /// The text.
        body: String,
    },
}

/// A function that runs at `viewer-request`. Requests are answered one after another, each within
/// CloudFront's limits.
pub struct Function {
    context: Context,
    deadline: Arc<Mutex<Instant>>,
    one_at_a_time: Mutex<()>,
}

impl Function {
    /// Reads and starts a function.
    ///
    /// # Errors
    ///
    /// [`FunctionError`] where CloudFront would not accept it either.
    pub fn new(text: &str, runtime: &str) -> Result<Self, FunctionError> {
        if runtime != RUNTIME {
            return Err(FunctionError::Runtime(runtime.to_owned()));
        }
        if text.len() > LONGEST {
            return Err(FunctionError::TooLong(text.len()));
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
    /// Where CloudFront would answer with an error in its place.
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

/// Finds words only, in comments and texts too: enough to notice what the engine here knows and
/// CloudFront's does not.
fn check_features(text: &str) -> Result<(), FunctionError> {
    let words = text.split(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '$')));
    let found = words
        .into_iter()
        .find_map(|word| UNKNOWN.iter().find(|unknown| word == **unknown));
    found.map_or(Ok(()), |word| Err(FunctionError::Feature(word)))
}

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

/// As much of a function's answer as the edge acts upon.
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

/// A text, or `{"data": …}`.
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
    fn a_function_may_answer_itself() {
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
    fn what_cloudfront_would_not_accept_is_an_error() {
        let runtime = Function::new("function handler(e) { return e.request; }", "cloudfront-js-1.0");
        assert!(runtime.is_err_and(|error| error.to_string().contains("cloudfront-js-1.0")));
        let long = format!("function handler(e) {{ return e.request; }} //{}", " ".repeat(LONGEST));
        assert!(said(&long).contains("CloudFront accepts 10240"));
        assert!(said("class A {}; function handler(e) { return e.request; }").contains("`class`"));
        assert!(said("function handler( {").contains("SyntaxError") || !said("function handler( {").is_empty());
        assert!(said("var x = 1;").contains("there is no function handler"));
    }

    #[test]
    fn what_fails_at_run_time_is_an_error() {
        for (body, part) in [
            ("throw new Error('broken')", "broken"),
            ("return eval('1')", "no code at run time"),
            ("return new Function('return 1')()", "no code at run time"),
            ("return handler.constructor('return 1')()", "no code at run time"),
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
