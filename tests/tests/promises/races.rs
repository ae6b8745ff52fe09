//! Races on the local S3. `tests/conformance/servers` runs the same on MinIO.

use tests::races;
use tests::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_uploads_from_twenty_uploaders_are_all_published_and_no_reader_ever_misses_one() {
    races::all_are_published_and_no_reader_ever_misses_one(Site::local().await, 500).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_twenty_rivals_for_a_version_is_published_and_stays() {
    races::of_the_same_version_with_different_content_one_wins(Site::local().await).await;
}
