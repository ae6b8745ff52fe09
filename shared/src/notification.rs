//! What S3 says when an object was written, by a bucket notification or by EventBridge.

use std::borrow::Cow;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

/// An object was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCreated {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The ETag that the object got, without quotes.
    pub etag: Option<String>,
}

/// Reads both forms of event. `None` if it is neither; what a notification says of other things than written objects is
/// left out.
pub fn objects_created(event: &Value) -> Option<Vec<ObjectCreated>> {
    if event.get("Records").is_some() {
        let event = S3Event::deserialize(event).ok()?;
        return event.records.into_iter().filter(is_creation).map(of_record).collect();
    }
    if event.get("detail-type")?.as_str()? == "Object Created" {
        let event = EventBridgeEvent::<Detail>::deserialize(event).ok()?;
        let Detail { bucket, object } = event.detail;
        // Other than in a bucket notification, the key is not encoded here
        // (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
        return Some(vec![ObjectCreated {
            bucket: bucket.name,
            key: object.key,
            etag: object.etag,
        }]);
    }
    None
}

/// S3 sends it once, when notifications are set up.
pub fn is_test_event(event: &Value) -> bool {
    event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent")
}

fn is_creation(record: &S3EventRecord) -> bool {
    record
        .event_name
        .as_deref()
        .is_some_and(|name| name.trim_start_matches("s3:").starts_with("ObjectCreated:"))
}

fn of_record(record: S3EventRecord) -> Option<ObjectCreated> {
    Some(ObjectCreated {
        bucket: record.s3.bucket.name?,
        key: decode_key(&record.s3.object.key?)?,
        etag: record.s3.object.e_tag,
    })
}

/// Keys in notifications are form-urlencoded: `+` is a space, `%2B` a plus. (The field `url_decoded_key` of
/// aws_lambda_events is never computed.)
fn decode_key(encoded: &str) -> Option<String> {
    let spaced = encoded.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

#[derive(Debug, Default, Deserialize, serde::Serialize)]
struct Detail {
    bucket: Bucket,
    object: Object,
}

#[derive(Debug, Default, Deserialize, serde::Serialize)]
struct Bucket {
    name: String,
}

#[derive(Debug, Default, Deserialize, serde::Serialize)]
struct Object {
    key: String,
    etag: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(name: &str, key: &str) -> Value {
        json!({
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-11-23T12:00:00.000Z", "eventName": name,
            "userIdentity": {"principalId": "A"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {},
            "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "b"}, "object": {"key": key, "size": 1, "eTag": "e"}},
        })
    }

    fn keys(event: &Value) -> Option<Vec<String>> {
        Some(objects_created(event)?.into_iter().map(|object| object.key).collect())
    }

    #[test]
    fn keys_of_a_notification_are_decoded_as_forms() {
        let event = json!({"Records": [record("ObjectCreated:Put", "staging/a+b%2Bc-%C3%A4.tgz")]});
        assert_eq!(keys(&event), Some(vec!["staging/a b+c-ä.tgz".to_owned()]));
    }

    #[test]
    fn keys_of_eventbridge_are_taken_as_they_are() {
        let event = json!({
            "version": "0", "id": "1", "detail-type": "Object Created", "source": "aws.s3", "account": "1",
            "time": "2026-11-23T12:00:00Z", "region": "us-east-1", "resources": [],
            "detail": {"version": "0", "bucket": {"name": "b"},
                       "object": {"key": "staging/a-1+b%20.tgz", "size": 1, "etag": "e", "sequencer": "1"}},
        });
        assert_eq!(keys(&event), Some(vec!["staging/a-1+b%20.tgz".to_owned()]));
    }

    #[test]
    fn only_writes_count() {
        let event = json!({"Records": [record("ObjectRemoved:Delete", "a"), record("ObjectCreated:Copy", "b")]});
        assert_eq!(keys(&event), Some(vec!["b".to_owned()]));
    }

    #[test]
    fn other_events_are_not_mistaken() {
        for event in [
            json!({}),
            json!({"command": "sweep"}),
            json!({"Records": [{}]}),
            json!([]),
            json!("x"),
        ] {
            assert_eq!(keys(&event), None, "{event}");
        }
        assert!(is_test_event(&json!({"Service": "Amazon S3", "Event": "s3:TestEvent"})));
    }
}
