//! Published charts are also pushed to a registry (`OCI_MIRROR`): after the index write, without
//! delaying it, and with retries until it succeeds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use local::Options;
use local::faults::{Faults, RequestSeen, S3Fault, When};
use serde_json::{Value, json};
use tests::keys::Key;
use tests::registry::{Answer, Registry};
use tests::{ChartArchive, Chartdrop};

const ARCHIVE: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
const MANIFEST: &str = "charts/demo/manifests/1.0.0";
const NOTE: &str = "mirror/demo-1.0.0.tgz";
const UPLOAD: &str = "staging/demo-1.0.0.tgz";

fn options(registry: &Registry) -> Options {
    let mirror = format!("oci://{}/charts", registry.host());
    Options {
        settings: BTreeMap::from([("OCI_MIRROR".to_owned(), mirror)]),
        secret: Some("{}".to_owned()),
        ..Options::default()
    }
}

async fn start(registry: &Registry) -> Chartdrop {
    Chartdrop::with(options(registry)).await
}

fn demo() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0")
}

/// The bytes of the layer of this kind in the registry.
fn layer(registry: &Registry, name: &str, tag: &str, kind: &str) -> Option<Vec<u8>> {
    let manifest = registry.manifest(name, tag)?;
    let layers = manifest["layers"].as_array().expect("layers");
    let layer = layers.iter().find(|layer| layer["mediaType"] == kind)?;
    let blob = registry.blob(name, layer["digest"].as_str().expect("a digest"));
    Some(blob.expect("a manifest names blobs that are there").to_vec())
}

/// Asserts that the registry has the chart, the receipt says so, and nothing is left to push.
fn assert_mirrored(chartdrop: &Chartdrop, registry: &Registry) {
    assert_eq!(layer(registry, "charts/demo", "1.0.0", ARCHIVE), Some(demo().bytes()));
    let name = format!("oci://{}/charts/demo:1.0.0", registry.host());
    let receipt = chartdrop.receipt(UPLOAD);
    assert_eq!(
        (&receipt["mirror"], &receipt["mirrorProblem"]),
        (&json!(name), &Value::Null)
    );
    assert_eq!(chartdrop.keys("mirror/"), [""; 0]);
}

/// Asserts that the chart is published, and still has to be pushed.
fn assert_owed(chartdrop: &Chartdrop) {
    let receipt = chartdrop.receipt(UPLOAD);
    assert_eq!(
        (&receipt["outcome"], &receipt["mirror"]),
        (&json!("published"), &Value::Null)
    );
    assert!(receipt["mirrorProblem"].is_string(), "{receipt}");
    assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
    assert_eq!(chartdrop.keys("staging/"), [""; 0]);
    assert_eq!(chartdrop.keys("mirror/"), [NOTE]);
}

