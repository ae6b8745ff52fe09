//! Alarms and the dashboard use metrics that the functions really emit, under the same names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chartdrop::metrics::NAMESPACE;
use local::Options;
use local::faults::{Delivery, Faults, InvalidationFault, InvalidationSeen, RequestSeen, S3Fault, When};
use serde_json::{Value, json};
use tests::faults::OnRequest;
use tests::keys::Key;
use tests::registry::{Answer, Registry};
use tests::{ChartArchive, Chartdrop, events};

use crate::template::text::{function, only, referred, resources};

/// The executable of a function, and a metric.
type Named = (String, String);

/// Metrics that the dashboard does not show, because they are needed only for special questions.
const NOT_SHOWN: [(&str, &str); 2] = [("publish-chart", "IndexesRepaired"), ("publish-chart", "IndexChanges")];

/// Another publisher is faster once, CloudFront rejects one path, and one event is lost.
struct World(OnRequest);

impl Faults for World {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        self.0.s3(request)
    }

    fn invalidation(&self, request: &InvalidationSeen) -> InvalidationFault {
        if request.paths.iter().any(|path| path.starts_with("/rejected/")) {
            return InvalidationFault::Fail(When::Before, 400, "TooManyInvalidationsInProgress");
        }
        InvalidationFault::None
    }

    fn delivery(&self, _: &str, payload: &[u8]) -> Delivery {
        let text = String::from_utf8_lossy(payload);
        Delivery::Times(usize::from(!text.contains("staging/swept/")))
    }
}

