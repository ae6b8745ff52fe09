//! The form of the index, and the entries that other tools wrote.

use serde_json::Value;
use tests::system::versions;
use tests::{ChartArchive, Chartdrop};

/// An index as Helm writes it, with a chart on another host.
const FOREIGN_YAML: &str = r#"apiVersion: v1
entries:
  foreign:
  - annotations:
      category: Database
    apiVersion: v2
    appVersion: "16.10"
    created: "2024-03-01T12:30:45.123456789+02:00"
    description: 'Kept: byte for byte'
    digest: 6b1f0a0c4f0f5f4c9d9e6a1d1c2b3a49586776859493a2b1c0dfeefd0c1b2a39
    name: foreign
    urls:
    - https://elsewhere.example.com/foreign-2.0.0.tgz
    version: 2.0.0
  - apiVersion: v1
    created: "2023-01-01T00:00:00Z"
    digest: 7c2e1b1d5a1a6b5dae0f7b2e2d3c4b5a697887960504b3c2d1e0ff0e1d2c3b4a
    name: foreign
    urls:
    - foreign-1.0.0.tgz
    version: 1.0.0
generated: "2024-03-01T12:30:45.123456789+02:00"
"#;

/// The same in JSON, with fields in an order that no tool writes.
const FOREIGN_JSON: &str = r#"{"entries":{"foreign":[{"version":"2.0.0","name":"foreign","apiVersion":"v2","created":"2024-03-01T12:30:45.123456789+02:00","urls":["https://elsewhere.example.com/foreign-2.0.0.tgz"],"digest":"6b1f0a0c4f0f5f4c9d9e6a1d1c2b3a49586776859493a2b1c0dfeefd0c1b2a39"}]},"generated":"2024-03-01T12:30:45Z","apiVersion":"v1"}"#;

#[tokio::test]
async fn a_new_index_is_json_with_one_version_per_line() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    let text = chartdrop.text("charts/index.yaml");
    let index: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(versions(&index, "demo"), ["1.1.0", "1.0.0"]);
    for version in ["1.0.0", "1.1.0"] {
        let lines = text
            .lines()
            .filter(|line| line.contains(&format!("demo-{version}.tgz")))
            .count();
        assert_eq!(lines, 1, "{text}");
    }
    assert!(text.lines().all(|line| line.matches("\"urls\"").count() <= 1), "{text}");
}

#[tokio::test]
async fn a_new_index_is_yaml_if_the_setting_says_so() {
    let chartdrop = Chartdrop::with_settings(&[("INDEX_FORMAT", "yaml")]).await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let text = chartdrop.text("charts/index.yaml");
    assert!(text.starts_with("apiVersion: v1\nentries:\n  demo:\n  - "), "{text}");
    assert!(text.contains("\n    version: 1.0.0\n"), "{text}");
}

#[tokio::test]
async fn an_existing_index_keeps_its_form_regardless_of_the_setting() {
    for (setting, existing, start) in [("json", FOREIGN_YAML, "apiVersion: v1\n"), ("yaml", FOREIGN_JSON, "{")] {
        let chartdrop = Chartdrop::with_settings(&[("INDEX_FORMAT", setting)]).await;
        chartdrop.put("charts/index.yaml", existing);
        chartdrop.settled().await;
        let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
        let text = chartdrop.text("charts/index.yaml");
        assert!(text.starts_with(start) && text.contains("demo-1.0.0.tgz"), "{text}");
    }
}

#[tokio::test]
async fn entries_of_other_tools_keep_every_byte_in_yaml() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.put("charts/index.yaml", FOREIGN_YAML);
    chartdrop.settled().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let text = chartdrop.text("charts/index.yaml");
    let start = FOREIGN_YAML.find("  - annotations").expect("the first entry");
    let end = FOREIGN_YAML.find("generated").expect("what follows the last entry");
    assert!(text.contains(&FOREIGN_YAML[start..end]), "{text}");
}

#[tokio::test]
async fn entries_of_other_tools_keep_every_byte_in_json() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.put("charts/index.yaml", FOREIGN_JSON);
    chartdrop.settled().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let text = chartdrop.text("charts/index.yaml");
    let start = FOREIGN_JSON.find(r#"{"version""#).expect("the entry");
    let end = FOREIGN_JSON.find("]},").expect("what follows it");
    assert!(text.contains(&FOREIGN_JSON[start..end]), "{text}");
    serde_json::from_str::<Value>(&text).expect("still JSON");
}

#[tokio::test]
async fn a_new_version_is_sorted_between_those_of_other_tools() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.put("charts/index.yaml", FOREIGN_YAML);
    chartdrop.settled().await;
    let receipt = chartdrop.publish(&ChartArchive::new("foreign", "1.5.0")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    let text = chartdrop.text("charts/index.yaml");
    let at = |version: &str| text.find(&format!("\n    version: {version}\n")).expect("listed");
    assert!(at("2.0.0") < at("1.5.0") && at("1.5.0") < at("1.0.0"), "{text}");
}

#[tokio::test]
async fn a_version_that_another_tool_listed_is_not_listed_again() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.put("charts/index.yaml", FOREIGN_YAML);
    chartdrop.settled().await;
    let receipt = chartdrop.publish(&ChartArchive::new("foreign", "2.0.0")).await;
    assert_eq!(receipt["outcome"], "rejected", "{receipt}");
    assert_eq!(chartdrop.text("charts/index.yaml"), FOREIGN_YAML);
}

#[tokio::test]
async fn created_of_an_entry_never_changes() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let first = chartdrop.index()["entries"]["demo"][0].clone();
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    chartdrop.publish(&ChartArchive::new("demo", "0.9.0")).await;
    assert_eq!(chartdrop.index()["entries"]["demo"][1], first);
}

#[tokio::test]
async fn relative_urls_are_a_setting() {
    let chartdrop = Chartdrop::with_settings(&[("URL_STYLE", "relative")]).await;
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    assert_eq!(receipt["url"], "demo-1.0.0.tgz");
    assert_eq!(chartdrop.index()["entries"]["demo"][0]["urls"][0], "demo-1.0.0.tgz");
}

#[tokio::test]
async fn every_absolute_url_begins_with_the_repository_url() {
    let chartdrop = Chartdrop::with_settings(&[("REPOSITORY_URL", "https://charts.example.com/stable/")]).await;
    let receipt = chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    assert_eq!(receipt["url"], "https://charts.example.com/stable/demo-1.0.0.tgz");
}

#[tokio::test]
async fn an_index_that_cannot_be_understood_is_not_changed() {
    for broken in [
        "",
        "not an index",
        "apiVersion: v1\nentries: [",
        "{\"apiVersion\":\"v1\",\"entries\":{",
        "<html></html>",
    ] {
        let chartdrop = Chartdrop::with_faults(tests::faults::NoEvents("publish-chart")).await;
        chartdrop.put("charts/index.yaml", broken);
        let key = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
        let event = chartdrop.notification(&[&key]);
        let error = chartdrop
            .invoke("publish-chart", &event)
            .await
            .expect_err("a failed publish");
        assert!(error.message.contains("charts/index.yaml"), "{}", error.message);
        assert_eq!(chartdrop.text("charts/index.yaml"), broken);
        assert_eq!(
            chartdrop.keys("staging/"),
            [key],
            "it stays until the index is repaired"
        );
    }
}
