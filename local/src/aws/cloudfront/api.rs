//! `CreateInvalidation`, `GetInvalidation` and `ListInvalidations` as REST with XML.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use quick_xml::events::Event;
use quick_xml::{Reader, escape};

use super::invalidations::{CreateError, Invalidation, Invalidations};
use crate::aws::caller::{Killer, process_of, signed_by};
use crate::aws::iam::{Access, Iam};
use crate::aws::request_id::new_request_id;
use crate::faults::{Faults, InvalidationFault, InvalidationSeen, When};
use crate::http::server::{Reply, body, header, reply};
use crate::identity::{DISTRIBUTION, distribution_arn};

/// The version of the API, and the start of all its paths.
pub(crate) const PREFIX: &str = "/2020-05-31/";
const NAMESPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";

/// What the API needs besides the invalidations.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) invalidations: Invalidations,
    pub(crate) faults: Arc<dyn Faults>,
    pub(crate) killer: Killer,
    pub(crate) iam: Iam,
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut, as asked")]
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
                &format!("The specified distribution does not exist; the local CloudFront has one: {DISTRIBUTION}"),
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
                "the local CloudFront knows invalidations only",
            ),
        })
    }

    fn get(&self, id: &str) -> Reply {
        let all = self.invalidations.all();
        match all.iter().find(|invalidation| invalidation.id == id) {
            Some(invalidation) => reply(StatusCode::OK, "text/xml", document(invalidation)),
            None => error(
                StatusCode::NOT_FOUND,
                "NoSuchInvalidation",
                "The specified invalidation does not exist.",
            ),
        }
    }

    fn create_amid_faults(&self, caller: &Caller, bytes: &[u8]) -> Result<Reply, Cut> {
        let Some(batch) = Batch::parse(bytes) else {
            return Ok(error(
                StatusCode::BAD_REQUEST,
                "MalformedXML",
                "The XML document is malformed.",
            ));
        };
        let fault = self.faults.invalidation(&InvalidationSeen {
            function: caller.function.clone(),
            paths: batch.paths.clone(),
        });
        let create = |late| create(&self.invalidations, caller.function.as_deref(), batch, late);
        let failure = |status, code: &str| {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            error(status, code, "a fault, as asked")
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

/// Who asks.
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

/// What the request takes: the action of each operation has its name, and all are about the distribution.
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

fn create(invalidations: &Invalidations, function: Option<&str>, batch: Batch, late: Duration) -> Reply {
    let Some(caller_reference) = batch.caller_reference.filter(|reference| !reference.is_empty()) else {
        return error(
            StatusCode::BAD_REQUEST,
            "InvalidArgument",
            "CallerReference is missing.",
        );
    };
    if batch.quantity != Some(batch.paths.len()) {
        return error(
            StatusCode::BAD_REQUEST,
            "InconsistentQuantities",
            "The value of Quantity and the size of Items don't match.",
        );
    }
    match invalidations.create_by(function, &caller_reference, batch.paths, late) {
        Ok(invalidation) => {
            let mut answer = reply(StatusCode::CREATED, "text/xml", document(&invalidation));
            let location = format!("{PREFIX}distribution/{DISTRIBUTION}/invalidation/{}", invalidation.id);
            header(&mut answer, "location", &location);
            answer
        }
        Err(refused) => {
            let (status, code) = match refused {
                CreateError::InvalidationBatchAlreadyExists => {
                    (StatusCode::BAD_REQUEST, "InvalidationBatchAlreadyExists")
                }
                CreateError::TooManyWildcardsInProgress | CreateError::TooManyInvalidationsInProgress => {
                    (StatusCode::BAD_REQUEST, "TooManyInvalidationsInProgress")
                }
                CreateError::InvalidPath => (StatusCode::BAD_REQUEST, "InvalidArgument"),
                CreateError::BatchTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "BatchTooLarge"),
            };
            error(status, code, &refused.to_string())
        }
    }
}

/// Pages go from the newest to the oldest.
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
    let items: String = page
        .iter()
        .map(|i| {
            let (id, created, status) = (&i.id, created(i), status(i));
            format!(
                "<InvalidationSummary><Id>{id}</Id><CreateTime>{created}</CreateTime>\
                 <Status>{status}</Status></InvalidationSummary>"
            )
        })
        .collect();
    let next = page
        .last()
        .filter(|_| truncated)
        .map(|last| format!("<NextMarker>{}</NextMarker>", last.id));
    let document = format!(
        "<?xml version=\"1.0\"?>\n<InvalidationList xmlns=\"{NAMESPACE}\"><Marker>{}</Marker>{}<MaxItems>{max}</MaxItems>\
         <IsTruncated>{truncated}</IsTruncated><Quantity>{}</Quantity><Items>{items}</Items></InvalidationList>",
        escape::escape(&*marker),
        next.unwrap_or_default(),
        page.len(),
    );
    reply(StatusCode::OK, "text/xml", document)
}

