//! Invocations, retries, the dead-letter queue, and the environment of a process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use local::aws::lambda::Finished;
use local::faults::{Delivery, Faults};
use local::{Options, OutcomeKind, StepKind, System, Upload};
use serde_json::{Value, json};

use crate::support::{impatient, raw, start};

#[tokio::test]
async fn a_process_has_the_environment_of_lambda_and_nothing_of_the_test() {
    let settings = BTreeMap::from([("INDEX_FORMAT".to_owned(), "yaml".to_owned())]);
    let system = start(Options {
        settings,
        ..Options::default()
    })
    .await;
    let answer = system
        .invoke("publish-chart", json!({ "do": "environment" }))
        .await
        .unwrap();
    let env = &answer["env"];
    assert_eq!(env["AWS_LAMBDA_FUNCTION_NAME"], "publish-chart");
    assert_eq!(env["AWS_REGION"], "us-east-1");
    assert_eq!(env["AWS_ACCESS_KEY_ID"], "LOCAL-publish-chart");
    assert_eq!(env["AWS_ENDPOINT_URL_S3"], system.s3_endpoint());
    assert_eq!(env["AWS_ENDPOINT_URL_CLOUDFRONT"], system.aws_endpoint());
    assert_eq!(env["CHART_BUCKET"], system.bucket_name());
    assert_eq!(env["REPOSITORY_URL"], system.edge_url());
    assert_eq!(env["INDEX_FORMAT"], "yaml");
    // Cargo sets this for the test; Lambda would not.
    assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok());
    assert_eq!(env["CARGO_MANIFEST_DIR"], Value::Null);
    assert_eq!(env["HOME"], Value::Null);
    let headers = answer["headers"].as_array().unwrap();
    let header = |name: &str| {
        headers
            .iter()
            .find(|h| h[0] == name)
            .map(|h| h[1].as_str().unwrap().to_owned())
            .unwrap()
    };
    assert_eq!(header("lambda-runtime-aws-request-id").len(), 36);
    assert_eq!(
        header("lambda-runtime-invoked-function-arn"),
        "arn:aws:lambda:us-east-1:123456789012:function:publish-chart"
    );
    let deadline: u128 = header("lambda-runtime-deadline-ms").parse().unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    assert!((now + 50_000..now + 61_000).contains(&deadline), "{deadline}");
}

#[tokio::test]
async fn an_idle_process_is_used_again() {
    let system = start(Options::default()).await;
    let first = system.invoke("publish-chart", json!({})).await.unwrap();
    let second = system.invoke("publish-chart", json!({})).await.unwrap();
    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(system.processes("publish-chart"), 1);
}

#[tokio::test]
async fn no_more_processes_run_at_once_than_there_are_instances() {
    let system = Arc::new(
        start(Options {
            instances: 3,
            ..Options::default()
        })
        .await,
    );
    let naps = (0..9).map(|_| {
        let system = Arc::clone(&system);
        tokio::spawn(async move {
            system
                .invoke("publish-chart", json!({ "do": "nap", "ms": 100 }))
                .await
                .unwrap()
        })
    });
    let mut pids = BTreeSet::new();
    for nap in naps.collect::<Vec<_>>() {
        pids.insert(nap.await.unwrap()["pid"].as_u64().unwrap());
    }
    assert!(pids.len() <= 3, "{pids:?}");
    assert!(system.processes("publish-chart") <= 3);
}

#[tokio::test]
async fn an_error_that_a_function_reports_is_its_answer() {
    let system = start(Options::default()).await;
    let error = system
        .invoke("publish-chart", json!({ "do": "error" }))
        .await
        .unwrap_err();
    assert_eq!(
        (error.error_type.as_str(), error.message.as_str()),
        ("Fake.Error", "as asked")
    );
    // The process is still usable.
    system.invoke("publish-chart", json!({})).await.unwrap();
    assert_eq!(system.processes("publish-chart"), 1);
}

