//! Finds out where a server differs from S3 in ways that matter to Chartdrop.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use tests::site::Site;

/// One difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// Not exactly one of ten writers with `If-None-Match: *` succeeds.
    RacersBothCreate,
    /// Not exactly one of ten writers with the same `If-Match` succeeds.
    RacersBothReplace,
    /// `If-Match` on a missing key is not answered with 404 `NoSuchKey`.
    IfMatchOnMissing,
    /// An upload with a wrong CRC-32 is accepted.
    WrongChecksumTaken,
    /// The CRC-32 of an upload is not returned on request.
    ChecksumNotTold,
    /// A listing is not in the byte order of keys.
    ListingUnordered,
    /// `DeleteObject` ignores `If-Match`.
    DeleteIgnoresIfMatch,
    /// `CopyObject` ignores `x-amz-copy-source-if-match`.
    CopyIgnoresIfMatch,
}

pub(super) async fn differences(site: &Site) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut check = |differs: bool, difference: Difference| {
        if differs {
            found.push(difference);
        }
    };
    check(racers_that_create(site).await != 1, Difference::RacersBothCreate);
    check(racers_that_replace(site).await != 1, Difference::RacersBothReplace);
    check(!if_match_on_missing_is_told(site).await, Difference::IfMatchOnMissing);
    check(wrong_checksum_is_taken(site).await, Difference::WrongChecksumTaken);
    check(!checksum_is_told(site).await, Difference::ChecksumNotTold);
    check(!listing_is_ordered(site).await, Difference::ListingUnordered);
    check(delete_ignores_if_match(site).await, Difference::DeleteIgnoresIfMatch);
    check(copy_ignores_if_match(site).await, Difference::CopyIgnoresIfMatch);
    found
}

async fn racers_that_create(site: &Site) -> usize {
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..10 {
        let put = site.client.put_object().bucket(&site.bucket).key("differences/created");
        let put = put
            .if_none_match("*")
            .body(ByteStream::from(format!("racer {racer}").into_bytes()));
        racers.spawn(put.send());
    }
    racers.join_all().await.into_iter().filter(Result::is_ok).count()
}

async fn racers_that_replace(site: &Site) -> usize {
    let etag = site.put("differences/replaced", "before").await;
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..10 {
        let put = site
            .client
            .put_object()
            .bucket(&site.bucket)
            .key("differences/replaced");
        let put = put
            .if_match(&etag)
            .body(ByteStream::from(format!("racer {racer}").into_bytes()));
        racers.spawn(put.send());
    }
    racers.join_all().await.into_iter().filter(Result::is_ok).count()
}

async fn if_match_on_missing_is_told(site: &Site) -> bool {
    let put = site.client.put_object().bucket(&site.bucket).key("differences/missing");
    let put = put.if_match("0123456789abcdef0123456789abcdef").send().await;
    put.is_err_and(|error| error.code() == Some("NoSuchKey"))
}

async fn wrong_checksum_is_taken(site: &Site) -> bool {
    let put = site.client.put_object().bucket(&site.bucket).key("differences/wrong");
    let put = put
        .checksum_crc32("AAAAAA==")
        .body(ByteStream::from_static(b"not zero"));
    put.send().await.is_ok()
}

async fn checksum_is_told(site: &Site) -> bool {
    site.put("differences/checksum", "123456789").await;
    let head = site
        .client
        .head_object()
        .bucket(&site.bucket)
        .key("differences/checksum");
    let head = head.checksum_mode(ChecksumMode::Enabled).send().await;
    head.is_ok_and(|head| head.checksum_crc32() == Some("y/Q5Jg=="))
}

async fn listing_is_ordered(site: &Site) -> bool {
    for key in ["b", "B", "a-1", "a/1", "a+1", "a.1", "ä"] {
        site.put(&format!("differences/order/{key}"), "").await;
    }
    let keys = site.keys("differences/order/").await;
    keys.len() == 7 && keys.is_sorted_by(|one, two| one.as_bytes() < two.as_bytes())
}

async fn delete_ignores_if_match(site: &Site) -> bool {
    site.put("differences/deleted", "bytes").await;
    let delete = site
        .client
        .delete_object()
        .bucket(&site.bucket)
        .key("differences/deleted");
    let _ = delete.if_match("0123456789abcdef0123456789abcdef").send().await;
    site.get("differences/deleted").await.is_none()
}

async fn copy_ignores_if_match(site: &Site) -> bool {
    site.put("differences/source", "bytes").await;
    let copy = site.client.copy_object().bucket(&site.bucket).key("differences/copy");
    let copy = copy.copy_source(format!("{}/differences/source", site.bucket));
    let _ = copy
        .copy_source_if_match("0123456789abcdef0123456789abcdef")
        .send()
        .await;
    site.get("differences/copy").await.is_some()
}
