//! Objects over HTTP: they are read, listed, copied and removed as in S3.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart, Delete, MetadataDirective,
    ObjectIdentifier,
};
use local::identity::BUCKET;

use crate::support::{code, raw, s3, s3_as, start_bucket};

#[tokio::test]
async fn an_object_comes_back_with_everything_it_was_written_with() {
    let system = start_bucket().await;
    let client = s3(&system);
    let put = client
        .put_object()
        .bucket(BUCKET)
        .key("charts/ü b+c.tgz")
        .body(ByteStream::from_static(b"hello"))
        .content_type("application/gzip")
        .cache_control("public, max-age=31536000, immutable")
        .metadata("content-digest", "abc")
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .send()
        .await
        .unwrap();
    assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    let head = client
        .head_object()
        .bucket(BUCKET)
        .key("charts/ü b+c.tgz")
        .checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!(head.content_type(), Some("application/gzip"));
    assert_eq!(head.cache_control(), Some("public, max-age=31536000, immutable"));
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.metadata().unwrap()["content-digest"], "abc");
    assert_eq!(
        head.checksum_sha256(),
        Some("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")
    );
    assert!(head.last_modified().is_some());
    let get = client
        .get_object()
        .bucket(BUCKET)
        .key("charts/ü b+c.tgz")
        .checksum_mode(ChecksumMode::Enabled);
    let get = get.send().await.unwrap();
    assert_eq!(get.e_tag(), put.e_tag());
    assert_eq!(get.body.collect().await.unwrap().to_vec(), b"hello");
}

#[tokio::test]
async fn bytes_that_do_not_match_their_checksum_are_rejected() {
    let system = start_bucket().await;
    let put = || {
        s3(&system)
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .body(ByteStream::from_static(b"hello"))
    };
    let sha256 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(code(put().checksum_sha256(sha256).send().await), "BadDigest");
    assert_eq!(code(put().checksum_crc32("AAAAAA==").send().await), "BadDigest");
    assert_eq!(
        code(put().content_md5("AAAAAAAAAAAAAAAAAAAAAA==").send().await),
        "BadDigest"
    );
    assert_eq!(code(put().content_md5("no").send().await), "InvalidDigest");
    assert!(system.store().get("k").is_none());
}

#[tokio::test]
async fn a_missing_key_and_a_missing_bucket_have_different_errors() {
    let system = start_bucket().await;
    let client = s3(&system);
    assert_eq!(
        code(client.get_object().bucket(BUCKET).key("k").send().await),
        "NoSuchKey"
    );
    assert_eq!(
        code(client.get_object().bucket("another").key("k").send().await),
        "NoSuchBucket"
    );
    let head = client.head_object().bucket(BUCKET).key("k").send().await.unwrap_err();
    assert!(head.as_service_error().unwrap().is_not_found());
    client.delete_object().bucket(BUCKET).key("k").send().await.unwrap();
}

#[tokio::test]
async fn a_long_listing_continues_where_its_page_ended() {
    let system = start_bucket().await;
    let mut expected: Vec<String> = (0..1234).map(|n| format!("staging/chart-{n}.tgz")).collect();
    expected.push("staging/a b+c&<ü>.tgz".to_owned());
    expected.sort();
    for key in &expected {
        system.store().put(key, "x", Default::default()).unwrap();
    }
    system.store().put("other", "x", Default::default()).unwrap();
    let client = s3(&system);
    for page_size in [1000, 100] {
        let mut pages = client
            .list_objects_v2()
            .bucket(BUCKET)
            .prefix("staging/")
            .into_paginator()
            .page_size(page_size)
            .send();
        let mut listed = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            assert!(page.contents().len() <= 1000);
            listed.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
        }
        assert_eq!(listed, expected);
    }
    let after = client
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("staging/")
        .start_after(&expected[1000])
        .send()
        .await;
    assert_eq!(after.unwrap().contents()[0].key(), Some(expected[1001].as_str()));
}

#[tokio::test]
async fn a_delimiter_groups_folders_even_across_pages() {
    let system = start_bucket().await;
    for key in ["c/a.tgz", "c/t1/1", "c/t1/2", "c/t2/1", "c/t2/2", "c/z.tgz", "d/x"] {
        system.store().put(key, "x", Default::default()).unwrap();
    }
    let client = s3(&system);
    for page_size in [1000, 1] {
        let list = client
            .list_objects_v2()
            .bucket(BUCKET)
            .prefix("c/")
            .delimiter("/")
            .into_paginator();
        let mut pages = list.page_size(page_size).send();
        let (mut keys, mut folders) = (Vec::new(), Vec::new());
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            keys.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
            folders.extend(
                page.common_prefixes()
                    .iter()
                    .map(|common| common.prefix().unwrap().to_owned()),
            );
        }
        assert_eq!(keys, ["c/a.tgz", "c/z.tgz"]);
        assert_eq!(folders, ["c/t1/", "c/t2/"]);
    }
}

