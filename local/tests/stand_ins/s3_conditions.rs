//! Conditional requests: exactly one of several writers succeeds.

use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use tokio::task::JoinSet;

use crate::support::{code, s3, start_bucket};

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_of_eight_writers_creates_the_object() {
    let system = start_bucket().await;
    for round in 0..10 {
        let key = format!("race-{round}");
        let mut racers = JoinSet::new();
        for racer in 0..8 {
            let (client, key) = (s3(&system), key.clone());
            racers.spawn(async move {
                let body = ByteStream::from(format!("racer {racer}").into_bytes());
                let put = client
                    .put_object()
                    .bucket("chartdrop-local")
                    .key(key)
                    .if_none_match("*")
                    .body(body);
                put.send().await.map(|_| racer)
            });
        }
        let results = racers.join_all().await;
        let winners: Vec<i32> = results
            .iter()
            .filter_map(|result| result.as_ref().ok().copied())
            .collect();
        assert_eq!(winners.len(), 1, "{winners:?}");
        for lost in results.into_iter().filter(Result::is_err) {
            assert_eq!(code(lost), "PreconditionFailed");
        }
        let kept = system.store().get(&key).unwrap();
        assert_eq!(kept.bytes, format!("racer {}", winners[0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_workers_that_each_increment_ten_times_by_compare_and_swap_reach_fifty() {
    let system = Arc::new(start_bucket().await);
    system.store().put("counter", "0", Default::default()).unwrap();
    let mut workers = JoinSet::new();
    for _ in 0..5 {
        let client = s3(&system);
        workers.spawn(async move {
            let mut done = 0;
            while done < 10 {
                let got = client
                    .get_object()
                    .bucket("chartdrop-local")
                    .key("counter")
                    .send()
                    .await
                    .unwrap();
                let etag = got.e_tag().unwrap().to_owned();
                let text = String::from_utf8(got.body.collect().await.unwrap().to_vec()).unwrap();
                let next = (text.parse::<u32>().unwrap() + 1).to_string().into_bytes();
                let put = client
                    .put_object()
                    .bucket("chartdrop-local")
                    .key("counter")
                    .if_match(etag);
                match put.body(ByteStream::from(next)).send().await {
                    Ok(_) => done += 1,
                    lost => assert_eq!(code(lost), "PreconditionFailed"),
                }
            }
        });
    }
    workers.join_all().await;
    assert_eq!(system.store().get("counter").unwrap().bytes, "50");
}

#[tokio::test]
async fn if_match_on_a_missing_object_is_no_such_key() {
    let system = start_bucket().await;
    let put = s3(&system)
        .put_object()
        .bucket("chartdrop-local")
        .key("gone")
        .if_match("\"0123\"");
    assert_eq!(code(put.send().await), "NoSuchKey");
}

#[tokio::test]
async fn if_none_match_with_an_etag_is_not_implemented_for_writes() {
    let system = start_bucket().await;
    let put = s3(&system)
        .put_object()
        .bucket("chartdrop-local")
        .key("k")
        .if_none_match("\"0123\"");
    assert_eq!(code(put.send().await), "NotImplemented");
    assert!(system.store().get("k").is_none());
}

#[tokio::test]
async fn a_conditional_delete_keeps_an_object_that_has_changed() {
    let system = start_bucket().await;
    let client = s3(&system);
    let old = system.store().put("k", "old", Default::default()).unwrap();
    let new = system.store().put("k", "new", Default::default()).unwrap();
    let delete = |etag: &str| {
        client
            .delete_object()
            .bucket("chartdrop-local")
            .key("k")
            .if_match(format!("\"{etag}\""))
    };
    assert_eq!(code(delete(&old).send().await), "PreconditionFailed");
    assert!(system.store().get("k").is_some());
    delete(&new).send().await.unwrap();
    assert!(system.store().get("k").is_none());
    // Deleting a missing key succeeds.
    delete(&new).send().await.unwrap();
}

#[tokio::test]
async fn a_conditional_read_of_an_unchanged_object_sends_no_body() {
    let system = start_bucket().await;
    let client = s3(&system);
    let etag = format!("\"{}\"", system.store().put("k", "text", Default::default()).unwrap());
    let get = || client.get_object().bucket("chartdrop-local").key("k");
    let known = get().if_none_match(&etag).send().await.unwrap_err();
    assert_eq!(known.raw_response().unwrap().status().as_u16(), 304);
    assert_eq!(code(get().if_match("\"other\"").send().await), "PreconditionFailed");
    let head = client
        .head_object()
        .bucket("chartdrop-local")
        .key("k")
        .if_none_match(&etag)
        .send()
        .await
        .unwrap_err();
    assert_eq!(head.raw_response().unwrap().status().as_u16(), 304);
    get().if_match(&etag).send().await.unwrap();
}

#[tokio::test]
async fn completing_a_multipart_upload_can_be_conditional_too() {
    let system = start_bucket().await;
    let client = s3(&system);
    system.store().put("k", "first", Default::default()).unwrap();
    let id = client
        .create_multipart_upload()
        .bucket("chartdrop-local")
        .key("k")
        .send()
        .await
        .unwrap();
    let id = id.upload_id().unwrap();
    let part = client
        .upload_part()
        .bucket("chartdrop-local")
        .key("k")
        .upload_id(id)
        .part_number(1);
    let part = part.body(ByteStream::from_static(b"second")).send().await.unwrap();
    let part = aws_sdk_s3::types::CompletedPart::builder()
        .part_number(1)
        .e_tag(part.e_tag().unwrap())
        .build();
    let parts = aws_sdk_s3::types::CompletedMultipartUpload::builder()
        .parts(part)
        .build();
    let complete = || {
        client
            .complete_multipart_upload()
            .bucket("chartdrop-local")
            .key("k")
            .upload_id(id)
            .multipart_upload(parts.clone())
    };
    assert_eq!(code(complete().if_none_match("*").send().await), "PreconditionFailed");
    assert_eq!(system.store().get("k").unwrap().bytes, "first");
    complete().send().await.unwrap();
    assert_eq!(system.store().get("k").unwrap().bytes, "second");
}
