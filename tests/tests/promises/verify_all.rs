//! The daily verification: it checks every repository, counts differences in a metric, and its
//! heartbeat is missing if it does not finish.

use local::faults::{Delivery, Faults, RequestSeen, S3Fault, When};
use serde_json::{Value, json};
use tests::{ChartArchive, Chartdrop};

/// publish-chart runs only when a test invokes it, and cannot read this key.
struct World(&'static str);

impl Faults for World {
    fn delivery(&self, function: &str, _: &[u8]) -> Delivery {
        match function {
            "publish-chart" => Delivery::Times(0),
            _ => Delivery::Once,
        }
    }

    fn s3(&self, request: &RequestSeen) -> S3Fault {
        if request.operation == "GetObject" && request.key == self.0 {
            return S3Fault::Fail(When::Before, 403, "AccessDenied");
        }
        S3Fault::None
    }
}

/// The root repository and team-a, each with one version of demo.
async fn two_repositories(world: World) -> Chartdrop {
    let chartdrop = Chartdrop::with_faults(world).await;
    for folder in ["", "team-a/"] {
        chartdrop.upload_to(folder, &ChartArchive::new("demo", "1.0.0"));
    }
    chartdrop.sweep().await;
    chartdrop
}

async fn verify_all(chartdrop: &Chartdrop) -> Value {
    chartdrop.run(&json!({"command": "verify-all"})).await
}

/// The values of a metric so far.
fn values(chartdrop: &Chartdrop, metric: &str) -> Vec<u64> {
    let lines = chartdrop.system.function_logs("publish-chart").into_iter();
    let lines = lines.map(|line| serde_json::from_str::<Value>(&line).expect("JSON"));
    let values = lines.filter_map(|line| line.get(metric).cloned());
    values
        .flat_map(|value| value.as_array().cloned().unwrap_or_else(|| vec![value]))
        .map(|value| value.as_u64().expect("a number"))
        .collect()
}

/// `REPOSITORY: DIFFERENCES` for each repository.
fn told(answer: &Value) -> Vec<String> {
    let repositories = answer["repositories"].as_array().expect("a list").iter();
    repositories
        .map(|one| format!("{}: {}", one["repository"].as_str().expect("text"), one["differences"]))
        .collect()
}

#[tokio::test]
async fn every_repository_is_verified_and_differences_are_counted() {
    let chartdrop = two_repositories(World("")).await;
    let answer = verify_all(&chartdrop).await;
    assert_eq!(told(&answer), [": 0", "team-a: 0"], "{answer}");
    assert_eq!(
        (&answer["command"], &answer["complete"], &answer["failed"]),
        (&json!("verify-all"), &json!(true), &json!([]))
    );
    assert_eq!(values(&chartdrop, "RepositoryDifferences"), [0, 0]);
    assert_eq!(values(&chartdrop, "VerificationsCompleted"), [1]);

    let archive = "charts/team-a/demo-1.0.0.tgz";
    chartdrop.system.store().delete(archive).expect("deleted");
    let answer = verify_all(&chartdrop).await;
    assert_eq!(told(&answer), [": 0", "team-a: 1"], "{answer}");
    assert_eq!(values(&chartdrop, "RepositoryDifferences"), [0, 0, 0, 1]);
    // The log has each difference, with the next step.
    let logs = chartdrop.system.function_logs("publish-chart").join("\n");
    assert!(logs.contains(archive) && logs.contains("its archive is gone"), "{logs}");
    assert_eq!(values(&chartdrop, "VerificationsCompleted"), [1, 1]);
}

/// A new stack is verified before its first chart.
#[tokio::test]
async fn an_empty_bucket_has_nothing_to_verify() {
    let chartdrop = Chartdrop::with_faults(World("")).await;
    let answer = verify_all(&chartdrop).await;
    assert_eq!((told(&answer), &answer["complete"]), (Vec::new(), &json!(true)));
    assert_eq!(values(&chartdrop, "VerificationsCompleted"), [1]);
    assert!(values(&chartdrop, "RepositoryDifferences").is_empty());
}

#[tokio::test]
async fn a_repository_that_cannot_be_compared_stops_no_other_but_the_heartbeat() {
    let chartdrop = Chartdrop::with_faults(World("charts/denied/index.yaml")).await;
    chartdrop.upload_to("team-a/", &ChartArchive::new("demo", "1.0.0"));
    chartdrop.sweep().await;
    chartdrop.put("charts/denied/index.yaml", "apiVersion: v1\nentries: {}\n");
    let answer = verify_all(&chartdrop).await;
    assert_eq!(
        (told(&answer), &answer["complete"]),
        (vec!["team-a: 0".to_owned()], &json!(false))
    );
    let failed = answer["failed"].as_array().expect("a list");
    assert_eq!(
        (failed.len(), &failed[0]["repository"]),
        (1, &json!("denied")),
        "{answer}"
    );
    assert!(values(&chartdrop, "VerificationsCompleted").is_empty());
}

/// An archive is stored before the index lists it, so a publish in progress looks like a
/// difference. It must not cause an alarm.
#[tokio::test]
async fn a_publish_in_progress_is_reported_and_not_counted() {
    let chartdrop = two_repositories(World("")).await;
    let chart = ChartArchive::new("demo", "1.1.0");
    chartdrop.upload(&chart);
    chartdrop.put("charts/demo-1.1.0.tgz", chart.bytes());
    let answer = verify_all(&chartdrop).await;
    assert_eq!(told(&answer), [": 1", "team-a: 0"], "{answer}");
    assert_eq!(values(&chartdrop, "RepositoryDifferences"), [0, 0]);
}

/// An adopted archive with another name can be installed, and `reindex` does not change it, so an
/// alarm for it would never end.
#[tokio::test]
async fn differences_that_do_not_affect_users_are_reported_and_not_counted() {
    let chartdrop = Chartdrop::with_faults(World("")).await;
    let chart = ChartArchive::new("demo", "1.0.0");
    chartdrop.upload(&chart);
    chartdrop.sweep().await;
    let index = chartdrop
        .text("charts/index.yaml")
        .replace("demo-1.0.0.tgz", "renamed.tgz");
    chartdrop.put("charts/renamed.tgz", chart.bytes());
    let published = "charts/demo-1.0.0.tgz";
    chartdrop.system.store().delete(published).expect("deleted");
    chartdrop.put("charts/index.yaml", index);
    let answer = verify_all(&chartdrop).await;
    assert_eq!(told(&answer), [": 1"], "{answer}");
    assert_eq!(values(&chartdrop, "RepositoryDifferences"), [0]);
}