fn problem(answer: &Value) -> String {
    answer["mirrored"][0]["problem"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_published_chart_is_pushed_to_the_registry() {
    let registry = Registry::start().await;
    let chartdrop = start(&registry).await;
    let receipt = chartdrop.publish(&demo()).await;
    assert_eq!(receipt["outcome"], "published");
    assert_mirrored(&chartdrop, &registry);
    let entry = &chartdrop.index()["entries"]["demo"][0];
    assert!(entry["urls"][0].as_str().expect("a URL").starts_with("http"), "{entry}");
    // The charts of a repository are below its name, and a plus becomes an underscore.
    chartdrop.upload_to("team-a/", &ChartArchive::new("demo", "1.0.0+b1"));
    chartdrop.settled().await;
    assert!(registry.manifest("charts/team-a/demo", "1.0.0_b1").is_some());
}

/// If the same content is packaged again, the registry gets the archive that the index lists.
#[tokio::test]
async fn a_chart_published_earlier_is_pushed_when_it_is_uploaded_again() {
    let registry = Registry::start().await;
    registry.answer(MANIFEST, Answer::Status(503));
    let chartdrop = start(&registry).await;
    chartdrop.publish(&demo()).await;
    chartdrop.system.store().delete(NOTE).expect("deleted");
    registry.answer_as_usual(MANIFEST);
    chartdrop.sweep().await;
    assert_eq!(registry.manifest("charts/demo", "1.0.0"), None);

    let receipt = chartdrop.publish(&demo().packed_at(1_767_300_000)).await;
    assert_eq!(receipt["outcome"], "unchanged");
    assert_mirrored(&chartdrop, &registry);
}

#[tokio::test]
async fn a_registry_that_is_down_delays_no_publish_and_gets_its_chart_from_a_sweep() {
    for (path, answer, word) in [
        (MANIFEST, Answer::Status(503), "503"),
        (MANIFEST, Answer::Status(429), "rate-limiting"),
        (MANIFEST, Answer::Silence, "cannot be reached"),
        (MANIFEST, Answer::Redirect("https://10.0.0.1/".to_owned()), "redirect"),
        ("charts/demo/blobs/uploads/", Answer::Status(500), "500"),
        ("charts/demo/blobs/uploads/", Answer::Status(200), "200"),
        ("charts/demo/blobs/uploads/1", Answer::Status(413), "413"),
        (
            "charts/demo/blobs/uploads/1",
            Answer::Redirect("https://storage.example.com/".to_owned()),
            "307",
        ),
    ] {
        let registry = Registry::start().await;
        registry.answer(path, answer);
        let chartdrop = start(&registry).await;
        chartdrop.publish(&demo()).await;
        assert_owed(&chartdrop);
        let said = problem(&chartdrop.sweep().await);
        assert!(said.contains(word), "{word}: {said}");
        assert_owed(&chartdrop);

        registry.answer_as_usual(path);
        chartdrop.sweep().await;
        assert_mirrored(&chartdrop, &registry);
        // Another sweep has nothing left to push.
        let asked = registry.requests().len();
        chartdrop.sweep().await;
        assert_eq!(registry.requests().len(), asked);
    }
}

/// Otherwise, ten processes that wait for a registry would block all publishing.
#[tokio::test]
async fn a_registry_without_an_answer_is_left_to_the_sweep_for_a_while() {
    let registry = Registry::start().await;
    registry.answer(MANIFEST, Answer::Silence);
    let chartdrop = Chartdrop::with(Options {
        instances: 1,
        ..options(&registry)
    })
    .await;
    chartdrop.publish(&demo()).await;
    registry.answer_as_usual(MANIFEST);
    let asked = registry.requests();
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    assert_eq!(registry.requests(), asked);
    chartdrop.sweep().await;
    assert_mirrored(&chartdrop, &registry);
    assert!(registry.manifest("charts/demo", "1.1.0").is_some());
}

#[tokio::test]
async fn a_password_is_sent_only_to_its_registry() {
    let (registry, elsewhere) = (Registry::start().await, Registry::start().await);
    registry.require_login("user:s3cret");
    let location = format!("http://{}/v2/uploads/1", elsewhere.host());
    registry.answer("charts/demo/blobs/uploads/", Answer::Begun(location));
    let login = json!({"registries": {registry.host(): {"username": "user", "password": "s3cret"}}});
    let chartdrop = Chartdrop::with(Options {
        secret: Some(login.to_string()),
        ..options(&registry)
    })
    .await;
    chartdrop.publish(&demo()).await;
    let said = problem(&chartdrop.sweep().await);
    assert!(said.contains("on another host, which is not allowed"), "{said}");
    assert_eq!(elsewhere.requests(), [""; 0]);
}

#[tokio::test]
async fn a_denied_push_names_the_login_and_succeeds_with_a_new_one() {
    let registry = Registry::start().await;
    registry.require_login("user:s3cret");
    let login = |password: &str| json!({"registries": {registry.host(): {"username": "user", "password": password}}});
    for secret in [json!({}), login("wr0ng")] {
        let chartdrop = Chartdrop::with(Options {
            secret: Some(secret.to_string()),
            ..options(&registry)
        })
        .await;
        chartdrop.publish(&demo()).await;
        assert_owed(&chartdrop);
        let said = problem(&chartdrop.sweep().await);
        let field = format!("registries.{}", registry.host());
        assert!(said.contains(&field) && !said.contains("wr0ng"), "{said}");
        chartdrop.system.set_secret(Some(login("s3cret").to_string()));
        tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
        chartdrop.sweep().await;
        assert_mirrored(&chartdrop, &registry);
        let logs = chartdrop.system.function_logs("publish-chart").join("\n");
        assert!(!logs.contains("s3cret") && !logs.contains("wr0ng") && !logs.contains("wr1te"));
    }
}

#[tokio::test]
async fn an_existing_tag_is_never_moved() {
    let registry = Registry::start().await;
    let other = json!({"schemaVersion": 2, "config": {"digest": "sha256:00"}, "layers": []}).to_string();
    registry.answer(MANIFEST, Answer::Body(other));
    let chartdrop = start(&registry).await;
    chartdrop.publish(&demo()).await;
    assert_owed(&chartdrop);
    let said = problem(&chartdrop.sweep().await);
    assert!(said.contains("no chart") && said.contains("delete the tag"), "{said}");
    let wrote = registry.requests().iter().any(|request| request.starts_with("P"));
    assert!(!wrote, "{:?}", registry.requests());
    // Someone has deleted it from the registry.
    registry.answer_as_usual(MANIFEST);
    chartdrop.sweep().await;
    assert_mirrored(&chartdrop, &registry);
}

#[tokio::test]
async fn a_chart_that_the_registry_rejects_does_not_delay_the_others() {
    for (path, status) in [
        ("charts/a/manifests/1.0.0", 403),
        ("charts/a/blobs/uploads/1", 413),
        ("charts/a/blobs/uploads/", 500),
    ] {
        let registry = Registry::start().await;
        registry.answer(path, Answer::Status(status));
        registry.answer(MANIFEST, Answer::Status(503));
        let chartdrop = start(&registry).await;
        for chart in [ChartArchive::new("a", "1.0.0"), demo()] {
            chartdrop.publish(&chart).await;
        }
        registry.answer_as_usual(MANIFEST);
        chartdrop.sweep().await;
        assert!(registry.manifest("charts/demo", "1.0.0").is_some(), "{status}");
        assert_eq!(chartdrop.keys("mirror/"), ["mirror/a-1.0.0.tgz"], "{status}");
    }
}

/// A wrong password must not be sent a thousand times.
#[tokio::test]
async fn a_registry_that_denies_the_login_is_not_tried_for_every_chart() {
    let registry = Registry::start().await;
    registry.require_login("user:s3cret");
    let chartdrop = start(&registry).await;
    for number in 0..10 {
        chartdrop
            .publish(&ChartArchive::new("demo", &format!("1.{number}.0")))
            .await;
    }
    let asked = registry.requests().len();
    chartdrop.sweep().await;
    assert!(registry.requests().len() - asked <= 6, "{:?}", registry.requests());
    assert_eq!(chartdrop.keys("mirror/").len(), 10);
}

#[tokio::test]
async fn a_provenance_file_is_pushed_even_if_it_arrives_later() {
    let (registry, key) = (Registry::start().await, Key::new());
    let mut options = options(&registry);
    options.settings.insert("PROVENANCE".to_owned(), "verify".to_owned());
    options.secret = Some(key.secret_to_verify());
    let chartdrop = Chartdrop::with(options).await;
    chartdrop.publish(&demo()).await;
    assert_mirrored(&chartdrop, &registry);
    let provenance = || layer(&registry, "charts/demo", "1.0.0", PROVENANCE);
    assert_eq!(provenance(), None);

    let text = key.sign(&demo());
    chartdrop.put("staging/demo-1.0.0.tgz.prov", text.clone());
    chartdrop.settled().await;
    assert_eq!(provenance(), Some(text.into_bytes()));
    assert_mirrored(&chartdrop, &registry);
}

#[tokio::test]
async fn a_chart_whose_name_no_registry_accepts_is_published_with_a_warning() {
    let (registry, key) = (Registry::start().await, Key::new());
    let mut options = options(&registry);
    options.settings.insert("PROVENANCE".to_owned(), "verify".to_owned());
    options.secret = Some(key.secret_to_verify());
    let chartdrop = Chartdrop::with(options).await;
    let chart = ChartArchive::new("Demo", "1.0.0");
    let receipt = chartdrop.publish(&chart).await;
    assert_eq!(receipt["outcome"], "published");
    assert!(receipt["warnings"].to_string().contains("not pushed"), "{receipt}");
    // A provenance file that arrives later is not pushed either.
    chartdrop.put("staging/Demo-1.0.0.tgz.prov", key.sign(&chart));
    chartdrop.settled().await;
    assert!(chartdrop.object("charts/Demo-1.0.0.tgz.prov").is_some());
    assert_eq!(chartdrop.keys("mirror/"), [""; 0]);
    assert_eq!(registry.requests(), [""; 0]);
}

#[tokio::test]
async fn an_unpublished_version_is_not_pushed_and_an_already_pushed_one_is_named() {
    let registry = Registry::start().await;
    registry.answer(MANIFEST, Answer::Status(503));
    let chartdrop = start(&registry).await;
    chartdrop.publish(&demo()).await;
    let unpublish = json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"});
    let report = chartdrop.run(&unpublish).await;
    let name = format!("oci://{}/charts/demo:1.0.0", registry.host());
    assert!(report["warnings"].to_string().contains(&name), "{report}");
    registry.answer_as_usual(MANIFEST);
    chartdrop.sweep().await;
    assert_eq!(registry.manifest("charts/demo", "1.0.0"), None);
    assert_eq!(chartdrop.keys("mirror/"), [""; 0]);
}

/// Kills publish-chart at its n-th request from now on.
#[derive(Clone, Default)]
struct Killer(Arc<Mutex<Option<(usize, When)>>>);

impl Faults for Killer {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        if request.function.as_deref() != Some("publish-chart") {
            return S3Fault::None;
        }
        let mut armed = self.0.lock().expect("no thread panics");
        match *armed {
            Some((1, when)) => {
                *armed = None;
                S3Fault::Kill(when)
            }
            Some((left, when)) => {
                *armed = Some((left - 1, when));
                S3Fault::None
            }
            None => S3Fault::None,
        }
    }
}

#[tokio::test]
async fn the_registry_gets_its_chart_even_if_a_process_dies_at_any_request() {
    let (registry, killer) = (Registry::start().await, Killer::default());
    let chartdrop = Chartdrop::with(Options {
        faults: Arc::new(killer.clone()),
        // Events are not retried, so that the sweep has to do the rest.
        retry_delays: Vec::new(),
        ..options(&registry)
    })
    .await;
    let mut died = 0;
    for when in [When::Before, When::After] {
        for number in 1.. {
            let folder = format!("{when:?}{number}").to_lowercase();
            *killer.0.lock().expect("no thread panics") = Some((number, when));
            chartdrop.upload_to(&format!("{folder}/"), &demo());
            chartdrop.system.settled().await;
            let lived = killer.0.lock().expect("no thread panics").take().is_some();
            chartdrop.sweep().await;
            let pushed = layer(&registry, &format!("charts/{folder}/demo"), "1.0.0", ARCHIVE);
            assert_eq!(pushed, Some(demo().bytes()), "{folder}");
            for prefix in ["mirror/", "staging/"] {
                assert_eq!(chartdrop.keys(prefix), [""; 0], "{folder}");
            }
            if lived {
                break;
            }
            died += 1;
        }
    }
    assert!(died >= 24, "{died}");
}
