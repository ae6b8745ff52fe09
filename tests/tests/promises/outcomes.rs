//! Every upload gets an outcome, regardless of its name, storage class or encryption; and a
//! transient failure never counts as an outcome.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};
use local::aws::s3::{Encryption, Storage};
use local::faults::{S3Fault, When};
use serde_json::Value;
use tests::faults::{NoEvents, OnRequest};
use tests::keys::Key;
use tests::site;
use tests::{ChartArchive, Chartdrop};

const UPLOAD: &str = "staging/demo-1.0.0.tgz";
const GB: u64 = 1024 * 1024 * 1024;

fn demo() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0")
}

fn client(chartdrop: &Chartdrop) -> Client {
    site::client(&chartdrop.system.s3_endpoint(), "test", "local")
}

fn put_stored(chartdrop: &Chartdrop, key: &str, storage: Storage) {
    let store = chartdrop.system.store();
    let put = store.put_stored(key, demo().bytes(), BTreeMap::new(), storage);
    put.expect("the bucket accepts every write");
}

/// Asserts that an upload was rejected with this code and these words, was removed, and is not
/// served.
#[track_caller]
fn assert_rejected(chartdrop: &Chartdrop, receipt: &Value, code: &str, words: &[&str]) {
    assert_eq!(
        (&receipt["outcome"], &receipt["reasonCode"]),
        (&"rejected".into(), &code.into()),
        "{receipt}"
    );
    let reason = receipt["reason"].as_str().unwrap_or_default();
    assert!(words.iter().all(|word| reason.contains(word)), "{reason}");
    assert_eq!(chartdrop.keys("staging/"), [""; 0]);
    assert_eq!(chartdrop.keys("charts/"), [""; 0]);
}

#[tokio::test]
async fn an_upload_in_an_archive_class_is_rejected() {
    for class in [StorageClass::Glacier, StorageClass::DeepArchive] {
        let chartdrop = Chartdrop::start().await;
        let put = client(&chartdrop)
            .put_object()
            .bucket(chartdrop.system.bucket_name())
            .key(UPLOAD);
        let put = put.storage_class(class.clone()).body(demo().bytes().into());
        put.send().await.expect("uploaded");
        chartdrop.settled().await;
        let receipt = chartdrop.receipt(UPLOAD);
        assert_rejected(
            &chartdrop,
            &receipt,
            "storage-class",
            &[class.as_str(), "--storage-class"],
        );
        assert_eq!(chartdrop.keys("rejected/"), [""; 0], "S3 cannot copy it");
        // The same chart in a readable storage class.
        assert_eq!(chartdrop.publish(&demo()).await["outcome"], "published");
    }
}

#[tokio::test]
async fn an_upload_in_a_class_with_instant_access_is_published() {
    let chartdrop = Chartdrop::start().await;
    let put = client(&chartdrop)
        .put_object()
        .bucket(chartdrop.system.bucket_name())
        .key(UPLOAD);
    let put = put.storage_class(StorageClass::GlacierIr).body(demo().bytes().into());
    put.send().await.expect("uploaded");
    chartdrop.settled().await;
    assert_eq!(chartdrop.receipt(UPLOAD)["outcome"], "published");
}

#[tokio::test]
async fn an_upload_encrypted_with_an_unusable_key_is_rejected() {
    let chartdrop = Chartdrop::start().await;
    let put = || {
        client(&chartdrop)
            .put_object()
            .bucket(chartdrop.system.bucket_name())
            .key(UPLOAD)
    };
    let by_kms = put().server_side_encryption(ServerSideEncryption::AwsKms);
    by_kms.body(demo().bytes().into()).send().await.expect("uploaded");
    chartdrop.settled().await;
    assert_rejected(
        &chartdrop,
        &chartdrop.receipt(UPLOAD),
        "kms-key",
        &["kms:Decrypt", "--sse"],
    );

    let storage = |encryption| Storage {
        encryption,
        ..Storage::default()
    };
    put_stored(&chartdrop, UPLOAD, storage(Encryption::Customer));
    chartdrop.settled().await;
    assert_rejected(&chartdrop, &chartdrop.receipt(UPLOAD), "customer-key", &["--sse-c"]);
    assert_eq!(chartdrop.keys("rejected/"), [""; 0]);
}

