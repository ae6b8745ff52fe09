//! Tests on the local S3 everything that Chartdrop needs from S3. `tests/conformance/servers` runs
//! the same tests on servers that are not part of this project.

use tests::site::Site;
use tests::suite;

#[tokio::test(flavor = "multi_thread")]
async fn chartdrop_works_on_the_local_s3() {
    suite::run(&Site::local().await).await;
}
