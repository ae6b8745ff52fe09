//! The edge: what it serves, what it remembers, what it forgets.

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::ByteStream;
use local::System;

use crate::support::{Answer, raw, s3, start_bucket};

async fn get(system: &System, path: &str) -> Answer {
    raw(&system.edge_url(), "GET", path, &[], b"").await
}

async fn write(system: &System, key: &str, text: &'static str, cache_control: &str) {
    let put = s3(system)
        .put_object()
        .bucket("chartdrop-local")
        .key(key)
        .content_type("application/yaml");
    put.cache_control(cache_control)
        .body(ByteStream::from_static(text.as_bytes()))
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_cached_stays_until_it_is_invalidated() {
    let system = start_bucket().await;
    write(&system, "charts/index.yaml", "one", "public, max-age=300").await;
    let first = get(&system, "/index.yaml").await;
    assert_eq!(
        (first.body.as_slice(), first.header("x-cache")),
        (&b"one"[..], Some("Miss from cloudfront"))
    );
    assert_eq!(first.header("content-type"), Some("application/yaml"));

    write(&system, "charts/index.yaml", "two", "public, max-age=300").await;
    let stale = get(&system, "/index.yaml?x=1").await;
    assert_eq!(
        (stale.body.as_slice(), stale.header("x-cache")),
        (&b"one"[..], Some("Hit from cloudfront"))
    );
    assert_eq!(stale.header("age"), Some("0"));

    system
        .cloudfront()
        .create("other", vec!["/other.yaml".to_owned()])
        .unwrap();
    system.invalidations_completed().await;
    assert_eq!(get(&system, "/index.yaml").await.body, b"one");
    system
        .cloudfront()
        .create("index", vec!["/index.yaml".to_owned()])
        .unwrap();
    system.invalidations_completed().await;
    assert_eq!(get(&system, "/index.yaml").await.body, b"two");
}

#[tokio::test]
async fn a_missing_object_is_remembered_as_missing_until_it_is_invalidated() {
    let system = start_bucket().await;
    assert_eq!(get(&system, "/index.yaml").await.status, 404);
    write(&system, "charts/index.yaml", "one", "max-age=300").await;
    assert_eq!(get(&system, "/index.yaml").await.status, 404);
    system.cloudfront().create("all", vec!["/*".to_owned()]).unwrap();
    system.invalidations_completed().await;
    assert_eq!(get(&system, "/index.yaml").await.status, 200);
}

#[tokio::test]
async fn an_object_without_freshness_is_asked_for_each_time() {
    let system = start_bucket().await;
    write(&system, "charts/a", "one", "max-age=0").await;
    assert_eq!(get(&system, "/a").await.header("x-cache"), Some("Miss from cloudfront"));
    assert_eq!(
        get(&system, "/a").await.header("x-cache"),
        Some("RefreshHit from cloudfront")
    );
    write(&system, "charts/a", "two", "max-age=0").await;
    assert_eq!(get(&system, "/a").await.body, b"two");
}

#[tokio::test]
async fn nothing_but_charts_is_served() {
    let system = start_bucket().await;
    for key in ["staging/a.tgz", "receipts/a.tgz.json", "secret", "charts", "chartsx"] {
        system.store().put(key, "hidden", BTreeMap::new()).unwrap();
    }
    for path in [
        "/staging/a.tgz",
        "/../staging/a.tgz",
        "/%2e%2e/staging/a.tgz",
        "/..%2Fstaging%2Fa.tgz",
        "/charts/../secret",
        "//staging/a.tgz",
        "/",
        "x",
    ] {
        let answer = get(&system, path).await;
        assert_ne!(answer.status, 200, "{path}");
        assert!(!answer.body.windows(6).any(|window| window == b"hidden"), "{path}");
    }
}

#[tokio::test]
async fn a_plus_has_to_be_encoded_as_in_front_of_the_real_s3() {
    let system = start_bucket().await;
    system
        .store()
        .put("charts/a-1.0.0+b1.tgz", "build", BTreeMap::new())
        .unwrap();
    assert_eq!(get(&system, "/a-1.0.0%2Bb1.tgz").await.body, b"build");
    assert_eq!(get(&system, "/a-1.0.0+b1.tgz").await.status, 404);
}

#[tokio::test]
async fn head_and_conditional_requests_send_no_body() {
    let system = start_bucket().await;
    write(&system, "charts/a", "text", "max-age=300").await;
    let url = system.edge_url();
    let head = raw(&url, "HEAD", "/a", &[], b"").await;
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, Some("4"), 0)
    );
    let etag = head.header("etag").unwrap();
    let known = raw(&url, "GET", "/a", &[("if-none-match", etag)], b"").await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), Some(etag));
    let since = head.header("last-modified").unwrap();
    assert_eq!(
        raw(&url, "GET", "/a", &[("if-modified-since", since)], b"")
            .await
            .status,
        304
    );
    assert_eq!(
        raw(&url, "GET", "/a", &[("if-none-match", "\"other\"")], b"")
            .await
            .body,
        b"text"
    );
}

#[tokio::test]
async fn nothing_can_be_written_through_the_edge() {
    let system = start_bucket().await;
    for method in ["PUT", "POST", "DELETE"] {
        assert_eq!(raw(&system.edge_url(), method, "/a", &[], b"x").await.status, 403);
    }
    assert!(system.store().list("").is_empty());
}
