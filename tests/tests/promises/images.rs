//! A chart becomes visible only when the images that it names exist (`IMAGE_CHECK`).

use serde_json::{Value, json};
use tests::registry::{Answer, Registry};
use tests::{ChartArchive, Chartdrop};

const BOTH: [&str; 2] = ["linux/amd64", "linux/arm64"];
const MANIFEST: &str = "app/manifests/1.0.0";

async fn start(registry: &Registry, check: &str, wait: &str, secret: Option<Value>) -> Chartdrop {
    let registries = format!("ghcr.io,{}", registry.host());
    let settings = [
        ("IMAGE_CHECK", check),
        ("IMAGE_WAIT", wait),
        ("IMAGE_REGISTRIES", &registries),
    ];
    Chartdrop::with_secret(&settings, secret.unwrap_or_else(|| json!({}))).await
}

/// A chart that names the image `app` in this registry, tagged with its app version.
fn chart(registry: &Registry) -> ChartArchive {
    let values = format!("image:\n  repository: {}/app\n", registry.host());
    ChartArchive::new("demo", "1.0.0").values(values)
}

fn said(receipt: &Value) -> (String, String, String) {
    let text = |field: &str| receipt[field].as_str().unwrap_or_default().to_owned();
    (text("outcome"), text("reasonCode"), text("reason"))
}

#[tokio::test]
async fn a_chart_whose_image_exists_for_both_platforms_is_published() {
    let registry = Registry::start().await;
    registry.push("app", "1.0.0", &BOTH);
    let chartdrop = start(&registry, "require", "2h", None).await;
    let receipt = chartdrop.publish(&chart(&registry)).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert_eq!(receipt["warnings"], json!([]));
    // The registry is not queried for a published chart again.
    let asked = registry.requests().len();
    chartdrop.publish(&chart(&registry)).await;
    assert_eq!(registry.requests().len(), asked);
}

#[tokio::test]
async fn a_chart_is_held_until_its_image_exists() {
    let registry = Registry::start().await;
    let chartdrop = start(&registry, "require", "2h", None).await;
    let receipt = chartdrop.publish(&chart(&registry)).await;
    let (outcome, code, reason) = said(&receipt);
    assert_eq!((outcome.as_str(), code.as_str()), ("held", "awaits-image"));
    assert!(reason.contains("app:1.0.0 does not exist"), "{reason}");
    assert_eq!(chartdrop.keys("charts/"), [""; 0]);

    registry.push("app", "1.0.0", &["linux/amd64"]);
    chartdrop.sweep().await;
    let (outcome, _, reason) = said(&chartdrop.receipt("staging/demo-1.0.0.tgz"));
    assert_eq!(outcome, "held");
    assert!(
        reason.contains("exists for linux/amd64, but not for linux/arm64"),
        "{reason}"
    );

    registry.push("app", "1.0.0", &BOTH);
    chartdrop.sweep().await;
    chartdrop.settled().await;
    let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert_eq!(chartdrop.keys("staging/"), [""; 0]);
}

#[tokio::test]
async fn a_chart_is_rejected_if_its_image_does_not_appear_in_time() {
    let registry = Registry::start().await;
    registry.push("app", "1.0.0", &["linux/amd64"]);
    let chartdrop = start(&registry, "require", "0s", None).await;
    let (outcome, code, reason) = said(&chartdrop.publish(&chart(&registry)).await);
    assert_eq!((outcome.as_str(), code.as_str()), ("rejected", "no-image"));
    assert!(reason.contains("linux/arm64"), "{reason}");
}

#[tokio::test]
async fn a_registry_without_an_answer_does_not_count_as_a_missing_image() {
    let answers = [
        (Answer::Status(429), "rate-limiting"),
        (Answer::Status(503), "503"),
        (Answer::Silence, "reached"),
        (
            Answer::Body("<html>captive portal</html>".to_owned()),
            "without a manifest",
        ),
        (Answer::Body("x".repeat(5 * 1024 * 1024)), "too many bytes"),
        (
            Answer::Redirect("http://169.254.169.254/latest/meta-data/".to_owned()),
            "redirect",
        ),
        (Answer::Redirect("https://10.0.0.1/".to_owned()), "redirect"),
    ];
    for (answer, word) in answers {
        let registry = Registry::start().await;
        registry.answer(MANIFEST, answer);
        // Even without time left, it is not rejected.
        let chartdrop = start(&registry, "require", "0s", None).await;
        let (outcome, code, reason) = said(&chartdrop.publish(&chart(&registry)).await);
        assert_eq!(
            (outcome.as_str(), code.as_str()),
            ("held", "registry-silent"),
            "{reason}"
        );
        assert!(reason.contains(word), "{word}: {reason}");
    }
}

