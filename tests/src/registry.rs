//! An OCI registry on loopback. It stores what is pushed, and a test can set other answers:
//! missing, private, slow or invalid.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chartdrop::digest::Digest;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use local::http::server::{self, Server};
use serde_json::{Value, json};

/// The answer to requests of one path.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Status 200 with this body.
    Body(String),
    /// A status without a body.
    Status(u16),
    /// A redirect to this URL.
    Redirect(String),
    /// An upload was started and continues at this URL.
    Begun(String),
    /// No answer, ever.
    Silence,
}

#[derive(Debug, Default)]
struct State {
    /// The pushed content, by path.
    pushed: BTreeMap<String, Bytes>,
    answers: BTreeMap<String, Answer>,
    login: Option<String>,
    requests: Vec<String>,
}

/// A registry on loopback.
pub struct Registry {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _server: Server,
}

impl Registry {
    /// Starts an empty registry.
    pub async fn start() -> Self {
        let (listener, address) = server::listen().await.expect("a free port");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let server = server::serve(listener, move |request| answer(Arc::clone(&shared), address, request));
        Self {
            address,
            state,
            _server: server,
        }
    }

    /// The host, with its port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Sets the answer to a path below `/v2/`, regardless of pushed content.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.state
            .lock()
            .expect("no thread panics")
            .answers
            .insert(format!("/v2/{path}"), answer);
    }

    /// Answers a path with the pushed content again.
    pub fn answer_as_usual(&self, path: &str) {
        let answers = &mut self.state.lock().expect("no thread panics").answers;
        answers.remove(&format!("/v2/{path}"));
    }

    /// The manifest that was pushed under a name such as `charts/demo` and a tag such as `1.0.0`.
    pub fn manifest(&self, name: &str, tag: &str) -> Option<Value> {
        let bytes = self.pushed(&format!("{name}/manifests/{tag}"))?;
        Some(serde_json::from_slice(&bytes).expect("a manifest is JSON"))
    }

    /// The blob that was pushed under this name and digest.
    pub fn blob(&self, name: &str, digest: &str) -> Option<Bytes> {
        self.pushed(&format!("{name}/blobs/{digest}"))
    }

    fn pushed(&self, path: &str) -> Option<Bytes> {
        let state = self.state.lock().expect("no thread panics");
        state.pushed.get(&format!("/v2/{path}")).cloned()
    }

    /// Adds an image with several platforms.
    pub fn push(&self, image: &str, tag: &str, platforms: &[&str]) {
        let manifests: Vec<_> = platforms
            .iter()
            .map(|platform| {
                let (os, architecture) = platform.split_once('/').expect("os/architecture");
                json!({"platform": {"os": os, "architecture": architecture}})
            })
            .collect();
        self.answer(
            &format!("{image}/manifests/{tag}"),
            Answer::Body(json!({"manifests": manifests}).to_string()),
        );
    }

    /// Requires this login (`user:password`) and a token from now on. Writes require a token whose
    /// scope includes them.
    pub fn require_login(&self, login: &str) {
        self.state.lock().expect("no thread panics").login = Some(login.to_owned());
    }

    /// The requests so far, with whether each was authorized.
    pub fn requests(&self) -> Vec<String> {
        self.state.lock().expect("no thread panics").requests.clone()
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    address: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let method = request.method().to_string();
    let shown = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let shown = shown.unwrap_or_default().to_owned();
    let (login, answer) = {
        let mut state = state.lock().expect("no thread panics");
        let method = if method == "GET" {
            String::new()
        } else {
            format!("{method} ")
        };
        state.requests.push(format!(
            "{method}{path} {}",
            if shown.is_empty() { "anonymous" } else { "authorized" }
        ));
        (state.login.clone(), state.answers.get(&path).cloned())
    };
    let reply = |status: u16, body: String| {
        Response::builder()
            .status(StatusCode::from_u16(status).expect("a status"))
            .body(Full::new(Bytes::from(body)))
            .expect("an answer")
    };
    if path == "/token" {
        let right = login.is_some_and(|login| shown == format!("Basic {}", base64(&login)));
        return Ok(if right {
            let token = if query.ends_with("pull%2Cpush") {
                "wr1te"
            } else {
                "t0ken"
            };
            reply(200, json!({"token": token}).to_string())
        } else {
            reply(401, String::new())
        });
    }
    let reads = ["GET", "HEAD"].contains(&method.as_str());
    if login.is_some() && shown != "Bearer wr1te" && (shown != "Bearer t0ken" || !reads) {
        let mut rejected = reply(401, String::new());
        let challenge = format!("Bearer realm=\"http://{address}/token\",service=\"stub\",scope=\"repository:x:pull\"");
        rejected
            .headers_mut()
            .insert("www-authenticate", challenge.parse().expect("a header"));
        return Ok(rejected);
    }
    Ok(match answer {
        None => {
            let body = request.into_body().collect().await;
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            pushes(
                &mut state.lock().expect("no thread panics"),
                &method,
                &path,
                &query,
                body,
            )
        }
        Some(Answer::Body(body)) => reply(200, body),
        Some(Answer::Status(status)) => reply(status, String::new()),
        Some(Answer::Redirect(to)) => {
            let mut redirect = reply(307, String::new());
            redirect.headers_mut().insert("location", to.parse().expect("a header"));
            redirect
        }
        Some(Answer::Begun(place)) => {
            let mut begun = reply(202, String::new());
            begun.headers_mut().insert("location", place.parse().expect("a header"));
            begun
        }
        Some(Answer::Silence) => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            reply(500, String::new())
        }
    })
}

