//! What an invocation asks for.

use chartdrop::keys::StagedKey;
use chartdrop::notification::{self, ObjectCreated};
use serde_json::Value;

use crate::command::{self, Command};

/// The work that an event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// Publish these uploads.
    Uploads {
        /// Uploads whose archives were written.
        archives: Vec<StagedKey>,
        /// Uploads whose provenance files were written.
        provenance: Vec<StagedKey>,
    },
    /// Run a command.
    Command(Command),
    /// s3:TestEvent, which S3 sends when notifications are configured. There is nothing to do.
    Test,
}

/// Why an event cannot be processed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TriggerError {
    /// The event is neither an S3 notification nor a command.
    #[error(
        "publish-chart does not accept this event. It accepts S3 notifications (Records), EventBridge's \"Object Created\" from \
         S3, s3:TestEvent, and the commands {}. The event begins with {start}",
        command::ACCEPTED
    )]
    Unknown {
        /// The beginning of the event.
        start: String,
    },
    /// A command has an invalid field.
    #[error(
        "the command was not run: {problem}. The commands are {}, where \"repository\":\"\" is the root repository. The \
         command was {start}",
        command::ACCEPTED
    )]
    Command {
        /// What is wrong with it.
        problem: String,
        /// The beginning of the event.
        start: String,
    },
    /// The notification belongs to another bucket.
    #[error("the event is about the bucket {found:?}, but CHART_BUCKET is {expected:?}. Find out who sent it")]
    OtherBucket {
        /// The bucket in the event.
        found: String,
        /// The bucket that this function publishes.
        expected: String,
    },
}

impl Trigger {
    /// Reads an event. Objects that are not uploads, such as folder markers, are left out.
    pub fn of(event: &Value, bucket: &str) -> Result<Self, TriggerError> {
        if let Some(objects) = notification::objects_created(event) {
            return uploads(&objects, bucket);
        }
        if notification::is_test_event(event) {
            return Ok(Self::Test);
        }
        let start = || event.to_string().chars().take(200).collect();
        match Command::of(event) {
            Some(Ok(command)) => Ok(Self::Command(command)),
            Some(Err(problem)) => Err(TriggerError::Command {
                problem: problem.to_string(),
                start: start(),
            }),
            None => Err(TriggerError::Unknown { start: start() }),
        }
    }
}

fn uploads(objects: &[ObjectCreated], bucket: &str) -> Result<Trigger, TriggerError> {
    if let Some(other) = objects.iter().find(|object| object.bucket != bucket) {
        return Err(TriggerError::OtherBucket {
            found: other.bucket.clone(),
            expected: bucket.to_owned(),
        });
    }
    let keys = || objects.iter().map(|object| object.key.as_str());
    Ok(Trigger::Uploads {
        archives: keys().filter_map(StagedKey::new).collect(),
        provenance: keys().filter_map(StagedKey::of_provenance).collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_it_does_not_know_is_answered_with_what_it_accepts() {
        let error = Trigger::of(&json!({"command": "swep"}), "b").unwrap_err().to_string();
        assert!(error.contains("sweep") && error.contains("swep"), "{error}");
        let sweep = Trigger::of(&json!({"command": "sweep"}), "b");
        assert_eq!(sweep, Ok(Trigger::Command(Command::Sweep {})));
    }

    #[test]
    fn an_event_of_another_bucket_is_rejected() {
        let event = json!({
            "version": "0", "detail-type": "Object Created", "source": "aws.s3",
            "detail": {"bucket": {"name": "other"}, "object": {"key": "staging/a-1.tgz"}},
        });
        assert!(matches!(
            Trigger::of(&event, "b"),
            Err(TriggerError::OtherBucket { .. })
        ));
        let uploads = vec![StagedKey::new("staging/a-1.tgz").unwrap()];
        let expected = Trigger::Uploads {
            archives: uploads.clone(),
            provenance: Vec::new(),
        };
        assert_eq!(Trigger::of(&event, "other"), Ok(expected));
        let mut event = event;
        event["detail"]["object"]["key"] = "staging/a-1.tgz.prov".into();
        let expected = Trigger::Uploads {
            archives: Vec::new(),
            provenance: uploads,
        };
        assert_eq!(Trigger::of(&event, "other"), Ok(expected));
    }
}