#[tokio::test]
async fn the_platform_of_a_single_image_is_read_from_its_configuration() {
    let registry = Registry::start().await;
    let digest = format!("sha256:{}", "ab".repeat(32));
    let elsewhere = Registry::start().await;
    registry.answer(
        MANIFEST,
        Answer::Body(json!({"config": {"digest": digest}, "layers": []}).to_string()),
    );
    registry.answer(
        &format!("app/blobs/{digest}"),
        Answer::Redirect(format!("http://{}/v2/storage", elsewhere.host())),
    );
    elsewhere.answer(
        "storage",
        Answer::Body(json!({"os": "linux", "architecture": "amd64"}).to_string()),
    );
    registry.require_login("user:s3cret");
    let login = json!({"registries": {registry.host(): {"username": "user", "password": "s3cret"}}});
    let chartdrop = start(&registry, "require", "2h", Some(login)).await;
    let (_, _, reason) = said(&chartdrop.publish(&chart(&registry)).await);
    assert!(reason.contains("for linux/amd64, but not for linux/arm64"), "{reason}");
    assert_eq!(
        elsewhere.requests(),
        ["/v2/storage anonymous"],
        "a password stays with its registry"
    );
}

#[tokio::test]
async fn a_private_image_is_found_with_the_login_in_the_secret() {
    let registry = Registry::start().await;
    registry.push("app", "1.0.0", &BOTH);
    registry.require_login("user:s3cret");
    let login = |password: &str| json!({"registries": {registry.host(): {"username": "user", "password": password}}});
    for secret in [json!({}), login("wr0ng")] {
        let chartdrop = start(&registry, "require", "2h", Some(secret)).await;
        let (outcome, code, reason) = said(&chartdrop.publish(&chart(&registry)).await);
        assert_eq!((outcome.as_str(), code.as_str()), ("held", "awaits-image"));
        assert!(reason.contains("private") && !reason.contains("wr0ng"), "{reason}");
        // The secret now has the right login.
        chartdrop.system.set_secret(Some(login("s3cret").to_string()));
        tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
        chartdrop.sweep().await;
        let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
}

#[tokio::test]
async fn only_allowed_registries_are_queried() {
    let (allowed, other) = (Registry::start().await, Registry::start().await);
    other.push("app", "1.0.0", &BOTH);
    let chartdrop = start(&allowed, "require", "2h", None).await;
    let (outcome, code, reason) = said(&chartdrop.publish(&chart(&other)).await);
    assert_eq!((outcome.as_str(), code.as_str()), ("rejected", "images"));
    assert!(reason.contains("IMAGE_REGISTRIES"), "{reason}");
    assert_eq!(other.requests(), [""; 0]);
}

#[tokio::test]
async fn warn_publishes_with_a_warning_and_off_queries_no_registry() {
    let registry = Registry::start().await;
    let chartdrop = start(&registry, "warn", "2h", None).await;
    let receipt = chartdrop.publish(&chart(&registry)).await;
    assert_eq!(receipt["outcome"], "published");
    assert!(receipt["warnings"].to_string().contains("does not exist"), "{receipt}");

    let asked = registry.requests().len();
    let chartdrop = start(&registry, "off", "2h", None).await;
    let receipt = chartdrop.publish(&chart(&registry)).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["warnings"]),
        (&json!("published"), &json!([]))
    );
    assert_eq!(registry.requests().len(), asked);
}

/// A releaser may upload a chart that names as many images as fit into a `values.yaml`.
#[tokio::test]
async fn a_reason_about_thousands_of_images_stays_short() {
    let registry = Registry::start().await;
    let images: String = (0..6_000)
        .map(|number| format!("c{number}: {{image: '{{{{ x{number} }}}}'}}\n"))
        .collect();
    let long = format!("long: {{image: '{}'}}\n", "{{ y }}".repeat(2_000));
    let values = images + &long;
    assert!(values.len() > 125_000);
    for check in ["require", "warn"] {
        let chartdrop = start(&registry, check, "2h", None).await;
        let receipt = chartdrop
            .publish(&ChartArchive::new("demo", "1.0.0").values(values.clone()))
            .await;
        let text = receipt.to_string();
        assert!(text.len() < 40_000, "{check}: {} bytes", text.len());
        let says_how_many_more = match check {
            "require" => receipt["reason"]
                .as_str()
                .is_some_and(|reason| reason.contains(" more")),
            _ => receipt["moreWarnings"].as_u64() > Some(5_900),
        };
        assert!(says_how_many_more, "{check}: {text}");
        let longest = chartdrop
            .system
            .function_logs("publish-chart")
            .iter()
            .map(String::len)
            .max();
        assert!(longest < Some(40_000), "{check}: {longest:?}");
    }
}