#[tokio::test]
async fn a_listing_can_be_url_encoded() {
    let system = start_bucket().await;
    system.store().put("a b+c&d/ü", "x", Default::default()).unwrap();
    let list = s3(&system)
        .list_objects_v2()
        .bucket(BUCKET)
        .encoding_type(aws_sdk_s3::types::EncodingType::Url);
    assert_eq!(
        list.send().await.unwrap().contents()[0].key(),
        Some("a%20b%2Bc%26d/%C3%BC")
    );
}

#[tokio::test]
async fn a_multipart_upload_becomes_one_object() {
    let system = start_bucket().await;
    let client = s3(&system);
    let id = client
        .create_multipart_upload()
        .bucket(BUCKET)
        .key("big")
        .content_type("application/gzip")
        .send()
        .await;
    let id = id.unwrap().upload_id().unwrap().to_owned();
    let bodies = [vec![b'a'; 5 << 20], vec![b'b'; 7]];
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&bodies) {
        let part = client
            .upload_part()
            .bucket(BUCKET)
            .key("big")
            .upload_id(&id)
            .part_number(number);
        let part = part.body(ByteStream::from(body.clone())).send().await.unwrap();
        parts.push(
            CompletedPart::builder()
                .part_number(number)
                .e_tag(part.e_tag().unwrap())
                .build(),
        );
    }
    let complete = |parts: Vec<CompletedPart>| {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key("big")
            .upload_id(&id)
            .multipart_upload(parts)
            .send()
    };
    let reversed = parts.iter().rev().cloned().collect();
    assert_eq!(code(complete(reversed).await), "InvalidPartOrder");
    let done = complete(parts).await.unwrap();
    // The MD5 of the parts' MD5s, computed with: (printf a%.0s …; printf bbbbbbb) | split, md5sum,
    // xxd -r -p, md5sum
    assert!(done.e_tag().unwrap().ends_with("-2\""), "{:?}", done.e_tag());
    let object = system.store().get("big").unwrap();
    assert_eq!(object.bytes, bodies.concat());
    assert_eq!(object.headers.content_type.as_deref(), Some("application/gzip"));
    let id_is_used_up = client
        .abort_multipart_upload()
        .bucket(BUCKET)
        .key("big")
        .upload_id(&id)
        .send()
        .await;
    assert_eq!(code(id_is_used_up), "NoSuchUpload");
}

