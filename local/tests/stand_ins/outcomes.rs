//! Which receipt belongs to which upload.

use std::collections::BTreeMap;

use local::{OutcomeKind, StepKind, System, Upload};
use serde_json::json;

use crate::support::{s3_as, start_bucket};

const KEY: &str = "staging/demo-1.0.0.tgz";

fn upload(system: &System, text: &'static str) -> Upload {
    let etag = system.store().put(KEY, text, BTreeMap::new()).unwrap();
    Upload {
        key: KEY.to_owned(),
        etag,
    }
}

fn receipt(system: &System, upload: &Upload, outcome: &str) {
    let receipt = json!({ "upload": upload.key, "uploadEtag": upload.etag, "outcome": outcome, "reason": null });
    system
        .store()
        .put("receipts/demo-1.0.0.tgz.json", receipt.to_string(), BTreeMap::new())
        .unwrap();
}

/// Removes the upload as publish-chart does.
async fn remove(system: &System) {
    let client = s3_as(system, "LOCAL-publish-chart");
    client
        .delete_object()
        .bucket("chartdrop-local")
        .key(KEY)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_receipt_belongs_to_the_upload_with_its_key_and_etag() {
    let system = start_bucket().await;
    let other = Upload {
        key: KEY.to_owned(),
        etag: "0123".to_owned(),
    };
    let upload = upload(&system, "one");
    receipt(&system, &other, "rejected");
    assert_eq!(system.open_uploads(), std::slice::from_ref(&upload));
    receipt(&system, &upload, "published");
    assert_eq!(system.outcome(&upload).await.unwrap().kind, OutcomeKind::Published);
    assert!(system.open_uploads().is_empty());
}

#[tokio::test]
async fn an_upload_that_is_replaced_or_withdrawn_gets_no_outcome() {
    let system = start_bucket().await;
    let one = upload(&system, "one");
    let two = upload(&system, "two");
    assert!(system.outcome(&one).await.is_none());
    assert_eq!(system.open_uploads(), std::slice::from_ref(&two));
    system.store().delete(KEY).unwrap();
    assert!(system.outcome(&two).await.is_none());
}

#[tokio::test]
async fn the_same_bytes_uploaded_again_get_their_own_outcome() {
    let system = start_bucket().await;
    let one = upload(&system, "one");
    receipt(&system, &one, "published");
    upload(&system, "one");
    assert_eq!(system.open_uploads(), std::slice::from_ref(&one));
    receipt(&system, &one, "unchanged");
    assert_eq!(system.outcome(&one).await.unwrap().kind, OutcomeKind::Unchanged);
}

#[tokio::test]
async fn an_upload_that_publish_chart_cannot_tell_from_the_previous_one_shares_its_outcome() {
    let system = start_bucket().await;
    let one = upload(&system, "one");
    receipt(&system, &one, "published");
    upload(&system, "one");
    remove(&system).await;
    assert_eq!(system.outcome(&one).await.unwrap().kind, OutcomeKind::Published);
}

#[tokio::test]
async fn an_outcome_is_reported_once_even_if_its_receipt_is_written_twice() {
    let system = start_bucket().await;
    let mut steps = system.subscribe();
    let upload = upload(&system, "one");
    for outcome in ["held", "published", "published", "unchanged"] {
        receipt(&system, &upload, outcome);
    }
    let mut told = Vec::new();
    while let Ok(step) = steps.try_recv() {
        if let StepKind::Outcome(outcome) = step.kind {
            told.push(outcome.kind);
        }
    }
    assert_eq!(told, [OutcomeKind::Held, OutcomeKind::Published]);
}
