//! The XML documents of CloudFront's API.
//!
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations.html>

use serde::{Deserialize, Serialize};

use super::invalidations::Invalidation;
use crate::aws::request_id::new_request_id;

const NAMESPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";

/// The body of `CreateInvalidation`, which is also part of the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct InvalidationBatch {
    pub(super) paths: Paths,
    pub(super) caller_reference: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Paths {
    /// As it was sent; the operation checks that it is the right number.
    pub(super) quantity: String,
    pub(super) items: Items,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Items {
    pub(super) path: Vec<String>,
}

/// A request; the name of its outermost element is the kind. Only one kind is supported.
#[derive(Deserialize)]
enum Request {
    InvalidationBatch(InvalidationBatch),
}

impl InvalidationBatch {
    /// `None` if the bytes are not XML, or hold another document.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let Request::InvalidationBatch(batch) = quick_xml::de::from_reader(bytes).ok()?;
        Some(batch)
    }
}

#[derive(Serialize)]
#[serde(rename = "Invalidation", rename_all = "PascalCase")]
struct Accepted<'a> {
    #[serde(rename = "@xmlns")]
    namespace: &'a str,
    id: &'a str,
    status: &'a str,
    create_time: String,
    invalidation_batch: InvalidationBatch,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InvalidationList<'a> {
    #[serde(rename = "@xmlns")]
    namespace: &'a str,
    marker: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<&'a str>,
    max_items: usize,
    is_truncated: bool,
    quantity: usize,
    items: Summaries<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summaries<'a> {
    invalidation_summary: Vec<Summary<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    id: &'a str,
    create_time: String,
    status: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorResponse<'a> {
    #[serde(rename = "@xmlns")]
    namespace: &'a str,
    error: Problem<'a>,
    request_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Problem<'a> {
    r#type: &'a str,
    code: &'a str,
    message: &'a str,
}

/// An invalidation, as `CreateInvalidation` and `GetInvalidation` return it.
pub(super) fn invalidation(invalidation: &Invalidation) -> String {
    document(&Accepted {
        namespace: NAMESPACE,
        id: &invalidation.id,
        status: status(invalidation),
        create_time: created(invalidation),
        invalidation_batch: InvalidationBatch {
            paths: Paths {
                quantity: invalidation.paths.len().to_string(),
                items: Items {
                    path: invalidation.paths.clone(),
                },
            },
            caller_reference: invalidation.caller_reference.clone(),
        },
    })
}

/// One page of a listing.
pub(super) fn list(marker: &str, max_items: usize, page: &[&Invalidation], is_truncated: bool) -> String {
    document(&InvalidationList {
        namespace: NAMESPACE,
        marker,
        next_marker: page.last().filter(|_| is_truncated).map(|last| last.id.as_str()),
        max_items,
        is_truncated,
        quantity: page.len(),
        items: Summaries {
            invalidation_summary: page.iter().copied().map(summary).collect(),
        },
    })
}

fn summary(invalidation: &Invalidation) -> Summary<'_> {
    Summary {
        id: &invalidation.id,
        create_time: created(invalidation),
        status: status(invalidation),
    }
}

/// An error. Its `kind` names the side that caused it: `Sender` or `Receiver`.
pub(super) fn error(kind: &str, code: &str, message: &str) -> String {
    document(&ErrorResponse {
        namespace: NAMESPACE,
        error: Problem {
            r#type: kind,
            code,
            message,
        },
        request_id: new_request_id(),
    })
}

fn document(root: &impl Serialize) -> String {
    // Serializing fails only for maps whose keys are not names, and there are none here.
    let xml = quick_xml::se::to_string(root).unwrap_or_default();
    format!("<?xml version=\"1.0\"?>\n{xml}")
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_batch_is_read_with_any_whitespace() {
        let xml = "<?xml version=\"1.0\"?>\n<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\n \
                   <Paths>\n  <Quantity>2</Quantity><Items><Path>/index.yaml</Path>\n<Path>/a&amp;b&#x2F;*</Path></Items>\
                   </Paths><CallerReference>x &lt; y</CallerReference></InvalidationBatch>";
        let batch = InvalidationBatch::parse(xml.as_bytes()).unwrap();
        assert_eq!(batch.paths.items.path, ["/index.yaml", "/a&b/*"]);
        assert_eq!(
            (batch.paths.quantity.as_str(), batch.caller_reference.as_str()),
            ("2", "x < y")
        );
    }

    #[test]
    fn a_body_that_is_not_xml_is_rejected() {
        assert_eq!(InvalidationBatch::parse(b"<InvalidationBatch><Paths>"), None);
        assert_eq!(InvalidationBatch::parse(b"{}"), None);
        assert_eq!(InvalidationBatch::parse(b"<Other/>"), None);
    }

    #[test]
    fn documents_have_the_elements_that_cloudfront_documents() {
        let one = Invalidation {
            id: "I1".to_owned(),
            created: SystemTime::UNIX_EPOCH + Duration::from_secs(1),
            paths: vec!["/a&b".to_owned(), "/*".to_owned()],
            caller_reference: "x < y".to_owned(),
            by: None,
            completed: false,
        };
        assert_eq!(
            invalidation(&one),
            "<?xml version=\"1.0\"?>\n<Invalidation xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Id>I1</Id>\
             <Status>InProgress</Status><CreateTime>1970-01-01T00:00:01.000Z</CreateTime><InvalidationBatch><Paths>\
             <Quantity>2</Quantity><Items><Path>/a&amp;b</Path><Path>/*</Path></Items></Paths>\
             <CallerReference>x &lt; y</CallerReference></InvalidationBatch></Invalidation>"
        );
        assert_eq!(
            list("", 1, &[&one], true),
            "<?xml version=\"1.0\"?>\n<InvalidationList xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Marker/>\
             <NextMarker>I1</NextMarker><MaxItems>1</MaxItems><IsTruncated>true</IsTruncated><Quantity>1</Quantity><Items>\
             <InvalidationSummary><Id>I1</Id><CreateTime>1970-01-01T00:00:01.000Z</CreateTime>\
             <Status>InProgress</Status></InvalidationSummary></Items></InvalidationList>"
        );
    }
}
