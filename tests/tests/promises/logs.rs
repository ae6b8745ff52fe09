//! The log of a run, for people and for CloudWatch: structured lines and metrics.

use serde_json::Value;
use tests::system::next_second;
use tests::{ChartArchive, Chartdrop};

/// The log lines of a function. Each must be JSON, because queries find no other lines.
fn lines(chartdrop: &Chartdrop, function: &str) -> Vec<Value> {
    let logs = chartdrop.system.function_logs(function);
    logs.iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}

/// The log lines with metrics.
fn metrics(chartdrop: &Chartdrop, function: &str) -> Vec<Value> {
    lines(chartdrop, function)
        .into_iter()
        .filter(|line| line.get("_aws").is_some())
        .collect()
}

/// Every value of a metric, from all lines.
fn values(metrics: &[Value], name: &str) -> Vec<f64> {
    let values = metrics.iter().filter_map(|line| line.get(name));
    values
        .flat_map(|value| match value {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        })
        .map(|value| value.as_f64().expect("a metric is a number"))
        .collect()
}

#[tokio::test]
async fn each_outcome_is_one_readable_line_with_the_request_id() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    next_second().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    chartdrop
        .publish(&ChartArchive::new("demo", "1.0.0").file("other.txt", "other"))
        .await;

    let lines = lines(&chartdrop, "publish-chart");
    for (outcome, part) in [
        ("published", "demo 1.0.0"),
        ("unchanged", "demo 1.0.0"),
        ("rejected", "version"),
    ] {
        let about: Vec<&Value> = lines
            .iter()
            .filter(|line| line.to_string().contains(&format!("\"{outcome}\"")))
            .collect();
        assert_eq!(about.len(), 1, "{outcome}: {about:?}");
        let text = about[0].to_string();
        assert!(text.contains(part) && text.contains("staging/demo-1.0.0.tgz"), "{text}");
        assert!(text.to_lowercase().contains("requestid"), "{text}");
        assert!(
            about[0].get("level").is_some() && about[0].get("timestamp").is_some(),
            "{text}"
        );
    }
}

#[tokio::test]
async fn metrics_follow_the_embedded_metric_format() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let all = [
        metrics(&chartdrop, "publish-chart"),
        metrics(&chartdrop, "invalidate-cdn"),
    ]
    .concat();
    assert!(!all.is_empty());
    for line in all {
        assert!(
            line["_aws"]["Timestamp"]
                .as_u64()
                .is_some_and(|time| time > 1_700_000_000_000),
            "{line}"
        );
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().expect("directives") {
            assert!(directive["Namespace"].is_string(), "{line}");
            for dimension in directive["Dimensions"][0].as_array().expect("dimensions") {
                assert!(line[dimension.as_str().expect("a name")].is_string(), "{line}");
            }
            for metric in directive["Metrics"].as_array().expect("metrics") {
                let value = &line[metric["Name"].as_str().expect("a name")];
                assert!(
                    value.is_number() || value.as_array().is_some_and(|v| !v.is_empty() && v.len() <= 100),
                    "{line}"
                );
                let unit = metric["Unit"].as_str().expect("a unit");
                assert!(["Count", "Milliseconds", "Seconds", "Bytes"].contains(&unit), "{line}");
            }
        }
    }
}

#[tokio::test]
async fn metrics_have_the_right_values() {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.0.0", "1.1.0"] {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    next_second().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;
    chartdrop
        .publish(&ChartArchive::new("demo", "1.1.0").file("other.txt", "other"))
        .await;

    let published = metrics(&chartdrop, "publish-chart");
    let sum = |name: &str| values(&published, name).iter().sum::<f64>();
    assert_eq!(sum("ChartsPublished"), 2.0);
    assert_eq!(sum("ChartsUnchanged"), 1.0);
    assert_eq!(sum("ChartsRejected"), 1.0);
    assert_eq!(values(&published, "IndexVersions"), [1.0, 2.0]);
    let size = chartdrop.text("charts/index.yaml").len() as f64;
    assert_eq!(values(&published, "IndexBytes").last(), Some(&size));
    assert_eq!(values(&published, "UploadToPublished").len(), 2);
    assert_eq!(values(&published, "PublishDuration").len(), 4);
    let invalidations = metrics(&chartdrop, "invalidate-cdn");
    assert_eq!(values(&invalidations, "Invalidations"), [1.0, 1.0]);
}

#[tokio::test]
async fn each_upload_of_a_burst_is_counted_and_logged_once() {
    let chartdrop = Chartdrop::start().await;
    for number in 0..40 {
        chartdrop.upload(&ChartArchive::new("demo", &format!("0.{number}.0")));
    }
    chartdrop.settled().await;
    assert_eq!(chartdrop.versions("demo").len(), 40);

    let all = metrics(&chartdrop, "publish-chart");
    assert_eq!(values(&all, "ChartsPublished").iter().sum::<f64>(), 40.0);
    let told = lines(&chartdrop, "publish-chart");
    let told = told.iter().filter(|line| {
        line["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("published demo"))
    });
    assert_eq!(told.count(), 40);
}

/// An alarm goes off when the schedule stops, so only scheduled sweeps may count, not uploads.
#[tokio::test]
async fn sweeps_and_nothing_else_are_counted_as_sweeps() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.sweep().await;
    assert_eq!(
        values(&metrics(&chartdrop, "publish-chart"), "Sweeps"),
        [1.0],
        "with nothing to do"
    );
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    assert_eq!(values(&metrics(&chartdrop, "publish-chart"), "Sweeps"), [1.0]);
}
