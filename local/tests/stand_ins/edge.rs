//! The edge: what it serves and caches, what an invalidation removes, and that it follows the
//! template.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use local::{Options, System};

use crate::support::{Answer, raw, s3, start, start_bucket};

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
async fn a_cached_object_stays_until_it_is_invalidated() {
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

/// Starts a bucket behind a changed template.
async fn start_with(from: &str, to: &str) -> System {
    assert!(local::aws::iam::TEMPLATE.contains(from), "{from}");
    start(Options {
        notifications: false,
        template: local::aws::iam::TEMPLATE.replace(from, to),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_missing_object_is_cached_as_missing_until_it_is_invalidated() {
    let system = start_with(
        "ErrorCode: 404, ErrorCachingMinTTL: 1",
        "ErrorCode: 404, ErrorCachingMinTTL: 600",
    )
    .await;
    assert_eq!(get(&system, "/index.yaml").await.status, 404);
    write(&system, "charts/index.yaml", "one", "max-age=300").await;
    assert_eq!(get(&system, "/index.yaml").await.status, 404);
    system.cloudfront().create("all", vec!["/*".to_owned()]).unwrap();
    system.invalidations_completed().await;
    assert_eq!(get(&system, "/index.yaml").await.status, 200);
}

/// A client may request a version just before it is there.
#[tokio::test]
async fn a_missing_object_is_requested_again_after_the_second_that_the_template_sets() {
    let system = start_bucket().await;
    assert_eq!(get(&system, "/a-1.0.0.tgz").await.status, 404);
    write(&system, "charts/a-1.0.0.tgz", "chart", "max-age=300").await;
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(get(&system, "/a-1.0.0.tgz").await.body, b"chart");
}

#[tokio::test]
async fn an_object_without_caching_headers_is_cached_as_long_as_an_index() {
    let system = start(Options {
        notifications: false,
        settings: [("INDEX_MAX_AGE".to_owned(), "0".to_owned())].into(),
        ..Options::default()
    })
    .await;
    let store = system.store();
    store.put("charts/index.yaml", "one", BTreeMap::new()).unwrap();
    assert_eq!(get(&system, "/index.yaml").await.body, b"one");
    store.put("charts/index.yaml", "two", BTreeMap::new()).unwrap();
    assert_eq!(get(&system, "/index.yaml").await.body, b"two");
}

#[tokio::test]
async fn the_root_is_the_index() {
    let system = start_bucket().await;
    write(&system, "charts/index.yaml", "the index", "max-age=300").await;
    let root = get(&system, "/").await;
    assert_eq!((root.status, root.body.as_slice()), (200, &b"the index"[..]));
    assert_eq!(root.header("content-type"), Some("application/yaml"));
    // The root and the index are the same object in the cache, so one invalidation covers both.
    assert_eq!(
        get(&system, "/index.yaml").await.header("x-cache"),
        Some("Hit from cloudfront")
    );
    // The default root object applies only to the root, as on AWS.
    write(&system, "charts/team-a/index.yaml", "another", "max-age=300").await;
    assert_eq!(get(&system, "/team-a/").await.status, 404);
}

#[tokio::test]
async fn an_object_that_is_never_fresh_is_requested_each_time() {
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
async fn only_objects_below_charts_are_served() {
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

/// The CloudFront function of the template turns all forms into one path, so that they are one
/// object in the cache.
#[tokio::test]
async fn a_plus_and_a_double_slash_work_in_every_form_that_clients_send() {
    let system = start_bucket().await;
    write(&system, "charts/a-1.0.0+b1.tgz", "build", "max-age=300").await;
    assert_eq!(get(&system, "/a-1.0.0%2Bb1.tgz").await.body, b"build");
    for path in [
        "/a-1.0.0+b1.tgz",
        "/a-1.0.0%2bb1.tgz",
        "/a-1.0.0%252Bb1.tgz",
        "/a-1.0.0%252bb1.tgz",
        "//a-1.0.0+b1.tgz",
    ] {
        let answer = get(&system, path).await;
        assert_eq!(answer.body, b"build", "{path}");
        assert_eq!(answer.header("x-cache"), Some("Hit from cloudfront"), "{path}");
    }
    write(&system, "charts/index.yaml", "the index", "max-age=300").await;
    assert_eq!(get(&system, "//index.yaml").await.body, b"the index");
}

/// Without the CloudFront function, S3 reads a raw plus as a space. So the test above does test the
/// function.
#[tokio::test]
async fn without_the_function_a_raw_plus_is_read_as_a_space() {
    let system = start_with(
        "FunctionAssociations:",
        "FunctionAssociations: []\n          GrpcConfig:",
    )
    .await;
    write(&system, "charts/a-1.0.0+b1.tgz", "build", "max-age=300").await;
    assert_eq!(get(&system, "/a-1.0.0%2Bb1.tgz").await.status, 200);
    assert_eq!(get(&system, "/a-1.0.0+b1.tgz").await.status, 404);
}

/// "Don't URL-encode any other characters in the path, or CloudFront won't invalidate the old
/// version."
#[tokio::test]
async fn an_invalidation_has_to_name_the_path_that_the_function_returns() {
    let system = start_bucket().await;
    write(&system, "charts/a+b", "one", "max-age=300").await;
    assert_eq!(get(&system, "/a+b").await.body, b"one");
    write(&system, "charts/a+b", "two", "max-age=300").await;
    for (reference, path, body) in [("raw", "/a+b", "one"), ("encoded", "/a%2Bb", "two")] {
        system.cloudfront().create(reference, vec![path.to_owned()]).unwrap();
        system.invalidations_completed().await;
        assert_eq!(get(&system, "/a+b").await.body, body.as_bytes(), "{path}");
    }
}

#[tokio::test]
async fn a_tilde_cannot_be_invalidated() {
    let system = start_bucket().await;
    write(&system, "charts/a~b", "one", "max-age=300").await;
    assert_eq!(get(&system, "/a~b").await.body, b"one");
    write(&system, "charts/a~b", "two", "max-age=300").await;
    // CloudFront rejects the batch: <https://github.com/aws/aws-sdk/issues/525>.
    assert!(system.cloudfront().create("raw", vec!["/a~b".to_owned()]).is_err());
    system.cloudfront().create("tilde", vec!["/a%7Eb".to_owned()]).unwrap();
    system.invalidations_completed().await;
    assert_eq!(get(&system, "/a~b").await.body, b"one");
}

#[tokio::test]
async fn a_range_request_gets_a_part_of_the_object() {
    let system = start_bucket().await;
    write(&system, "charts/a", "0123456789", "max-age=300").await;
    let url = system.edge_url();
    let range = async |range: &str| raw(&url, "GET", "/a", &[("range", range)], b"").await;
    assert_eq!(get(&system, "/a").await.header("accept-ranges"), Some("bytes"));
    let part = range("bytes=2-4").await;
    assert_eq!((part.status, part.body.as_slice()), (206, &b"234"[..]));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    assert_eq!(part.header("content-length"), Some("3"));
    let beyond = range("bytes=10-").await;
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, Some("bytes */10"))
    );
    let several = range("bytes=0-1,3-4").await;
    assert_eq!((several.status, several.body.len()), (200, 10));

    let etag = part.header("etag").unwrap();
    for (known, status) in [(etag, 206), ("\"other\"", 200)] {
        let headers = [("range", "bytes=2-4"), ("if-range", known)];
        assert_eq!(raw(&url, "GET", "/a", &headers, b"").await.status, status, "{known}");
    }
    let head = raw(&url, "HEAD", "/a", &[("range", "bytes=2-4")], b"").await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("10")));
}

#[tokio::test]
async fn each_answer_has_the_headers_of_the_response_headers_policy() {
    let system = start_bucket().await;
    write(&system, "charts/a", "text", "max-age=300").await;
    for (path, status) in [("/a", 200), ("/b", 404)] {
        let answer = get(&system, path).await;
        assert_eq!(answer.status, status);
        for (name, value) in [
            ("strict-transport-security", "max-age=31536000"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name} of {path}");
        }
        // Only requests from a web page of another origin get this header.
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let page = [("origin", "https://example.com")];
        let answer = raw(&system.edge_url(), "GET", path, &page, b"").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
    }
}

#[tokio::test]
async fn the_edge_follows_a_changed_policy() {
    let system = start_with("FrameOption: DENY", "FrameOption: SAMEORIGIN").await;
    assert_eq!(get(&system, "/a").await.header("x-frame-options"), Some("SAMEORIGIN"));
    let system = start_with(
        "AccessControlAllowOrigins: { Items: [\"*\"] }",
        "AccessControlAllowOrigins: { Items: [https://a.example] }",
    )
    .await;
    for (origin, allowed) in [
        ("https://a.example", Some("https://a.example")),
        ("https://b.example", None),
    ] {
        let answer = raw(&system.edge_url(), "GET", "/a", &[("origin", origin)], b"").await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
    }
}

#[tokio::test]
async fn a_function_may_answer_the_request_itself_or_fail() {
    let code = "request.uri = request.uri";
    let answering = start_with(
        code,
        "return { statusCode: 302, headers: { location: { value: '/b' } } };\n          request.uri = request.uri",
    )
    .await;
    let answer = get(&answering, "/a").await;
    assert_eq!((answer.status, answer.header("location")), (302, Some("/b")));
    let failing = start_with(code, "throw new Error('broken');\n          request.uri = request.uri").await;
    let answer = get(&failing, "/a").await;
    assert_eq!(
        (answer.status, answer.header("x-cache")),
        (503, Some("FunctionExecutionError from cloudfront"))
    );
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
