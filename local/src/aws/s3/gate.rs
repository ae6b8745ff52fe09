//! The gate of S3: it numbers each request, checks its permissions, and injects the faults that
//! precede its effect.

use std::sync::Arc;

use http::StatusCode;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::pass::{Pass, Passed};
use super::request_log::RequestLog;
use crate::aws::caller::{Killer, function_of, process_of};
use crate::aws::iam::{Access, Asked, Denied, Iam};
use crate::events::decode_plus_and_percent;
use crate::faults::{Faults, RequestSeen, S3Fault, When};
use crate::identity::{BUCKET, SECRET_ACCESS_KEY, bucket_arn};
use crate::sync::lock;

/// The gate that every request passes once its operation is known, before it has any effect.
pub(super) struct Gate {
    pub(super) log: RequestLog,
    pub(super) faults: Arc<dyn Faults>,
    pub(super) killer: Killer,
    pub(super) iam: Iam,
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let function = cx
            .credentials()
            .and_then(|c| function_of(&c.access_key))
            .map(str::to_owned);
        let number = function.as_deref().map_or(0, |function| self.log.begin(function));
        let answered_before = function.as_deref().map_or(0, |function| self.log.answered(function));
        let key = match cx.s3_path() {
            S3Path::Object { key, .. } => key.to_string(),
            _ => String::new(),
        };
        let asked = Asked {
            operation: cx.s3_op().name(),
            path: cx.s3_path(),
            headers: cx.headers(),
        };
        let (accesses, if_missing) = (asked.accesses(), asked.accesses_if_missing());
        let seen = RequestSeen {
            function,
            operation: cx.s3_op().name().to_owned(),
            key,
            number,
            prefix: prefix(cx.uri().query().unwrap_or_default()),
        };
        let process = process_of(cx.headers());
        let fault = self.faults.s3(&seen);
        let allowed = self.authorize(&seen, accesses);
        if let Some(passed) = cx.extensions_mut().get::<Passed>() {
            *lock(&passed.0) = Some(Pass {
                seen,
                answered_before,
                fault: fault.clone(),
                process: process.clone(),
                if_missing,
            });
        }
        allowed.map_err(|denied| access_denied(&denied))?;
        match fault {
            S3Fault::Delay(When::Before, time) => tokio::time::sleep(time).await,
            S3Fault::Meet(barrier) => {
                barrier.wait().await;
            }
            S3Fault::Fail(When::Before, status, code) => return Err(error(status, code)),
            S3Fault::Disconnect(When::Before) => return Err(error(500, "InternalError")),
            S3Fault::Kill(When::Before) => {
                (self.killer)(&process);
                return Err(error(500, "InternalError"));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Gate {
    fn authorize(&self, seen: &RequestSeen, accesses: Option<Vec<Access>>) -> Result<(), Denied> {
        match (seen.function.as_deref(), accesses) {
            (Some(function), None) => {
                let resource = format!("{}/{}", bucket_arn(BUCKET), seen.key);
                Err(self.iam.deny_unknown(function, &seen.operation, &resource))
            }
            (function, accesses) => self.iam.authorize(function, &accesses.unwrap_or_default()),
        }
    }
}

pub(super) fn access_denied(denied: &Denied) -> S3Error {
    S3Error::with_message(S3ErrorCode::AccessDenied, denied.to_string())
}

/// The prefix in the query of a listing.
fn prefix(query: &str) -> String {
    let named = query.split('&').find_map(|pair| pair.strip_prefix("prefix="));
    named.and_then(decode_plus_and_percent).unwrap_or_default()
}

pub(super) fn error(status: u16, code: &str) -> S3Error {
    let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut error = S3Error::with_message(code, "an injected fault");
    if let Ok(status) = StatusCode::from_u16(status) {
        error.set_status_code(status);
    }
    error
}

/// Verifies signatures with the same secret access key for every access key.
pub(super) struct AnyKey;

#[async_trait::async_trait]
impl S3Auth for AnyKey {
    async fn get_secret_key(&self, _: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(SECRET_ACCESS_KEY))
    }
}
