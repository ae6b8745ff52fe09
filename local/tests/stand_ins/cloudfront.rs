//! Invalidations, with the SDK as client.

use std::time::Duration;

use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use local::Options;
use local::identity::DISTRIBUTION;

use crate::support::{cloudfront, code, start};

fn batch(reference: &str, paths: &[&str]) -> InvalidationBatch {
    let items = paths.iter().map(|path| (*path).to_owned()).collect();
    let paths = Paths::builder()
        .quantity(i32::try_from(paths.len()).unwrap())
        .set_items(Some(items))
        .build()
        .unwrap();
    InvalidationBatch::builder()
        .caller_reference(reference)
        .paths(paths)
        .build()
        .unwrap()
}

fn slow() -> Options {
    Options {
        invalidation_takes: Duration::from_secs(3600),
        ..Options::default()
    }
}

#[tokio::test]
async fn a_repeated_request_creates_no_second_invalidation() {
    let system = start(slow()).await;
    let client = cloudfront(&system);
    let create = |reference: &str, paths: &[&str]| {
        client
            .create_invalidation()
            .distribution_id(DISTRIBUTION)
            .invalidation_batch(batch(reference, paths))
            .send()
    };
    for bad in ["/a b", "index.yaml", "/a~b", "/a[1]", "/ä", "/a*b"] {
        let first = create("one", &["/index.yaml", bad]).await;
        assert_eq!(code(first), "InvalidArgument", "{bad}");
    }
    let first = create("one", &["/index.yaml", "/team-a/index.yaml"])
        .await
        .unwrap()
        .invalidation
        .unwrap();
    let again = create("one", &["/team-a/index.yaml", "/index.yaml"])
        .await
        .unwrap()
        .invalidation
        .unwrap();
    assert_eq!(again.id(), first.id());
    assert_eq!(code(create("one", &["/other"]).await), "InvalidationBatchAlreadyExists");
    let second = create("two", &["/index.yaml", "/team-a/index.yaml"])
        .await
        .unwrap()
        .invalidation
        .unwrap();
    assert_ne!(second.id(), first.id());
    assert_eq!(system.invalidations().len(), 2);
}

#[tokio::test]
async fn an_invalidation_can_be_followed_until_it_completes() {
    let system = start(Options {
        invalidation_takes: Duration::from_millis(50),
        ..Options::default()
    })
    .await;
    let client = cloudfront(&system);
    let created = client
        .create_invalidation()
        .distribution_id(DISTRIBUTION)
        .invalidation_batch(batch("r", &["/a&b"]));
    let created = created.send().await.unwrap().invalidation.unwrap();
    assert_eq!(created.status(), "InProgress");
    assert_eq!(created.invalidation_batch().unwrap().paths().unwrap().items(), ["/a&b"]);
    system.invalidations_completed().await;
    let got = client
        .get_invalidation()
        .distribution_id(DISTRIBUTION)
        .id(created.id())
        .send()
        .await
        .unwrap();
    assert_eq!(got.invalidation.unwrap().status(), "Completed");
}

#[tokio::test]
async fn invalidations_are_listed_page_by_page_newest_first() {
    let system = start(slow()).await;
    let client = cloudfront(&system);
    let mut made = Vec::new();
    for reference in ["a", "b", "c", "d", "e"] {
        let paths = vec![format!("/{reference}")];
        made.push(system.cloudfront().create(reference, paths).unwrap().id);
    }
    made.reverse();
    let mut listed = Vec::new();
    let mut marker = None;
    loop {
        let list = client
            .list_invalidations()
            .distribution_id(DISTRIBUTION)
            .max_items(2)
            .set_marker(marker);
        let page = list.send().await.unwrap().invalidation_list.unwrap();
        listed.extend(page.items().iter().map(|item| item.id().to_owned()));
        marker = page.next_marker().map(str::to_owned);
        assert_eq!(page.is_truncated(), marker.is_some());
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(listed, made);
}

#[tokio::test]
async fn too_many_invalidations_at_once_are_rejected() {
    let system = start(slow()).await;
    let client = cloudfront(&system);
    let create = |reference: &str, paths: Vec<String>| {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        client
            .create_invalidation()
            .distribution_id(DISTRIBUTION)
            .invalidation_batch(batch(reference, &paths))
            .send()
    };
    create("wildcards", (0..15).map(|n| format!("/{n}/*")).collect())
        .await
        .unwrap();
    let rejected = create("one more", vec!["/x*".to_owned()]).await;
    assert!(
        rejected
            .as_ref()
            .unwrap_err()
            .as_service_error()
            .unwrap()
            .is_too_many_invalidations_in_progress()
    );
    create("many", (0..3000).map(|n| format!("/{n}")).collect())
        .await
        .unwrap();
    let rejected = create("another", vec!["/index.yaml".to_owned()]).await;
    assert_eq!(code(rejected), "TooManyInvalidationsInProgress");
}

#[tokio::test]
async fn another_distribution_does_not_exist() {
    let system = start(Options::default()).await;
    let create = cloudfront(&system)
        .create_invalidation()
        .distribution_id("E0THER")
        .invalidation_batch(batch("r", &["/x"]));
    assert!(
        create
            .send()
            .await
            .unwrap_err()
            .as_service_error()
            .unwrap()
            .is_no_such_distribution()
    );
}
