//! The image check with the CNCF distribution registry, and images that crane made.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{ChartArchive, Chartdrop};

use crate::registry::Registry;

async fn start(registry: &Registry, wait: &str, secret: Value) -> Chartdrop {
    let settings = [
        ("IMAGE_CHECK", "require"),
        ("IMAGE_WAIT", wait),
        ("IMAGE_REGISTRIES", registry.host.as_str()),
    ];
    Chartdrop::with_secret(&settings, secret).await
}

fn chart(image: &str) -> ChartArchive {
    ChartArchive::new("demo", "1.0.0").values(format!("image: {image}\n"))
}

/// The outcome, code and reason in the receipt of a chart with this image.
async fn outcome(registry: &Registry, image: &str, wait: &str, secret: Value) -> String {
    let chartdrop = start(registry, wait, secret).await;
    let receipt = chartdrop.publish(&chart(image)).await;
    format!("{} {} {}", receipt["outcome"], receipt["reasonCode"], receipt["reason"]).replace('"', "")
}

#[tokio::test(flavor = "multi_thread")]
async fn real_images_pass_if_both_platforms_exist() {
    let registry = Registry::start(None).await;
    registry.push("both:1.0.0", &["linux/amd64", "linux/arm64"]).await;
    registry.push("half:1.0.0", &["linux/amd64"]).await;
    let one = registry.push_one("one:1.0.0", "linux/arm64").await;
    let host = &registry.host;
    let both = registry.crane(&["digest", &format!("{host}/both:1.0.0")]).await;
    let nothing = format!("sha256:{}", "0".repeat(64));
    let amd64 = "exists for linux/amd64, but not for linux/arm64";
    let arm64 = "exists for linux/arm64, but not for linux/amd64";
    for (image, expected) in [
        (format!("{host}/both:1.0.0"), "published"),
        (format!("{host}/both@{both}"), "published"),
        (format!("{host}/half:1.0.0"), amd64),
        (format!("{host}/one:1.0.0"), arm64),
        (one, arm64),
        (format!("{host}/both:2.0.0"), "rejected no-image"),
        (format!("{host}/none:1.0.0"), "does not exist"),
        (format!("{host}/both@{nothing}"), "does not exist"),
    ] {
        let outcome = outcome(&registry, &image, "0s", json!({})).await;
        assert!(outcome.contains(expected), "{image}: {outcome}");
    }
}

/// The image of a release may take longer than its chart.
#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_published_as_soon_as_its_image_exists_and_not_before() {
    let registry = Registry::start(None).await;
    let chartdrop = start(&registry, "2h", json!({})).await;
    let receipt = chartdrop.publish(&chart(&format!("{}/app:1.0.0", registry.host))).await;
    assert_eq!(receipt["outcome"], "held", "{receipt}");
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        chartdrop.sweep().await;
        assert_eq!(chartdrop.receipt("staging/demo-1.0.0.tgz")["outcome"], "held");
        assert_eq!(chartdrop.keys("charts/"), [""; 0]);
    }
    registry.push("app:1.0.0", &["linux/amd64", "linux/arm64"]).await;
    chartdrop.sweep().await;
    assert_eq!(chartdrop.receipt("staging/demo-1.0.0.tgz")["outcome"], "published");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_image_is_found_with_the_right_login() {
    let registry = Registry::start(Some(("user", "s3cret"))).await;
    let login = ["auth", "login", &registry.host, "-u", "user", "-p", "s3cret"];
    registry.crane(&login).await;
    registry.push("app:1.0.0", &["linux/amd64", "linux/arm64"]).await;
    let image = format!("{}/app:1.0.0", registry.host);
    let secret = |password: &str| json!({"registries": {&registry.host: {"username": "user", "password": password}}});
    for (secret, expected) in [
        (json!({}), "held awaits-image"),
        (secret("wr0ng"), "held awaits-image"),
        (secret("s3cret"), "published"),
    ] {
        let outcome = outcome(&registry, &image, "2h", secret).await;
        assert!(outcome.contains(expected), "{outcome}");
    }
}