#[tokio::test]
async fn parts_that_are_too_small_are_rejected() {
    let system = start_bucket().await;
    let client = s3(&system);
    let id = client
        .create_multipart_upload()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    let id = id.upload_id().unwrap();
    let mut parts = Vec::new();
    for number in 1..=2 {
        let part = client
            .upload_part()
            .bucket(BUCKET)
            .key("k")
            .upload_id(id)
            .part_number(number);
        let part = part.body(ByteStream::from_static(b"small")).send().await.unwrap();
        parts.push(
            CompletedPart::builder()
                .part_number(number)
                .e_tag(part.e_tag().unwrap())
                .build(),
        );
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = client
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("k")
        .upload_id(id)
        .multipart_upload(parts);
    assert_eq!(code(complete.send().await), "EntityTooSmall");
    assert!(system.store().get("k").is_none());
}

#[tokio::test]
async fn a_copy_keeps_or_replaces_the_headers_and_metadata() {
    let system = start_bucket().await;
    let client = s3(&system);
    let put = client
        .put_object()
        .bucket(BUCKET)
        .key("a+b")
        .content_type("text/plain")
        .metadata("m", "1");
    put.body(ByteStream::from_static(b"hello")).send().await.unwrap();
    let copy = || {
        client
            .copy_object()
            .bucket(BUCKET)
            .copy_source(format!("{BUCKET}/a%2Bb"))
    };
    copy().key("kept").send().await.unwrap();
    let kept = system.store().get("kept").unwrap();
    assert_eq!(kept.headers.content_type.as_deref(), Some("text/plain"));
    assert_eq!(kept.metadata["m"], "1");
    let replace = copy()
        .key("new")
        .metadata_directive(MetadataDirective::Replace)
        .content_type("application/gzip");
    replace.send().await.unwrap();
    let replaced = system.store().get("new").unwrap();
    assert_eq!(replaced.headers.content_type.as_deref(), Some("application/gzip"));
    assert!(replaced.metadata.is_empty());
    assert_eq!(code(copy().key("a+b").send().await), "InvalidRequest");
}

#[tokio::test]
async fn several_objects_are_deleted_at_once() {
    let system = start_bucket().await;
    for key in ["a", "b", "c"] {
        system.store().put(key, "x", Default::default()).unwrap();
    }
    let named = ["a", "b", "missing"].map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let delete = Delete::builder().set_objects(Some(named.to_vec())).build().unwrap();
    let done = s3(&system)
        .delete_objects()
        .bucket(BUCKET)
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!(done.deleted().len(), 3);
    assert_eq!(system.store().list(""), ["c"]);
}

#[tokio::test]
async fn a_range_of_an_object_is_sent_as_partial_content() {
    let system = start_bucket().await;
    system.store().put("k", "0123456789", Default::default()).unwrap();
    let client = s3(&system);
    let get = client
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .range("bytes=2-4")
        .send()
        .await
        .unwrap();
    assert_eq!(get.content_range(), Some("bytes 2-4/10"));
    assert_eq!(get.body.collect().await.unwrap().to_vec(), b"234");
    assert_eq!(
        code(
            client
                .get_object()
                .bucket(BUCKET)
                .key("k")
                .range("bytes=20-")
                .send()
                .await
        ),
        "InvalidRange"
    );
}

#[tokio::test]
async fn a_raw_plus_in_a_path_is_a_space_and_an_encoded_plus_is_a_plus() {
    let system = start_bucket().await;
    let url = system.s3_endpoint();
    raw(&url, "PUT", "/chartdrop-local/a+b", &[], b"space").await;
    raw(&url, "PUT", "/chartdrop-local/a%2Bb", &[], b"plus").await;
    assert_eq!(system.store().list(""), ["a b", "a+b"]);
    s3(&system)
        .put_object()
        .bucket(BUCKET)
        .key("sdk+1")
        .send()
        .await
        .unwrap();
    assert!(system.store().get("sdk+1").is_some());
}

#[tokio::test]
async fn a_wrong_signature_is_rejected_and_no_signature_is_accepted() {
    let system = start_bucket().await;
    let wrong = aws_sdk_s3::config::Credentials::new("test", "not-local", None, None, "test");
    let config = s3(&system).config().to_builder().credentials_provider(wrong).build();
    let put = aws_sdk_s3::Client::from_conf(config)
        .put_object()
        .bucket(BUCKET)
        .key("k");
    assert_eq!(code(put.send().await), "SignatureDoesNotMatch");
    assert_eq!(
        raw(&system.s3_endpoint(), "PUT", "/chartdrop-local/k", &[], b"text")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn only_requests_of_functions_are_counted() {
    let system = start_bucket().await;
    let function = s3_as(&system, "LOCAL-publish-chart");
    s3(&system)
        .put_object()
        .bucket(BUCKET)
        .key("charts/k")
        .send()
        .await
        .unwrap();
    function
        .get_object()
        .bucket(BUCKET)
        .key("charts/k")
        .send()
        .await
        .unwrap();
    function
        .get_object()
        .bucket(BUCKET)
        .key("charts/missing")
        .send()
        .await
        .unwrap_err();
    function.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    let log: Vec<_> = system
        .s3_requests()
        .into_iter()
        .map(|r| (r.function, r.operation, r.key, r.status))
        .collect();
    let entry =
        |operation: &str, key: &str, status| ("publish-chart".to_owned(), operation.to_owned(), key.to_owned(), status);
    assert_eq!(
        log,
        [
            entry("GetObject", "charts/k", 200),
            entry("GetObject", "charts/missing", 404),
            entry("ListObjectsV2", "", 200)
        ]
    );
    assert_eq!(system.s3_request_counts()["GetObject"], 2);
}

#[tokio::test]
async fn a_large_object_is_copied_in_parts() {
    let system = start_bucket().await;
    let client = s3(&system);
    let bytes: Vec<u8> = (0..(6 << 20)).map(|n: u32| n.to_le_bytes()[1]).collect();
    system.store().put("a b+c", bytes.clone(), Default::default()).unwrap();
    let id = client
        .create_multipart_upload()
        .bucket(BUCKET)
        .key("copy")
        .send()
        .await
        .unwrap();
    let id = id.upload_id().unwrap();
    let copy = |number: i32, range: String| {
        let part = client
            .upload_part_copy()
            .bucket(BUCKET)
            .key("copy")
            .upload_id(id)
            .part_number(number);
        part.copy_source(format!("{BUCKET}/a%20b%2Bc"))
            .copy_source_range(range)
            .send()
    };
    assert_eq!(
        code(copy(1, format!("bytes=0-{}", bytes.len())).await),
        "InvalidArgument"
    );
    let mut parts = Vec::new();
    for (number, range) in [
        (1, format!("bytes=0-{}", (5 << 20) - 1)),
        (2, format!("bytes={}-{}", 5 << 20, bytes.len() - 1)),
    ] {
        let part = copy(number, range).await.unwrap();
        let etag = part.copy_part_result().unwrap().e_tag().unwrap();
        parts.push(CompletedPart::builder().part_number(number).e_tag(etag).build());
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let done = client
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("copy")
        .upload_id(id)
        .multipart_upload(parts);
    done.send().await.unwrap();
    assert_eq!(system.store().get("copy").unwrap().bytes, bytes);
}
