//! A minimal Kubernetes API server for `helm install --dry-run=client`: Helm 3 connects to a
//! cluster and reads the known kinds, although it installs nothing.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use local::http::server::{self, Server};
use serde_json::{Value, json};

/// An API server that runs until it is dropped.
pub struct ApiServer {
    /// The URL for `--kube-apiserver`.
    pub url: String,
    _server: Server,
}

impl ApiServer {
    /// Starts the server.
    pub async fn start() -> Self {
        let (listener, address) = server::listen().await.expect("a free port");
        Self {
            url: format!("http://{address}"),
            _server: server::serve(listener, answer),
        }
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match discovery(request.uri().path()) {
        Some(body) => (StatusCode::OK, body),
        None => (StatusCode::NOT_FOUND, not_found()),
    };
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    Ok(response.body(Full::from(body.to_string())).expect("an answer"))
}

/// The answer for every object: none exists, so that everything can be installed.
fn not_found() -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404})
}

fn discovery(path: &str) -> Option<Value> {
    Some(match path {
        "/version" => json!({"major": "1", "minor": "37", "gitVersion": "v1.37.0"}),
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"]}),
        "/apis" => json!({
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [group("apps"), group("rbac.authorization.k8s.io")],
        }),
        "/api/v1" => kinds(
            "v1",
            &[
                ("serviceaccounts", "ServiceAccount", true),
                ("configmaps", "ConfigMap", true),
            ],
        ),
        "/apis/apps/v1" => kinds("apps/v1", &[("deployments", "Deployment", true)]),
        "/apis/rbac.authorization.k8s.io/v1" => kinds(
            "rbac.authorization.k8s.io/v1",
            &[
                ("clusterroles", "ClusterRole", false),
                ("clusterrolebindings", "ClusterRoleBinding", false),
            ],
        ),
        _ => return None,
    })
}

fn group(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn kinds(group_version: &str, kinds: &[(&str, &str, bool)]) -> Value {
    let resources: Vec<Value> = kinds
        .iter()
        .map(|(name, kind, namespaced)| {
            json!({"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get", "create"]})
        })
        .collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources})
}