/// Handles a push as in the OCI distribution specification: POST starts a blob, PUT sends it, and a
/// manifest may name only existing blobs.
fn pushes(state: &mut State, method: &str, path: &str, query: &str, body: Bytes) -> Response<Full<Bytes>> {
    let reply = |status: u16, body: Bytes| {
        let mut reply = Response::new(Full::new(body));
        *reply.status_mut() = StatusCode::from_u16(status).expect("a status");
        reply
    };
    let rejected = |status: u16, code: &str| reply(status, json!({"errors": [{"code": code}]}).to_string().into());
    match method {
        "GET" | "HEAD" => match state.pushed.get(path) {
            Some(bytes) => reply(200, bytes.clone()),
            None => rejected(404, "MANIFEST_UNKNOWN"),
        },
        "POST" if path.ends_with("/blobs/uploads/") => {
            let mut begun = reply(202, Bytes::new());
            let location = format!("{path}1?state=2").parse().expect("a header");
            begun.headers_mut().insert("location", location);
            begun
        }
        "PUT" => {
            let named = match path.split_once("/blobs/uploads/1") {
                Some((name, "")) => {
                    let digest = format!("sha256:{}", Digest::of(&body));
                    if query != format!("state=2&digest={digest}") {
                        return rejected(400, "DIGEST_INVALID");
                    }
                    format!("{name}/blobs/{digest}")
                }
                _ => {
                    let (name, _) = path.split_once("/manifests/").expect("a manifest");
                    let manifest: Value = serde_json::from_slice(&body).expect("a manifest is JSON");
                    let layers = manifest["layers"].as_array().expect("layers");
                    let blobs = layers.iter().chain([&manifest["config"]]);
                    for blob in blobs {
                        let digest = blob["digest"].as_str().expect("a digest");
                        if !state.pushed.contains_key(&format!("{name}/blobs/{digest}")) {
                            return rejected(400, "MANIFEST_BLOB_UNKNOWN");
                        }
                    }
                    path.to_owned()
                }
            };
            state.pushed.insert(named, body);
            reply(201, Bytes::new())
        }
        _ => rejected(405, "UNSUPPORTED"),
    }
}

fn base64(text: &str) -> String {
    aws_smithy_types::base64::encode(text)
}
