//! A chart is visible only when the images that it names are there (`IMAGE_CHECK`).

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

/// A chart that names `app` in this registry, at its app version.
fn chart(registry: &Registry) -> ChartArchive {
    let values = format!("image:\n  repository: {}/app\n", registry.host());
    ChartArchive::new("demo", "1.0.0").values(values)
}

fn said(receipt: &Value) -> (String, String, String) {
    let text = |field: &str| receipt[field].as_str().unwrap_or_default().to_owned();
    (text("outcome"), text("reasonCode"), text("reason"))
}

#[tokio::test]
async fn a_chart_whose_image_is_there_for_both_platforms_is_published() {
    let registry = Registry::start().await;
    registry.push("app", "1.0.0", &BOTH);
    let chartdrop = start(&registry, "require", "2h", None).await;
    let receipt = chartdrop.publish(&chart(&registry)).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert_eq!(receipt["warnings"], json!([]));
    // Published once, it is not asked about again.
    let asked = registry.requests().len();
    chartdrop.publish(&chart(&registry)).await;
    assert_eq!(registry.requests().len(), asked);
}

#[tokio::test]
async fn a_chart_waits_for_its_image_and_is_published_when_that_comes() {
    let registry = Registry::start().await;
    let chartdrop = start(&registry, "require", "2h", None).await;
    let receipt = chartdrop.publish(&chart(&registry)).await;
    let (outcome, code, reason) = said(&receipt);
    assert_eq!((outcome.as_str(), code.as_str()), ("held", "awaits-image"));
    assert!(reason.contains("app:1.0.0 is not there"), "{reason}");
    assert_eq!(chartdrop.keys("charts/"), [""; 0]);

    registry.push("app", "1.0.0", &["linux/amd64"]);
    chartdrop.sweep().await;
    let (outcome, _, reason) = said(&chartdrop.receipt("staging/demo-1.0.0.tgz"));
    assert_eq!(outcome, "held");
    assert!(
        reason.contains("is there for linux/amd64, not for linux/arm64"),
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
async fn an_image_that_does_not_come_refuses_its_chart() {
    let registry = Registry::start().await;
    registry.push("app", "1.0.0", &["linux/amd64"]);
    let chartdrop = start(&registry, "require", "0s", None).await;
    let (outcome, code, reason) = said(&chartdrop.publish(&chart(&registry)).await);
    assert_eq!((outcome.as_str(), code.as_str()), ("rejected", "no-image"));
    assert!(reason.contains("linux/arm64"), "{reason}");
}

#[tokio::test]
async fn a_registry_that_gives_no_answer_is_not_one_that_says_no() {
    let answers = [
        (Answer::Status(429), "limits"),
        (Answer::Status(503), "503"),
        (Answer::Silence, "reached"),
        (Answer::Body("<html>captive portal</html>".to_owned()), "no manifest"),
        (Answer::Body("x".repeat(5 * 1024 * 1024)), "more than"),
        (
            Answer::Redirect("http://169.254.169.254/latest/meta-data/".to_owned()),
            "redirect",
        ),
        (Answer::Redirect("https://10.0.0.1/".to_owned()), "redirect"),
    ];
    for (answer, word) in answers {
        let registry = Registry::start().await;
        registry.answer(MANIFEST, answer);
        // No time is left, and still it is not refused.
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
async fn an_image_of_one_platform_says_in_its_configuration_which() {
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
    assert!(reason.contains("for linux/amd64, not for linux/arm64"), "{reason}");
    assert_eq!(
        elsewhere.requests(),
        ["/v2/storage anonymous"],
        "a password stays with its registry"
    );
}

#[tokio::test]
async fn a_private_image_takes_the_login_in_the_secret() {
    let registry = Registry::start().await;
    registry.push("app", "1.0.0", &BOTH);
    registry.require_login("user:s3cret");
    let login = |password: &str| json!({"registries": {registry.host(): {"username": "user", "password": password}}});
    for secret in [json!({}), login("wr0ng")] {
        let chartdrop = start(&registry, "require", "2h", Some(secret)).await;
        let (outcome, code, reason) = said(&chartdrop.publish(&chart(&registry)).await);
        assert_eq!((outcome.as_str(), code.as_str()), ("held", "awaits-image"));
        assert!(reason.contains("private") && !reason.contains("wr0ng"), "{reason}");
        // The right one, put there meanwhile.
        chartdrop.system.set_secret(Some(login("s3cret").to_string()));
        tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
        chartdrop.sweep().await;
        let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
        assert_eq!(receipt["outcome"], "published", "{receipt}");
    }
}

#[tokio::test]
async fn only_registries_that_are_allowed_are_asked() {
    let (allowed, other) = (Registry::start().await, Registry::start().await);
    other.push("app", "1.0.0", &BOTH);
    let chartdrop = start(&allowed, "require", "2h", None).await;
    let (outcome, code, reason) = said(&chartdrop.publish(&chart(&other)).await);
    assert_eq!((outcome.as_str(), code.as_str()), ("rejected", "images"));
    assert!(reason.contains("IMAGE_REGISTRIES"), "{reason}");
    assert_eq!(other.requests(), [""; 0]);
}

#[tokio::test]
async fn warn_publishes_and_says_so_and_off_asks_nobody() {
    let registry = Registry::start().await;
    let chartdrop = start(&registry, "warn", "2h", None).await;
    let receipt = chartdrop.publish(&chart(&registry)).await;
    assert_eq!(receipt["outcome"], "published");
    assert!(receipt["warnings"].to_string().contains("is not there"), "{receipt}");

    let asked = registry.requests().len();
    let chartdrop = start(&registry, "off", "2h", None).await;
    let receipt = chartdrop.publish(&chart(&registry)).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["warnings"]),
        (&json!("published"), &json!([]))
    );
    assert_eq!(registry.requests().len(), asked);
}

/// A release role may upload a chart that names as much as fits into a `values.yaml`.
#[tokio::test]
async fn what_the_gate_says_of_thousands_of_images_stays_short() {
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
