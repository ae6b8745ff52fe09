//! `CreateInvalidation`, `GetInvalidation` and `ListInvalidations` as REST with XML.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;

use super::invalidations::{CreateError, Invalidation, Invalidations};
use super::xml::{self, InvalidationBatch};
use crate::aws::caller::{Killer, process_of, signed_by};
use crate::aws::iam::{Access, Iam};
use crate::faults::{Faults, InvalidationFault, InvalidationSeen, When};
use crate::http::server::{Reply, body, header, reply};
use crate::identity::{DISTRIBUTION, distribution_arn};

/// The version of the API, which begins all of its paths.
pub(crate) const PREFIX: &str = "/2020-05-31/";

/// The API, with everything that its answers depend on.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) invalidations: Invalidations,
    pub(crate) faults: Arc<dyn Faults>,
    pub(crate) killer: Killer,
    pub(crate) iam: Iam,
}

/// Closes the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed because a fault was injected")]
pub(crate) struct Cut;

impl Api {
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Reply, Cut> {
        let path = request.uri().path().to_owned();
        let parts: Vec<&str> = path
            .trim_start_matches(PREFIX)
            .trim_end_matches('/')
            .split('/')
            .collect();
        let function = signed_by(&request);
        if let Some(access) = access(request.method(), &parts)
            && let Err(denied) = self.iam.authorize(function.as_deref(), &[access])
        {
            return Ok(error(StatusCode::FORBIDDEN, "AccessDenied", &denied.to_string()));
        }
        Ok(match (request.method().clone(), parts.as_slice()) {
            (_, ["distribution", id, "invalidation", ..]) if *id != DISTRIBUTION => error(
                StatusCode::NOT_FOUND,
                "NoSuchDistribution",
                &format!("The specified distribution does not exist; the local CloudFront has only {DISTRIBUTION}"),
            ),
            (Method::POST, ["distribution", _, "invalidation"]) => {
                let caller = Caller::of(&request);
                match body(request).await {
                    Ok(bytes) => self.create_amid_faults(&caller, &bytes)?,
                    Err(reply) => reply,
                }
            }
            (Method::GET, ["distribution", _, "invalidation"]) => list(&self.invalidations, request.uri().query()),
            (Method::GET, ["distribution", _, "invalidation", id]) => self.get(id),
            _ => error(
                StatusCode::NOT_IMPLEMENTED,
                "NotImplemented",
                "the local CloudFront supports only invalidations",
            ),
        })
    }

    fn get(&self, id: &str) -> Reply {
        let all = self.invalidations.all();
        match all.iter().find(|invalidation| invalidation.id == id) {
            Some(invalidation) => reply(StatusCode::OK, "text/xml", xml::invalidation(invalidation)),
            None => error(
                StatusCode::NOT_FOUND,
                "NoSuchInvalidation",
                "The specified invalidation does not exist.",
            ),
        }
    }

    fn create_amid_faults(&self, caller: &Caller, bytes: &[u8]) -> Result<Reply, Cut> {
        let Some(batch) = InvalidationBatch::parse(bytes) else {
            return Ok(error(
                StatusCode::BAD_REQUEST,
                "MalformedXML",
                "The XML document is malformed.",
            ));
        };
        let fault = self.faults.invalidation(&InvalidationSeen {
            function: caller.function.clone(),
            paths: batch.paths.items.path.clone(),
        });
        let create = |late| create(&self.invalidations, caller.function.as_deref(), batch, late);
        let failure = |status, code: &str| {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            error(status, code, "an injected fault")
        };
        match fault {
            InvalidationFault::None => Ok(create(Duration::ZERO)),
            InvalidationFault::Stale(late) => Ok(create(late)),
            InvalidationFault::Fail(When::Before, status, code) => Ok(failure(status, code)),
            InvalidationFault::Fail(When::After, status, code) => {
                create(Duration::ZERO);
                Ok(failure(status, code))
            }
            InvalidationFault::Disconnect(when) | InvalidationFault::Kill(when) => {
                if when == When::After {
                    create(Duration::ZERO);
                }
                if matches!(fault, InvalidationFault::Kill(_)) {
                    (self.killer)(&caller.process);
                }
                Err(Cut)
            }
        }
    }
}

/// The caller of a request.
struct Caller {
    function: Option<String>,
    process: String,
}

impl Caller {
    fn of(request: &Request<Incoming>) -> Self {
        Self {
            function: signed_by(request),
            process: process_of(request.headers()),
        }
    }
}

/// The permission that a request requires: an action with the name of the operation, on the
/// distribution.
fn access(method: &Method, parts: &[&str]) -> Option<Access> {
    let (action, id) = match (method, parts) {
        (&Method::POST, ["distribution", id, "invalidation"]) => ("cloudfront:CreateInvalidation", id),
        (&Method::GET, ["distribution", id, "invalidation"]) => ("cloudfront:ListInvalidations", id),
        (&Method::GET, ["distribution", id, "invalidation", _]) => ("cloudfront:GetInvalidation", id),
        _ => return None,
    };
    Some(Access {
        action,
        resource: distribution_arn(id),
    })
}

fn create(invalidations: &Invalidations, function: Option<&str>, batch: InvalidationBatch, late: Duration) -> Reply {
    if batch.caller_reference.is_empty() {
        return error(
            StatusCode::BAD_REQUEST,
            "InvalidArgument",
            "CallerReference is missing.",
        );
    }
    let paths = batch.paths.items.path;
    if batch.paths.quantity.trim().parse() != Ok(paths.len()) {
        return error(
            StatusCode::BAD_REQUEST,
            "InconsistentQuantities",
            "The value of Quantity and the size of Items don't match.",
        );
    }
    match invalidations.create_by(function, &batch.caller_reference, paths, late) {
        Ok(invalidation) => {
            let mut answer = reply(StatusCode::CREATED, "text/xml", xml::invalidation(&invalidation));
            let location = format!("{PREFIX}distribution/{DISTRIBUTION}/invalidation/{}", invalidation.id);
            header(&mut answer, "location", &location);
            answer
        }
        Err(rejected) => {
            let (status, code) = match rejected {
                CreateError::InvalidationBatchAlreadyExists => {
                    (StatusCode::BAD_REQUEST, "InvalidationBatchAlreadyExists")
                }
                CreateError::TooManyWildcardsInProgress | CreateError::TooManyInvalidationsInProgress => {
                    (StatusCode::BAD_REQUEST, "TooManyInvalidationsInProgress")
                }
                CreateError::InvalidPath => (StatusCode::BAD_REQUEST, "InvalidArgument"),
                CreateError::BatchTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "BatchTooLarge"),
            };
            error(status, code, &rejected.to_string())
        }
    }
}

/// One page of the listing, newest first.
fn list(invalidations: &Invalidations, query: Option<&str>) -> Reply {
    let parameter = |name: &str| {
        query?
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
    };
    let max: usize = parameter("MaxItems")
        .and_then(|max| max.parse().ok())
        .unwrap_or(100)
        .clamp(1, 100);
    let marker = parameter("Marker").unwrap_or_default();
    let mut all = invalidations.all();
    all.reverse();
    let start = all
        .iter()
        .position(|invalidation| invalidation.id == marker)
        .map_or(0, |position| position + 1);
    let page: Vec<&Invalidation> = all.iter().skip(start).take(max).collect();
    let truncated = start + page.len() < all.len();
    reply(StatusCode::OK, "text/xml", xml::list(&marker, max, &page, truncated))
}

fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
    reply(status, "text/xml", xml::error(kind, code, message))
}
