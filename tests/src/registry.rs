//! A registry on loopback that says what a test wants: present, missing, private, slow, garbage.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What is answered to one path.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A body.
    Body(String),
    /// A status without one.
    Status(u16),
    /// A redirect.
    Redirect(String),
    /// Nothing, for ever.
    Silence,
}

#[derive(Debug, Default)]
struct State {
    answers: BTreeMap<String, Answer>,
    login: Option<String>,
    requests: Vec<String>,
}

/// See the module.
pub struct Registry {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Registry {
    /// An empty one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(Arc::clone(&state), address, request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Registry { address, state, server }
    }

    /// Its host, with the port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What is answered to a path below `/v2/` from now on.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.state
            .lock()
            .expect("nobody panics")
            .answers
            .insert(format!("/v2/{path}"), answer);
    }

    /// An image of several platforms.
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

    /// Only `user:password` gets answers from now on, with a token.
    pub fn require_login(&self, login: &str) {
        self.state.lock().expect("nobody panics").login = Some(login.to_owned());
    }

    /// The requests so far, each with whether it was authorized.
    pub fn requests(&self) -> Vec<String> {
        self.state.lock().expect("nobody panics").requests.clone()
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    address: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let path = request.uri().path().to_owned();
    let shown = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let shown = shown.unwrap_or_default().to_owned();
    let (login, answer) = {
        let mut state = state.lock().expect("nobody panics");
        state.requests.push(format!(
            "{path} {}",
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
            reply(200, json!({"token": "t0ken"}).to_string())
        } else {
            reply(401, String::new())
        });
    }
    if login.is_some() && shown != "Bearer t0ken" {
        let mut refused = reply(401, String::new());
        let challenge = format!("Bearer realm=\"http://{address}/token\",service=\"stub\",scope=\"repository:x:pull\"");
        refused
            .headers_mut()
            .insert("www-authenticate", challenge.parse().expect("a header"));
        return Ok(refused);
    }
    Ok(match answer {
        None => reply(404, String::new()),
        Some(Answer::Body(body)) => reply(200, body),
        Some(Answer::Status(status)) => reply(status, String::new()),
        Some(Answer::Redirect(to)) => {
            let mut redirect = reply(307, String::new());
            redirect.headers_mut().insert("location", to.parse().expect("a header"));
            redirect
        }
        Some(Answer::Silence) => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            reply(500, String::new())
        }
    })
}

fn base64(text: &str) -> String {
    aws_smithy_types::base64::encode(text)
}