/// Promise 2: a transient failure never decides about an upload.
#[tokio::test]
async fn a_denied_or_throttled_read_rejects_no_upload() {
    for (status, code) in [
        (403, "AccessDenied"),
        (403, "InvalidObjectState"),
        (400, "KMS.DisabledException"),
        (400, "KMS.ThrottlingException"),
        (400, "InvalidRequest"),
        (503, "SlowDown"),
    ] {
        // The SDK retries throttled requests.
        let tries = if status == 503 { 4 } else { 1 };
        let fault = S3Fault::Fail(When::Before, status, code);
        let chartdrop = Chartdrop::with_faults(OnRequest::new("GetObject", UPLOAD, vec![fault; tries])).await;
        chartdrop.upload(&demo());
        chartdrop.system.settled().await;
        let receipt = chartdrop.receipt(UPLOAD);
        assert_eq!(receipt["outcome"], "published", "{code}: {receipt}");
    }
    // For an encrypted upload as well, only a denial decides.
    for (status, code) in [(503, "SlowDown"), (400, "KMS.ThrottlingException")] {
        let fault = S3Fault::Fail(When::Before, status, code);
        let faults = tests::faults::Both(
            NoEvents("publish-chart"),
            OnRequest::new("GetObject", UPLOAD, vec![fault; 4]),
        );
        let chartdrop = Chartdrop::with_faults(faults).await;
        let storage = Storage {
            encryption: Encryption::Kms,
            ..Storage::default()
        };
        put_stored(&chartdrop, UPLOAD, storage);
        let failed = chartdrop
            .invoke("publish-chart", &chartdrop.notification(&[UPLOAD]))
            .await;
        failed.expect_err("it may pass");
        assert!(chartdrop.object(UPLOAD).is_some(), "{code}");
        assert_eq!(chartdrop.keys("receipts/"), [""; 0], "{code}");
    }
}

#[tokio::test]
async fn an_upload_that_s3_cannot_copy_is_rejected_without_a_copy() {
    for size in [GB, 6 * GB] {
        let chartdrop = Chartdrop::start().await;
        let storage = Storage {
            zeros: size,
            ..Storage::default()
        };
        put_stored(&chartdrop, UPLOAD, storage);
        chartdrop.settled().await;
        assert_rejected(
            &chartdrop,
            &chartdrop.receipt(UPLOAD),
            "too-large",
            &["the limit is 20 MiB"],
        );
        assert_eq!(chartdrop.keys("rejected/"), [""; 0]);
    }
}

#[tokio::test]
async fn a_provenance_file_that_cannot_be_read_or_copied_rejects_its_archive() {
    for (storage, code) in [
        (
            Storage {
                zeros: 6 * GB,
                ..Storage::default()
            },
            "provenance-too-large",
        ),
        (
            Storage {
                class: Some("GLACIER".to_owned()),
                ..Storage::default()
            },
            "storage-class",
        ),
        (
            Storage {
                encryption: Encryption::Kms,
                ..Storage::default()
            },
            "kms-key",
        ),
    ] {
        let secret = Key::new().secret_to_verify();
        let chartdrop = Chartdrop::with_secret(&[("PROVENANCE", "verify")], secret).await;
        put_stored(&chartdrop, "staging/demo-1.0.0.tgz.prov", storage.clone());
        chartdrop.settled().await;
        let receipt = chartdrop.publish(&demo()).await;
        assert_rejected(&chartdrop, &receipt, code, &[]);
        assert_eq!(chartdrop.keys("rejected/"), ["rejected/demo-1.0.0.tgz"]);
        // The same, if the file is uploaded after its archive.
        chartdrop.publish(&demo()).await;
        put_stored(&chartdrop, "staging/demo-1.0.0.tgz.prov", storage);
        chartdrop.settled().await;
        assert_eq!(chartdrop.keys("staging/"), [""; 0], "{code}");
        let receipt = chartdrop.receipt(UPLOAD);
        assert_eq!(receipt["warnings"].as_array().map(Vec::len), Some(1), "{receipt}");
    }
}

/// The receipt of the only upload.
fn only_receipt(chartdrop: &Chartdrop) -> Value {
    let receipts = chartdrop.keys("receipts/");
    let [key] = receipts.as_slice() else {
        panic!("{receipts:?}")
    };
    assert!(key.len() <= 1_024, "{}", key.len());
    serde_json::from_str(&chartdrop.text(key)).expect("a receipt is JSON")
}

