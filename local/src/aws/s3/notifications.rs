//! The notifications that S3 sends to functions: `Records[]` of event version 2.1.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>

use serde_json::{Value, json};

use super::store::Change;
use crate::events::form_urlencoded;
use crate::identity::{BUCKET, INVALIDATE_CDN, PUBLISH_CHART, REGION, bucket_arn};

/// One filter of the bucket's notification configuration.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) on: On,
    pub(crate) prefix: &'static str,
    pub(crate) suffix: &'static str,
    pub(crate) function: &'static str,
}

/// The kind of change that a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// `s3:ObjectCreated:*`
    Created,
    /// `s3:ObjectRemoved:*`
    Removed,
}

/// The rules that `template.yaml` defines.
pub(crate) const RULES: [Rule; 6] = [
    Rule {
        id: "uploads",
        on: On::Created,
        prefix: "staging/",
        suffix: ".tgz",
        function: PUBLISH_CHART,
    },
    Rule {
        id: "provenance",
        on: On::Created,
        prefix: "staging/",
        suffix: ".tgz.prov",
        function: PUBLISH_CHART,
    },
    Rule {
        id: "indexes",
        on: On::Created,
        prefix: "charts/",
        suffix: "index.yaml",
        function: INVALIDATE_CDN,
    },
    Rule {
        id: "repaired-archives",
        on: On::Created,
        prefix: "repaired/",
        suffix: ".tgz",
        function: INVALIDATE_CDN,
    },
    Rule {
        id: "removed-archives",
        on: On::Removed,
        prefix: "charts/",
        suffix: ".tgz",
        function: INVALIDATE_CDN,
    },
    Rule {
        id: "removed-provenance",
        on: On::Removed,
        prefix: "charts/",
        suffix: ".tgz.prov",
        function: INVALIDATE_CDN,
    },
];

impl Rule {
    pub(crate) fn matches(&self, on: On, key: &str) -> bool {
        self.on == on && key.starts_with(self.prefix) && key.ends_with(self.suffix)
    }

    /// The event for a change, if this rule matches it.
    pub(crate) fn event(&self, change: &Change<'_>) -> Option<Value> {
        let on = if change.object.is_some() {
            On::Created
        } else {
            On::Removed
        };
        self.matches(on, change.key)
            .then(|| json!({ "Records": [record(self.id, change)] }))
    }
}

fn record(rule: &str, change: &Change<'_>) -> Value {
    let time = match change.object {
        Some(object) => jiff::Timestamp::try_from(object.last_modified).unwrap_or_default(),
        None => jiff::Timestamp::now(),
    };
    let sequencer = format!("{:018X}", change.sequencer);
    // S3 sends neither size nor ETag for a removed object.
    let object = match change.object {
        Some(object) => json!({
            "key": form_urlencoded(change.key),
            "size": object.bytes.len(),
            "eTag": object.etag,
            "sequencer": sequencer,
        }),
        None => json!({ "key": form_urlencoded(change.key), "sequencer": sequencer }),
    };
    let principal = match &change.cause.by {
        Some(function) => format!("AWS:AROALOCAL:{function}"),
        None => "AWS:AIDALOCAL".to_owned(),
    };
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": format!("{time:.3}"),
        "eventName": change.cause.event,
        "userIdentity": { "principalId": principal },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": {
            "x-amz-request-id": format!("{:016X}", fastrand::u64(..)),
            "x-amz-id-2": "local",
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule,
            "bucket": {
                "name": BUCKET,
                "ownerIdentity": { "principalId": "ALOCAL" },
                "arn": bucket_arn(BUCKET),
            },
            "object": object,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_match_new_uploads_new_indexes_and_removed_archives() {
        let wanted = |on: On, key: &str| {
            RULES
                .iter()
                .filter(|rule| rule.matches(on, key))
                .map(|r| r.function)
                .collect::<Vec<_>>()
        };
        assert_eq!(wanted(On::Created, "staging/team-a/x-1.0.0.tgz"), ["publish-chart"]);
        assert_eq!(wanted(On::Created, "staging/x-1.0.0.tgz.prov"), ["publish-chart"]);
        assert_eq!(wanted(On::Created, "charts/team-a/index.yaml"), ["invalidate-cdn"]);
        assert_eq!(wanted(On::Created, "charts/x-1.0.0.tgz"), Vec::<&str>::new());
        assert_eq!(wanted(On::Removed, "charts/team-a/x-1.0.0.tgz"), ["invalidate-cdn"]);
        assert_eq!(wanted(On::Removed, "charts/x-1.0.0.tgz.prov"), ["invalidate-cdn"]);
        assert_eq!(wanted(On::Removed, "staging/x-1.0.0.tgz"), Vec::<&str>::new());
        assert_eq!(wanted(On::Removed, "charts/index.yaml"), Vec::<&str>::new());
    }
}