#[tokio::test]
async fn a_process_that_exits_fails_its_invocation_with_its_last_line() {
    let system = start(Options::default()).await;
    let error = system
        .invoke("publish-chart", json!({ "do": "exit" }))
        .await
        .unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(
        error.message.contains("exit status: 3") && error.message.contains("out of paper"),
        "{error}"
    );
    assert!(
        system
            .function_logs("publish-chart")
            .contains(&"out of paper".to_owned())
    );
    system.invoke("publish-chart", json!({})).await.unwrap();
}

#[tokio::test]
async fn an_invocation_that_takes_too_long_ends_with_its_process() {
    let system = start(Options {
        publish_timeout: Duration::from_millis(700),
        ..Options::default()
    })
    .await;
    let first = system.invoke("publish-chart", json!({})).await.unwrap();
    let error = system
        .invoke("publish-chart", json!({ "do": "hang" }))
        .await
        .unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert!(error.message.contains("Task timed out after 0.70 seconds"), "{error}");
    assert_eq!(system.processes("publish-chart"), 0);
    let next = system.invoke("publish-chart", json!({})).await.unwrap();
    assert_ne!(next["pid"], first["pid"]);
}

#[tokio::test]
async fn a_function_that_cannot_start_reports_why() {
    for (init, kind, said) in [
        ("exit", "Runtime.ExitError", "INDEX_FORMAT is nonsense"),
        ("error", "Fake.Init", "no luck"),
    ] {
        let settings = BTreeMap::from([("FAKE_INIT".to_owned(), init.to_owned())]);
        let system = start(Options {
            settings,
            ..Options::default()
        })
        .await;
        let error = system.invoke("publish-chart", json!({})).await.unwrap_err();
        assert_eq!(error.error_type, kind);
        assert!(error.message.contains(said), "{error}");
    }
}

#[tokio::test]
async fn an_event_that_fails_is_retried_twice() {
    let system = start(impatient()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attempts");
    let id = system.invoke_async(
        "publish-chart",
        &json!({ "do": "fail-first", "times": 2, "file": file }),
    );
    let mut steps = system.subscribe();
    system.settled().await;
    assert_eq!(std::fs::read(&file).unwrap().len(), 3);
    assert!(system.dead_letters().is_empty());
    let mut attempts = Vec::new();
    while let Ok(step) = steps.try_recv() {
        if let StepKind::Finished(Finished {
            request_id,
            attempt,
            error,
            ..
        }) = step.kind
        {
            assert_eq!(request_id, id);
            attempts.push((attempt, error.is_some()));
        }
    }
    assert_eq!(attempts, [(1, true), (2, true), (3, false)]);
}

#[tokio::test]
async fn an_event_that_keeps_failing_goes_to_the_dead_letter_queue() {
    let system = start(impatient()).await;
    let event = json!({ "do": "error" });
    let id = system.invoke_async("publish-chart", &event);
    system.settled().await;
    let dead = system.dead_letters();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].request_id.as_str(), dead[0].attempts), (id.as_str(), 3));
    assert_eq!((&dead[0].payload, dead[0].error.message.as_str()), (&event, "as asked"));
}

#[tokio::test]
async fn an_upload_whose_event_keeps_failing_has_the_outcome_failed() {
    let settings = BTreeMap::from([("FAKE_INIT".to_owned(), "exit".to_owned())]);
    let system = start(Options {
        settings,
        ..impatient()
    })
    .await;
    let etag = system
        .store()
        .put("staging/a b+c-1.0.0.tgz", "x", BTreeMap::new())
        .unwrap();
    let outcome = system
        .outcome(&Upload {
            key: "staging/a b+c-1.0.0.tgz".to_owned(),
            etag,
        })
        .await
        .unwrap();
    assert_eq!(outcome.kind, OutcomeKind::Failed);
    assert!(outcome.receipt.reason.unwrap().contains("INDEX_FORMAT is nonsense"));
}

/// The event of one upload, as publish-chart received it.
async fn event_of(system: &System, key: &str) -> Value {
    system.store().put(key, "hello", BTreeMap::new()).unwrap();
    system.settled().await;
    let logs = system.function_logs("publish-chart");
    let line = logs
        .iter()
        .find_map(|line| line.strip_prefix("event: "))
        .expect("an event");
    serde_json::from_str(line).unwrap()
}

