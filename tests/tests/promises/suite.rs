//! What Chartdrop needs of S3, on the local one. The same runs on servers that we did not write:
//! `tests/conformance/servers`.

use tests::site::Site;
use tests::suite;

#[tokio::test(flavor = "multi_thread")]
async fn chartdrop_works_on_the_local_s3() {
    suite::run(&Site::local().await).await;
}
