//! A bucket that is kept in a folder.

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::ByteStream;
use local::{Options, StartError, System};

use crate::support::{s3, start};

fn kept_in(folder: &std::path::Path) -> Options {
    Options {
        data: Some(folder.to_owned()),
        ..Options::default()
    }
}

#[tokio::test]
async fn a_bucket_in_a_folder_survives_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("charts/{}", "ü/".repeat(200));
    let system = start(kept_in(folder.path())).await;
    let put = s3(&system)
        .put_object()
        .bucket("chartdrop-local")
        .key("charts/a+b/ü.tgz")
        .metadata("m", "1");
    put.cache_control("max-age=5")
        .body(ByteStream::from_static(b"line\nline\0"))
        .send()
        .await
        .unwrap();
    system.store().put(&long, "long", BTreeMap::new()).unwrap();
    system.store().put("gone", "x", BTreeMap::new()).unwrap();
    system.store().delete("gone").unwrap();
    let before = system.store().get("charts/a+b/ü.tgz").unwrap();
    system.shutdown().await;

    let system = start(kept_in(folder.path())).await;
    assert_eq!(system.store().list(""), ["charts/a+b/ü.tgz", long.as_str()]);
    let after = system.store().get("charts/a+b/ü.tgz").unwrap();
    assert_eq!(after.bytes, before.bytes);
    assert_eq!(after.etag, before.etag);
    assert_eq!(after.last_modified, before.last_modified);
    assert_eq!(after.headers, before.headers);
    assert_eq!(after.metadata["m"], "1");
    assert_eq!(after.checksums, before.checksums);
}

#[tokio::test]
async fn a_folder_serves_one_system_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(kept_in(folder.path())).await;
    let fake = crate::fake::binary();
    let functions = local::system::binaries::Binaries {
        publish_chart: fake.clone(),
        invalidate_cdn: fake,
    };
    let second = System::start(Options {
        functions: Some(functions),
        ..kept_in(folder.path())
    })
    .await;
    let error = second.err().expect("the folder is in use");
    assert!(matches!(error, StartError::Data { .. }), "{error}");
    assert!(error.to_string().contains("another `local`"), "{error}");
    drop(first);
    start(kept_in(folder.path())).await;
}

#[tokio::test]
async fn uploads_that_an_earlier_run_left_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let system = start(Options {
        notifications: false,
        ..kept_in(folder.path())
    })
    .await;
    system.store().put("staging/a-1.0.0.tgz", "x", BTreeMap::new()).unwrap();
    system.shutdown().await;
    let system = start(kept_in(folder.path())).await;
    system.settled().await;
    let logs = system.function_logs("publish-chart");
    assert!(
        logs.iter().any(|line| line.contains(r#"{"command":"sweep"}"#)),
        "{logs:#?}"
    );
}