#[tokio::test]
async fn the_notification_of_an_upload_has_the_form_of_s3() {
    let system = start(Options::default()).await;
    let event = event_of(&system, "staging/team a/x-1.0.0+b1.tgz").await;
    let record = &event["Records"][0];
    assert_eq!(record["eventVersion"], "2.1");
    assert_eq!(record["eventSource"], "aws:s3");
    assert_eq!(record["eventName"], "ObjectCreated:Put");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["s3"]["bucket"]["name"], "chartdrop-local");
    assert_eq!(record["s3"]["object"]["key"], "staging/team+a/x-1.0.0%2Bb1.tgz");
    assert_eq!(record["s3"]["object"]["size"], 5);
    assert_eq!(record["s3"]["object"]["eTag"], "5d41402abc4b2a76b9719d911017c592");
    let time = record["eventTime"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    assert!(record["s3"]["object"]["sequencer"].as_str().is_some());
}

#[tokio::test]
async fn without_notifications_no_function_runs() {
    let system = start(Options {
        notifications: false,
        ..Options::default()
    })
    .await;
    system.store().put("staging/x-1.0.0.tgz", "x", BTreeMap::new()).unwrap();
    system.settled().await;
    assert_eq!(system.processes("publish-chart"), 0);
}

struct Deliver(Delivery);

impl Faults for Deliver {
    fn delivery(&self, _: &str, _: &[u8]) -> Delivery {
        self.0
    }
}

#[tokio::test]
async fn events_can_be_duplicated_or_lost() {
    for times in [0, 2] {
        let faults = Arc::new(Deliver(Delivery::Times(times)));
        let system = start(Options {
            faults,
            ..Options::default()
        })
        .await;
        system.store().put("staging/x-1.0.0.tgz", "x", BTreeMap::new()).unwrap();
        system.settled().await;
        let events = system
            .function_logs("publish-chart")
            .iter()
            .filter(|line| line.starts_with("event: "))
            .count();
        assert_eq!(events, times);
    }
}

#[tokio::test]
async fn the_invoke_api_answers_as_lambda_does() {
    let system = start(impatient()).await;
    let url = system.aws_endpoint();
    let path = "/2015-03-31/functions/publish-chart/invocations";
    let answer = raw(&url, "POST", path, &[], br#"{"command":"sweep"}"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        serde_json::from_slice::<Value>(&answer.body).unwrap()["event"]["command"],
        "sweep"
    );

    let failed = raw(&url, "POST", path, &[], br#"{"do":"error"}"#).await;
    assert_eq!(
        (failed.status, failed.header("x-amz-function-error")),
        (200, Some("Unhandled"))
    );
    let body: Value = serde_json::from_slice(&failed.body).unwrap();
    assert_eq!(body, json!({ "errorType": "Fake.Error", "errorMessage": "as asked" }));

    let queued = raw(
        &url,
        "POST",
        path,
        &[("x-amz-invocation-type", "Event")],
        br#"{"do":"error"}"#,
    )
    .await;
    assert_eq!((queued.status, queued.body.len()), (202, 0));
    system.settled().await;
    assert_eq!(system.dead_letters().len(), 1);

    let missing = raw(&url, "POST", "/2015-03-31/functions/other/invocations", &[], b"{}").await;
    assert_eq!(
        (missing.status, missing.header("x-amzn-errortype")),
        (404, Some("ResourceNotFoundException"))
    );
    assert_eq!(raw(&url, "POST", path, &[], b"{not json").await.status, 400);
}

#[tokio::test]
async fn no_process_outlives_its_system() {
    let system = start(Options::default()).await;
    let pid = system.invoke("publish-chart", json!({})).await.unwrap()["pid"]
        .as_u64()
        .unwrap();
    let alive = || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    };
    assert!(alive());
    drop(system);
    for _ in 0..100 {
        if !alive() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("process {pid} is still there");
}