/// Runs everything that a metric counts, so that the functions emit every metric. Add a line for a
/// new metric.
async fn life() -> Chartdrop {
    let lost = S3Fault::Fail(When::Before, 412, "PreconditionFailed");
    let registry = Registry::start().await;
    let mirror = format!("oci://{}", registry.host());
    // The registry accepts one chart and rejects the other.
    registry.answer("rejected/demo/manifests/1.0.0", Answer::Status(403));
    let settings = [
        ("OCI_MIRROR", mirror.as_str()),
        ("IMAGE_CHECK", "require"),
        ("IMAGE_REGISTRIES", &registry.host()),
        ("PROVENANCE", "verify"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let chartdrop = Chartdrop::with(Options {
        settings: settings.into(),
        secret: Some(json!({"keyring": Key::new().public}).to_string()),
        faults: Arc::new(World(OnRequest::new("PutObject", "charts/raced/index.yaml", [lost]))),
        retry_delays: Vec::new(),
        ..Options::default()
    })
    .await;
    let chart = |version: &str| ChartArchive::new("demo", version);
    chartdrop.put("staging/signed/demo-1.0.0.tgz.prov", "no signature");
    for (folder, chart) in [
        ("", chart("1.0.0")),
        // Unchanged. S3's clock has whole seconds, so it has to be another one.
        ("", chart("1.0.0")),
        // Rejected.
        ("", chart("1.0.0").file("other.txt", "other")),
        ("raced/", chart("1.0.0")),
        ("rejected/", chart("1.0.0")),
        ("swept/", chart("1.0.0")),
        // Held: its image does not exist.
        (
            "held/",
            chart("1.0.0").values(format!("image: {}/app:1.0.0\n", registry.host())),
        ),
        // Rejected because of its signature.
        ("signed/", chart("1.0.0")),
    ] {
        chartdrop.upload_to(folder, &chart);
        chartdrop.system.settled().await;
        tests::system::next_second().await;
    }
    // An object that is not an upload, and an upload whose index cannot be read.
    chartdrop.put("staging/notes.txt", "no chart");
    chartdrop.put("charts/broken/index.yaml", "<html>");
    chartdrop.upload_to("broken/", &chart("1.0.0"));
    // The index is rebuilt.
    chartdrop
        .system
        .store()
        .delete("charts/raced/index.yaml")
        .expect("deleted");
    chartdrop.upload_to("raced/", &chart("1.1.0"));
    chartdrop.system.settled().await;
    for command in [
        json!({"command": "sweep"}),
        json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"}),
        json!({"command": "verify", "repository": ""}),
        json!({"command": "verify-all"}),
    ] {
        chartdrop.run(&command).await;
        chartdrop.system.settled().await;
    }
    // CloudFront rejects the invalidation of one index in this sweep.
    let swept = chartdrop.invoke("invalidate-cdn", &json!({"command": "sweep"})).await;
    swept.expect("a sweep does not fail");
    // The event of an earlier index write.
    let event = events::s3_put(chartdrop.system.bucket_name(), &["charts/index.yaml"]);
    let told = chartdrop.invoke("invalidate-cdn", &event).await;
    told.expect("nothing to do");
    chartdrop
}

/// The metrics in the functions' logs, by the value of their only dimension.
fn emitted(chartdrop: &Chartdrop) -> BTreeSet<Named> {
    let mut emitted = BTreeSet::new();
    for binary in ["publish-chart", "invalidate-cdn"] {
        let lines = chartdrop.system.function_logs(binary);
        let lines = lines
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        for line in lines.filter(|line| line.get("_aws").is_some()) {
            let told = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(
                (&told["Namespace"], &told["Dimensions"]),
                (&json!(NAMESPACE), &json!([["function"]]))
            );
            let metrics = told["Metrics"].as_array().expect("metrics");
            // Locally, a function has the name of its executable.
            let function = line["function"].as_str().expect("a name");
            emitted.extend(
                metrics
                    .iter()
                    .map(|metric| (function.to_owned(), metric["Name"].as_str().expect("a name").to_owned())),
            );
        }
    }
    emitted
}

/// The executables of the functions, by their names in the template.
fn binaries() -> BTreeMap<String, &'static str> {
    ["publish-chart", "invalidate-cdn"]
        .map(|binary| (function(binary).0, binary))
        .into()
}

/// The metrics that alarms watch.
fn watched() -> BTreeSet<Named> {
    let binaries = binaries();
    let alarms = resources("AWS::CloudWatch::Alarm").into_values();
    let ours = alarms.filter(|alarm| alarm["Properties"]["Namespace"] == NAMESPACE);
    ours.map(|alarm| {
        let properties = &alarm["Properties"];
        let dimensions = properties["Dimensions"].as_sequence().expect("dimensions");
        let [dimension] = dimensions.as_slice() else {
            panic!("{properties:?}")
        };
        assert_eq!(dimension["Name"], "function");
        let function = referred(&dimension["Value"]).expect("a !Ref: a name would not tell two stacks apart");
        (
            binaries[function].to_owned(),
            properties["MetricName"].as_str().expect("text").to_owned(),
        )
    })
    .collect()
}

/// The metrics that the dashboard shows, with CloudWatch's shorthands expanded: `.` repeats the
/// field above, `...` repeats all fields but the last ones given.
fn shown() -> BTreeSet<Named> {
    let dashboard = only("AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"].clone();
    let serde_yaml::Value::Tagged(body) = dashboard else {
        panic!("no !Sub")
    };
    let body: Value = serde_json::from_str(body.value.as_str().expect("text")).expect("JSON");
    let mut shown = BTreeSet::new();
    for widget in body["widgets"].as_array().expect("widgets") {
        let mut above: Vec<String> = Vec::new();
        for metric in widget["properties"]["metrics"].as_array().expect("metrics") {
            let fields = metric.as_array().expect("fields").iter();
            let fields: Vec<&str> = fields.filter_map(Value::as_str).collect();
            // An expression over other metrics has no fields.
            if fields.is_empty() {
                continue;
            }
            let written = match fields.split_first() {
                Some((&"...", given)) => [&above[..above.len() - given.len()], &owned(given)].concat(),
                _ => fields
                    .iter()
                    .enumerate()
                    .map(|(at, &field)| {
                        if field == "." {
                            above[at].clone()
                        } else {
                            field.to_owned()
                        }
                    })
                    .collect(),
            };
            if written[0] == NAMESPACE {
                assert_eq!((written.len(), written[2].as_str()), (4, "function"), "{written:?}");
                let function = written[3].trim_start_matches("${").trim_end_matches('}');
                shown.insert((binaries()[function].to_owned(), written[1].clone()));
            }
            above = written;
        }
    }
    shown
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn alarms_and_dashboard_use_metrics_that_the_functions_emit() {
    let chartdrop = life().await;
    let emitted = emitted(&chartdrop);
    let looked_at: BTreeSet<Named> = watched().union(&shown()).cloned().collect();
    let absent: Vec<_> = looked_at.difference(&emitted).collect();
    assert!(
        absent.is_empty(),
        "template.yaml looks at {absent:?}, which no function emits in the life of this test"
    );
    let not_shown = NOT_SHOWN.map(|(function, metric)| (function.to_owned(), metric.to_owned()));
    let unseen: Vec<_> = emitted
        .difference(&looked_at)
        .filter(|metric| !not_shown.contains(metric))
        .collect();
    assert!(
        unseen.is_empty(),
        "nothing shows {unseen:?}: add it to the dashboard, or to NOT_SHOWN"
    );
}

/// The metric that only a schedule emits is missing when the schedule stops, even if the function
/// does other work.
#[test]
fn a_schedule_that_stops_is_noticed() {
    let (name, publish_chart) = function("publish-chart");
    for (alarm, metric, event, seconds) in [
        ("SweepSilent", "Sweeps", "Sweep", 300),
        ("VerifySilent", "VerificationsCompleted", "Verify", 86_400),
    ] {
        let rate = match seconds {
            300 => "rate(5 minutes)",
            _ => "rate(1 day)",
        };
        let schedule = &publish_chart["Properties"]["Events"][event]["Properties"];
        assert_eq!(schedule["ScheduleExpression"], rate, "{alarm}");
        let alarms = resources("AWS::CloudWatch::Alarm");
        let alarm = &alarms[alarm]["Properties"];
        assert_eq!(
            (&alarm["Namespace"], &alarm["MetricName"]),
            (&NAMESPACE.into(), &metric.into())
        );
        assert_eq!(
            referred(&alarm["Dimensions"][0]["Value"]),
            Some(name.as_str()),
            "{metric}"
        );
        // A stopped schedule means missing data.
        assert_eq!(alarm["TreatMissingData"], "breaching", "{metric}");
        assert_eq!(
            (&alarm["ComparisonOperator"], &alarm["Threshold"]),
            (&"LessThanThreshold".into(), &1.into())
        );
        let period = alarm["Period"].as_u64().expect("seconds");
        let looked_back = period * alarm["EvaluationPeriods"].as_u64().expect("periods");
        // One run may be late.
        assert!(looked_back >= 2 * seconds, "{metric}");
        // CloudWatch's limits: a day, and a week for periods of an hour or more.
        assert!(looked_back <= if period < 3_600 { 86_400 } else { 604_800 }, "{metric}");
    }
}
