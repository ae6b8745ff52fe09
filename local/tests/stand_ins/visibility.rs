//! A published chart counts as visible only once a client of the edge finds it.

use std::collections::BTreeMap;
use std::time::Duration;

use local::{Options, StepKind, System};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use crate::support::{raw, start};

async fn visible(steps: &mut Receiver<local::Step>) -> (String, String) {
    loop {
        if let StepKind::Visible { chart, version, .. } = steps.recv().await.unwrap().kind {
            return (chart, version);
        }
    }
}

/// Writes what publish-chart would write.
fn publish(system: &System, index: &serde_json::Value, version: &str) {
    let key = format!("staging/demo-{version}.tgz");
    let etag = system.store().put(&key, version.to_owned(), BTreeMap::new()).unwrap();
    system
        .store()
        .put("charts/index.yaml", index.to_string(), BTreeMap::new())
        .unwrap();
    let receipt = json!({
        "upload": key, "uploadEtag": etag, "outcome": "published", "repository": "", "chart": "demo", "version": version,
    });
    system
        .store()
        .put(
            &format!("receipts/demo-{version}.tgz.json"),
            receipt.to_string(),
            BTreeMap::new(),
        )
        .unwrap();
}

fn entry(version: &str) -> serde_json::Value {
    json!({ "apiVersion": "v2", "name": "demo", "version": version, "urls": [format!("demo-{version}.tgz")] })
}

#[tokio::test]
async fn a_chart_is_visible_once_the_previous_index_is_invalidated_at_the_edge() {
    let system = start(Options {
        notifications: false,
        watch_edge: true,
        ..Options::default()
    })
    .await;
    let mut steps = system.subscribe();
    let index = json!({ "apiVersion": "v1", "entries": { "demo": [entry("1.0.0")] } });
    publish(&system, &index, "1.0.0");
    let first = timeout(Duration::from_secs(10), visible(&mut steps))
        .await
        .expect("nothing was cached before");
    assert_eq!(first, ("demo".to_owned(), "1.0.0".to_owned()));

    assert_eq!(
        raw(&system.edge_url(), "GET", "/index.yaml", &[], b"").await.status,
        200
    );
    let index = json!({ "apiVersion": "v1", "entries": { "demo": [entry("1.1.0"), entry("1.0.0")] } });
    publish(&system, &index, "1.1.0");
    let too_early = timeout(Duration::from_millis(500), visible(&mut steps)).await;
    assert!(too_early.is_err(), "{too_early:?} while the edge serves the old index");

    system.cloudfront().create("r", vec!["/index.yaml".to_owned()]).unwrap();
    let second = timeout(Duration::from_secs(10), visible(&mut steps))
        .await
        .expect("visible now");
    assert_eq!(second.1, "1.1.0");
}
