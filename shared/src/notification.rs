//! S3's events about written and removed objects, from a bucket notification or from EventBridge.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use serde::Deserialize;
use serde_json::Value;

use crate::keys::decode_key;

/// An object was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCreated {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The object's ETag, without quotes.
    pub etag: Option<String>,
}

/// An object was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRemoved {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// Identifies the removal: a repeated event has the same sequencer, another removal has
    /// another.
    pub sequencer: Option<String>,
}

/// Reads both forms of event. `None` if it is neither. Records about anything but written objects
/// are left out.
pub fn objects_created(event: &Value) -> Option<Vec<ObjectCreated>> {
    if event.get("Records").is_some() {
        let event = S3Event::deserialize(event).ok()?;
        let created = event.records.into_iter().filter(|record| is(record, "ObjectCreated:"));
        return created.map(of_record).collect();
    }
    let Detail { bucket, object } = detail(event, "Object Created")?;
    Some(vec![ObjectCreated {
        bucket: bucket.name,
        key: object.key,
        etag: object.etag,
    }])
}

/// Reads both forms of event for removed objects, as [`objects_created`] does for written ones.
pub fn objects_removed(event: &Value) -> Option<Vec<ObjectRemoved>> {
    if event.get("Records").is_some() {
        let event = S3Event::deserialize(event).ok()?;
        let removed = event.records.into_iter().filter(|record| is(record, "ObjectRemoved:"));
        return removed
            .map(|record| {
                let sequencer = record.s3.object.sequencer.clone();
                let ObjectCreated { bucket, key, .. } = of_record(record)?;
                Some(ObjectRemoved { bucket, key, sequencer })
            })
            .collect();
    }
    let Detail { bucket, object } = detail(event, "Object Deleted")?;
    Some(vec![ObjectRemoved {
        bucket: bucket.name,
        key: object.key,
        sequencer: object.sequencer,
    }])
}

/// EventBridge's description of an object. Unlike in a bucket notification, the key is not encoded
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>).
fn detail(event: &Value, detail_type: &str) -> Option<Detail> {
    if event.get("detail-type")?.as_str()? != detail_type {
        return None;
    }
    Some(EventBridgeEvent::<Detail>::deserialize(event).ok()?.detail)
}

/// S3 sends this once, when notifications are configured.
pub fn is_test_event(event: &Value) -> bool {
    event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent")
}

fn is(record: &S3EventRecord, kind: &str) -> bool {
    record
        .event_name
        .as_deref()
        .is_some_and(|name| name.trim_start_matches("s3:").starts_with(kind))
}

fn of_record(record: S3EventRecord) -> Option<ObjectCreated> {
    Some(ObjectCreated {
        bucket: record.s3.bucket.name?,
        // aws_lambda_events never computes its field `url_decoded_key`.
        key: decode_key(&record.s3.object.key?)?,
        etag: record.s3.object.e_tag,
    })
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
    sequencer: Option<String>,
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
    fn only_removals_are_removals_and_each_has_its_sequencer() {
        // S3 sends no size and no ETag of a removed object.
        let mut removed = record("ObjectRemoved:Delete", "charts/a-1%2Bb.tgz");
        removed["s3"]["object"] = json!({"key": "charts/a-1%2Bb.tgz", "sequencer": "0055AED6DCD90281E5"});
        let notification = json!({"Records": [removed, record("ObjectCreated:Put", "charts/b-1.tgz")]});
        let eventbridge = json!({
            "version": "0", "id": "1", "detail-type": "Object Deleted", "source": "aws.s3", "account": "1",
            "time": "2026-11-23T12:00:00Z", "region": "us-east-1", "resources": [],
            "detail": {"version": "0", "bucket": {"name": "b"}, "deletion-type": "Permanently Deleted",
                       "object": {"key": "charts/a-1+b.tgz", "sequencer": "0055AED6DCD90281E5"}},
        });
        let expected = ObjectRemoved {
            bucket: "b".to_owned(),
            key: "charts/a-1+b.tgz".to_owned(),
            sequencer: Some("0055AED6DCD90281E5".to_owned()),
        };
        for event in [notification, eventbridge] {
            assert_eq!(objects_removed(&event), Some(vec![expected.clone()]));
        }
        assert_eq!(objects_removed(&json!({"command": "sweep"})), None);
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
