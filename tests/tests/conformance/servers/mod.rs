//! Runs the suite of `tests::suite` and the races on servers that are not part of this project.
//!
//! MinIO notifies the functions of uploads with its own webhooks. MiniStack also implements
//! CloudFront's API.

mod differences;
mod minio;
mod ministack;
pub(crate) mod process;
mod webhooks;

use std::time::Duration;

use tests::keys::Key;
use tests::{ChartArchive, races, suite};

use differences::{Difference, differences};

#[tokio::test(flavor = "multi_thread")]
async fn chartdrop_works_on_minio() {
    let minio = minio::start().await;
    suite::run(&minio.site("suite").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chartdrop_works_on_ministack_with_its_cloudfront() {
    let ministack = ministack::start().await;
    suite::run(&ministack.site("suite").await).await;
    let listed = ministack.invalidations().await;
    let of_the_suite = listed.iter().filter(|paths| **paths == ["/edge/index.yaml"]).count();
    assert_eq!(
        of_the_suite, 1,
        "repeated events made more than one invalidation: {listed:?}"
    );
}

/// A new value of the secret takes effect in the same process, without a deployment.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_ministack_is_read_and_read_again_after_a_rotation() {
    let ministack = ministack::start().await;
    let (first, second) = (Key::new(), Key::new());
    let id = "charts/keys";
    ministack.secret("create-secret", id, &first.secret_to_verify()).await;
    let settings = [("PROVENANCE", "verify"), ("SECRET_ID", id)];
    let site = ministack.site_with("signed", &settings).await;
    let publish = async |version: &str, key: &Key| {
        let chart = ChartArchive::new("demo", version);
        let provenance = format!("staging/{}.prov", chart.file_name());
        site.put(&provenance, key.sign(&chart)).await;
        site.publish("", &chart).await
    };
    let receipt = publish("1.0.0", &first).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    let rejected = publish("1.1.0", &second).await;
    assert_eq!(rejected["reasonCode"], "unknown-signer", "{rejected}");

    ministack
        .secret("put-secret-value", id, &second.secret_to_verify())
        .await;
    // The secret was read again for the rejected chart, and it is read at most every two seconds.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let receipt = publish("1.2.0", &second).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_uploads_on_minio_are_all_published_and_no_reader_ever_misses_one() {
    let minio = minio::start().await;
    races::all_are_published_and_no_reader_ever_misses_one(minio.site("race").await, 500).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_twenty_rivals_for_a_version_on_minio_is_published() {
    let minio = minio::start().await;
    races::of_the_same_version_with_different_content_one_wins(minio.site("rivals").await).await;
}

/// `local/README.md` explains these differences.
#[tokio::test(flavor = "multi_thread")]
async fn the_differences_of_the_servers_from_s3_are_known() {
    let local = tests::site::Site::local().await;
    assert_eq!(differences(&local).await, []);
    let minio = minio::start().await;
    assert_eq!(
        differences(&minio.site("differences").await).await,
        [Difference::DeleteIgnoresIfMatch]
    );
    let ministack = ministack::start().await;
    assert_eq!(differences(&ministack.site("differences").await).await, []);
}
