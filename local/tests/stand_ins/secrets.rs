//! The secret in Secrets Manager.

use local::Options;

use crate::support::{code, secrets, start};

#[tokio::test]
async fn the_secret_is_found_by_its_name() {
    let system = start(Options {
        secret: Some("s3cret".to_owned()),
        ..Options::default()
    })
    .await;
    let client = secrets(&system);
    let found = client
        .get_secret_value()
        .secret_id("chartdrop-local")
        .send()
        .await
        .unwrap();
    assert_eq!(found.secret_string(), Some("s3cret"));
    let by_arn = client
        .get_secret_value()
        .secret_id(found.arn().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(by_arn.secret_string(), Some("s3cret"));
    let other = client.get_secret_value().secret_id("other").send().await;
    assert_eq!(code(other), "ResourceNotFoundException");
}

#[tokio::test]
async fn a_system_without_a_secret_has_none() {
    let system = start(Options::default()).await;
    let got = secrets(&system)
        .get_secret_value()
        .secret_id("chartdrop-local")
        .send()
        .await;
    assert!(
        got.unwrap_err()
            .as_service_error()
            .unwrap()
            .is_resource_not_found_exception()
    );
}