fn document(invalidation: &Invalidation) -> String {
    let paths: String = invalidation
        .paths
        .iter()
        .map(|path| format!("<Path>{}</Path>", escape::escape(path.as_str())))
        .collect();
    format!(
        "<?xml version=\"1.0\"?>\n<Invalidation xmlns=\"{NAMESPACE}\"><Id>{}</Id><Status>{}</Status>\
         <CreateTime>{}</CreateTime><InvalidationBatch><Paths><Quantity>{}</Quantity><Items>{paths}</Items></Paths>\
         <CallerReference>{}</CallerReference></InvalidationBatch></Invalidation>",
        invalidation.id,
        status(invalidation),
        created(invalidation),
        invalidation.paths.len(),
        escape::escape(invalidation.caller_reference.as_str()),
    )
}

fn status(invalidation: &Invalidation) -> &'static str {
    if invalidation.completed {
        "Completed"
    } else {
        "InProgress"
    }
}

fn created(invalidation: &Invalidation) -> String {
    let time = jiff::Timestamp::try_from(invalidation.created).unwrap_or_default();
    format!("{time:.3}")
}

fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
    let request_id = new_request_id();
    let document = format!(
        "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type><Code>{code}</Code>\
         <Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
        escape::escape(message),
    );
    reply(status, "text/xml", document)
}

/// The body of `CreateInvalidation`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Batch {
    caller_reference: Option<String>,
    quantity: Option<usize>,
    paths: Vec<String>,
}

impl Batch {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::from_reader(bytes);
        let mut batch = Self::default();
        let mut open: Vec<String> = Vec::new();
        let mut text = String::new();
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    open.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
                    text.clear();
                }
                Event::Text(part) => text.push_str(&part.decode().ok()?),
                Event::GeneralRef(entity) => text.push_str(&resolved(&entity)?),
                Event::CData(part) => text.push_str(&part.decode().ok()?),
                Event::End(_) => {
                    let names: Vec<&str> = open.iter().map(String::as_str).collect();
                    match names.as_slice() {
                        ["InvalidationBatch", "CallerReference"] => batch.caller_reference = Some(text.clone()),
                        ["InvalidationBatch", "Paths", "Quantity"] => batch.quantity = text.trim().parse().ok(),
                        ["InvalidationBatch", "Paths", "Items", "Path"] => batch.paths.push(text.clone()),
                        _ => {}
                    }
                    text.clear();
                    open.pop()?;
                }
                Event::Eof => return open.is_empty().then_some(batch),
                _ => {}
            }
        }
    }
}

fn resolved(entity: &quick_xml::events::BytesRef<'_>) -> Option<String> {
    if let Some(character) = entity.resolve_char_ref().ok()? {
        return Some(character.to_string());
    }
    escape::resolve_predefined_entity(&entity.decode().ok()?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_whatever_its_layout() {
        let xml = "<?xml version=\"1.0\"?>\n<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\n \
                   <Paths>\n  <Quantity>2</Quantity><Items><Path>/index.yaml</Path>\n<Path>/a&amp;b&#x2F;*</Path></Items>\
                   </Paths><CallerReference>x &lt; y</CallerReference></InvalidationBatch>";
        let batch = Batch::parse(xml.as_bytes()).unwrap();
        assert_eq!(batch.paths, ["/index.yaml", "/a&b/*"]);
        assert_eq!(
            (batch.quantity, batch.caller_reference.as_deref()),
            (Some(2), Some("x < y"))
        );
    }

    #[test]
    fn what_is_not_xml_is_refused() {
        assert_eq!(Batch::parse(b"<InvalidationBatch><Paths>"), None);
        assert_eq!(Batch::parse(b"{}").unwrap(), Batch::default());
    }
}
