//! Races: many uploaders and publishers at once, and readers that check every state.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chartdrop::digest::Digest;
use chartdrop::index::Index;
use serde_json::Value;

use crate::ChartArchive;
use crate::site::Site;
use crate::system::{entries, versions};

const UPLOADERS: usize = 20;

/// Uploads this many charts from 20 uploaders at the same time. All are published, none twice. At
/// every moment, Helm can read the index, the index lists everything that it listed before, and
/// every URL in it serves an archive with the right digest.
pub async fn all_are_published_and_no_reader_ever_misses_one(site: Site, uploads: usize) {
    let site = Arc::new(site);
    let over = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read_all_the_time(Arc::clone(&site), Arc::clone(&over)));
    let mut uploaders = tokio::task::JoinSet::new();
    for uploader in 0..UPLOADERS {
        let site = Arc::clone(&site);
        uploaders.spawn(async move {
            for number in (uploader..uploads).step_by(UPLOADERS) {
                site.upload("", &chart(number)).await;
            }
        });
    }
    uploaders.join_all().await;
    site.until("uploads are left", async || {
        site.keys("receipts/").await.len() == uploads && site.keys("staging/").await.is_empty()
    })
    .await;
    over.store(true, Ordering::SeqCst);
    let (reads, seen) = reader.await.expect("the reader found nothing wrong");

    let index = site.index("").await;
    for chart in 0..UPLOADERS {
        let newest_first: Vec<String> = (0..uploads)
            .rev()
            .filter(|number| number % UPLOADERS == chart)
            .map(|number| format!("1.{number}.0"))
            .collect();
        assert_eq!(versions(&index, &format!("chart-{chart}")), newest_first);
    }
    assert_eq!(entries(&index).len(), uploads);
    assert!(seen <= uploads && reads > 5, "{reads} reads, {seen} versions");
    for key in site.keys("receipts/").await {
        let receipt: Value = serde_json::from_slice(&site.get(&key).await.expect("a receipt")).expect("JSON");
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
    let dead = site.system.dead_letters();
    assert!(dead.is_empty(), "events failed for good: {dead:#?}");
}

fn chart(number: usize) -> ChartArchive {
    ChartArchive::new(&format!("chart-{}", number % UPLOADERS), &format!("1.{number}.0"))
}

/// Reads until `over`. Returns how often it read, and how many versions it saw last.
async fn read_all_the_time(site: Arc<Site>, over: Arc<AtomicBool>) -> (usize, usize) {
    let mut known = BTreeMap::<(String, String), String>::new();
    let mut reads = 0;
    while !over.load(Ordering::SeqCst) {
        let Some(bytes) = site.get("charts/index.yaml").await else {
            continue;
        };
        reads += 1;
        Index::read(bytes.clone()).expect("Helm could load the index");
        let index: Value = serde_json::from_slice(&bytes).expect("an index in JSON form");
        let mut listed = BTreeMap::new();
        for entry in entries(&index) {
            let text = |field: &str| entry[field].as_str().expect("text").to_owned();
            let twice = listed.insert((text("name"), text("version")), text("digest"));
            assert_eq!(twice, None, "{entry} is listed twice");
            if !known.contains_key(&(text("name"), text("version"))) {
                let url = entry["urls"][0].as_str().expect("a URL");
                let file = url.rsplit('/').next().expect("a file name");
                let archive = site.get(&format!("charts/{file}")).await.expect("the archive exists");
                assert_eq!(entry["digest"], Digest::of(&archive).to_string(), "{url}");
            }
        }
        for (version, digest) in &known {
            assert_eq!(listed.get(version), Some(digest), "{version:?} disappeared or changed");
        }
        known = listed;
    }
    (reads, known.len())
}
/// Uploads the same version with different content from 20 uploaders at the same time. Exactly one
/// is published, completely, and no other one ever replaces it.
pub async fn of_the_same_version_with_different_content_one_wins(site: Site) {
    let site = Arc::new(site);
    let rival = |number: usize| ChartArchive::new("demo", "1.0.0").file("NOTES.md", format!("rival {number}\n"));
    let over = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read_all_the_time(Arc::clone(&site), Arc::clone(&over)));
    let mut uploaders = tokio::task::JoinSet::new();
    for number in 0..UPLOADERS {
        let site = Arc::clone(&site);
        uploaders.spawn(async move { site.upload("", &rival(number)).await });
    }
    uploaders.join_all().await;
    site.until("uploads are left", async || {
        site.keys("staging/").await.is_empty() && site.get("charts/index.yaml").await.is_some()
    })
    .await;
    site.system.settled().await;
    over.store(true, Ordering::SeqCst);
    reader.await.expect("the reader found nothing wrong");

    let index = site.index("").await;
    let listed = entries(&index);
    assert_eq!(listed.len(), 1, "{index}");
    let archive = site.get("charts/demo-1.0.0.tgz").await.expect("the archive");
    assert_eq!(listed[0]["digest"], Digest::of(&archive).to_string());
    assert!(
        (0..UPLOADERS).any(|number| rival(number).bytes() == archive),
        "what is published is one of the uploads, whole"
    );
    // The last upload with that name has its outcome: it was published, or rejected because another
    // one was.
    let last = last_receipt(&site).await;
    let winner = Digest::of(&archive).to_string();
    match last["outcome"].as_str() {
        Some("published") => assert_eq!(last["digest"], winner, "{last}"),
        Some("rejected") => assert_ne!(last["digest"], winner, "{last}"),
        _ => panic!("{last}"),
    }
}

async fn last_receipt(site: &Site) -> Value {
    let receipt = site.get("receipts/demo-1.0.0.tgz.json").await.expect("a receipt");
    serde_json::from_slice(&receipt).expect("JSON")
}
