//! The event that starts publish-chart. Apart from the rest, because the function that reads it
//! stands on the AWS SDK.

use chartdrop::notification;
use chartdrop_core::keys::{ARCHIVE_SUFFIX, CHARTS, ChartFile, RECEIPTS, STAGING, StagedKey};
use chartdrop_core::printable::printable;
use publish_chart::trigger::Trigger;
use serde_json::Value;

use crate::assert_safe;

/// The bucket of the events in the corpus.
const BUCKET: &str = "chartdrop-local";

/// Reading an event: whatever it says, only staged uploads come of it.
pub fn event(bytes: &[u8]) {
    let Ok(event) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let objects = notification::objects_created(&event);
    match Trigger::of(&event, BUCKET) {
        Ok(Trigger::Uploads { archives, provenance }) => {
            let objects = objects.expect("uploads come of written objects");
            let keys = archives.iter().map(|upload| upload.key().to_owned());
            let keys = keys.chain(provenance.iter().map(StagedKey::staged_provenance_key));
            for (key, upload) in keys.zip(archives.iter().chain(&provenance)) {
                assert!(upload.key().starts_with(STAGING) && upload.key().ends_with(ARCHIVE_SUFFIX));
                assert!(upload.receipt_key().starts_with(RECEIPTS));
                let object = objects.iter().find(|object| object.key == key);
                assert_eq!(object.map(|object| object.bucket.as_str()), Some(BUCKET));
                // A repository's name is part of keys and URLs as it is.
                match ChartFile::of_upload(upload) {
                    Ok(file) => {
                        assert!(file.archive_key().starts_with(CHARTS));
                        let repository = file.repository().name();
                        assert_eq!(printable(repository), repository);
                    }
                    Err(error) => assert_safe(&error.to_string()),
                }
            }
        }
        Ok(_) => {}
        Err(error) => assert_safe(&error.to_string()),
    }
}
