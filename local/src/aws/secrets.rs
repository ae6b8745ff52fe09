//! Secrets Manager's `GetSecretValue`, for the one secret that a run can have.

use std::sync::{Arc, Mutex};

use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::json;

use crate::aws::caller::signed_by;
use crate::aws::iam::{Access, Iam};
use crate::http::server::{Reply, body, reply};
use crate::identity::{SECRET_NAME, secret_arn};
use crate::sync::lock;

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// The secret's value. It may change between requests, as after a rotation.
#[derive(Clone, Default)]
pub(crate) struct Value(Arc<Mutex<Option<String>>>);

impl Value {
    pub(crate) fn new(value: Option<String>) -> Self {
        Self(Arc::new(Mutex::new(value)))
    }

    pub(crate) fn set(&self, value: Option<String>) {
        *lock(&self.0) = value;
    }

    pub(crate) fn get(&self) -> Option<String> {
        lock(&self.0).clone()
    }
}

/// Answers a request whose `X-Amz-Target` starts with `secretsmanager.`.
pub(crate) async fn answer(secret: Option<&str>, iam: &Iam, request: Request<Incoming>) -> Reply {
    let function = signed_by(&request);
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    if target != "secretsmanager.GetSecretValue" {
        return error(
            "InvalidAction",
            &format!("the local Secrets Manager knows GetSecretValue, not {target}"),
        );
    }
    let bytes = match body(request).await {
        Ok(bytes) => bytes,
        Err(reply) => return reply,
    };
    let Ok(serde_json::Value::Object(input)) = serde_json::from_slice(&bytes) else {
        return error("SerializationException", "the body is not a JSON object");
    };
    let Some(id) = input.get("SecretId").and_then(serde_json::Value::as_str) else {
        return error("ValidationException", "SecretId is missing");
    };
    let arn = secret_arn();
    let access = Access {
        action: "secretsmanager:GetSecretValue",
        resource: if id == SECRET_NAME { arn.clone() } else { id.to_owned() },
    };
    if let Err(denied) = iam.authorize(function.as_deref(), &[access]) {
        return error("AccessDeniedException", &denied.to_string());
    }
    match secret.filter(|_| id == SECRET_NAME || id == arn) {
        Some(value) => reply(StatusCode::OK, CONTENT_TYPE, found(value).to_string()),
        None => error(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        ),
    }
}

fn found(value: &str) -> serde_json::Value {
    json!({
        "ARN": secret_arn(),
        "Name": SECRET_NAME,
        "VersionId": "00000000-0000-4000-8000-000000000001",
        "SecretString": value,
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 0,
    })
}

fn error(code: &str, message: &str) -> Reply {
    reply(
        StatusCode::BAD_REQUEST,
        CONTENT_TYPE,
        json!({ "__type": code, "Message": message }).to_string(),
    )
}