#[tokio::test]
async fn an_upload_whose_key_is_too_long_is_rejected_with_a_receipt() {
    for length in [1_019, 1_020, 1_024] {
        for folder in ["", "bad folder/"] {
            let chartdrop = Chartdrop::start().await;
            let fixed = "staging/".len() + folder.len() + "demo-.tgz".len();
            let key = format!("staging/{folder}demo-{}.tgz", "1".repeat(length - fixed));
            assert_eq!(key.len(), length);
            chartdrop.put(&key, demo().bytes());
            chartdrop.settled().await;
            let receipt = only_receipt(&chartdrop);
            assert_rejected(&chartdrop, &receipt, "key-too-long", &[&length.to_string(), "1018"]);
            assert_eq!(receipt["upload"], key);
        }
    }
}

/// The longest repository name, and the longest file name whose provenance file still fits into a
/// file system.
#[tokio::test]
async fn the_longest_key_that_a_chart_may_have_is_published_and_rejected() {
    let folder = format!("{}/", "r".repeat(200));
    let version = format!("1.0.0-{}", "1".repeat(255 - "demo-1.0.0-.tgz.prov".len()));
    let chart = ChartArchive::new("demo", &version);
    let secret = Key::new().secret_to_verify();
    let chartdrop = Chartdrop::with_secret(&[("PROVENANCE", "verify")], secret).await;
    let upload = chartdrop.upload_to(&folder, &chart);
    chartdrop.settled().await;
    let receipt = chartdrop.receipt(&upload);
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    chartdrop.put(&format!("{upload}.prov"), "no signature");
    chartdrop.settled().await;
    chartdrop.upload_to(&folder, &chart.file("other.txt", "other"));
    chartdrop.settled().await;
    let receipt = chartdrop.receipt(&upload);
    assert_eq!(receipt["reasonCode"], "other-content", "{receipt}");
    assert_eq!(chartdrop.keys("staging/"), [""; 0]);
}

/// No chart can have such a name, but the keys of its receipt and its copy still fit.
#[tokio::test]
async fn the_longest_key_that_an_upload_may_have_is_rejected_with_a_receipt_and_a_copy() {
    let name = format!("demo-{}.tgz", "1".repeat(1_018 - "staging/demo-.tgz".len()));
    let chartdrop = Chartdrop::start().await;
    chartdrop.put(&format!("staging/{name}"), demo().bytes());
    chartdrop.settled().await;
    let receipt = only_receipt(&chartdrop);
    assert_rejected(&chartdrop, &receipt, "file-name", &["demo-1.0.0.tgz"]);
    assert_eq!(chartdrop.keys("rejected/"), [format!("rejected/{name}")]);
}

/// A provenance file must not wait for an archive that cannot exist.
#[tokio::test]
async fn a_provenance_file_that_cannot_belong_to_an_upload_is_removed() {
    let long = format!(
        "staging/demo-{}.tgz.prov",
        "1".repeat(1_024 - "staging/demo-.tgz.prov".len())
    );
    for key in [long.as_str(), "staging/bad folder/demo-1.0.0.tgz.prov"] {
        let secret = Key::new().secret_to_verify();
        let chartdrop = Chartdrop::with_secret(&[("PROVENANCE", "verify")], secret).await;
        chartdrop.put(key, "no signature");
        chartdrop.settled().await;
        assert_eq!(chartdrop.keys("staging/"), [""; 0], "{key}");
        let logs = chartdrop.system.function_logs("publish-chart").join("\n");
        assert!(
            logs.contains("the provenance file of") && logs.contains("SignatureFailures"),
            "{logs}"
        );
    }
}

#[tokio::test]
async fn an_upload_in_a_folder_with_an_invalid_name_is_rejected_however_it_is_stored() {
    for storage in [
        Storage {
            zeros: 6 * GB,
            ..Storage::default()
        },
        Storage {
            class: Some("DEEP_ARCHIVE".to_owned()),
            ..Storage::default()
        },
        Storage {
            encryption: Encryption::Kms,
            ..Storage::default()
        },
        Storage {
            encryption: Encryption::Customer,
            ..Storage::default()
        },
    ] {
        let chartdrop = Chartdrop::start().await;
        let key = "staging/bad folder/demo-1.0.0.tgz";
        put_stored(&chartdrop, key, storage);
        chartdrop.settled().await;
        assert_rejected(&chartdrop, &chartdrop.receipt(key), "repository-name", &["repository"]);
    }
}
