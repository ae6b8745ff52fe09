//! How soon a chart becomes visible: how many sequential requests to S3 a publish needs.

use std::sync::Arc;
use std::time::Duration;

use local::Options;
use local::aws::s3::LoggedRequest;
use local::faults::{Faults, RequestSeen, S3Fault};
use tests::{ChartArchive, Chartdrop};
use tokio::sync::Barrier;

/// Answers no read of publish-chart until two of them have arrived.
struct ReadsMeet(Arc<Barrier>);

impl Faults for ReadsMeet {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let meant = request.function.as_deref() == Some("publish-chart") && request.operation == "GetObject";
        if meant {
            S3Fault::Meet(Arc::clone(&self.0))
        } else {
            S3Fault::None
        }
    }
}

#[tokio::test]
async fn a_chart_is_in_the_index_of_an_existing_repository_after_three_sequential_requests() {
    let chartdrop = Chartdrop::with(Options {
        faults: Arc::new(ReadsMeet(Arc::new(Barrier::new(2)))),
        // Sequential reads would wait forever.
        publish_timeout: Duration::from_secs(10),
        retry_delays: Vec::new(),
        ..Options::default()
    })
    .await;
    let index = "{\"apiVersion\":\"v1\",\"generated\":\"2026-01-01T00:00:00Z\",\"entries\":{\n}}\n";
    chartdrop.put("charts/index.yaml", index);
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;

    assert_eq!(
        rounds(&chartdrop),
        [
            (1, "GetObject charts/index.yaml".to_owned()),
            (1, "GetObject staging/demo-1.0.0.tgz".to_owned()),
            (2, "PutObject charts/demo-1.0.0.tgz".to_owned()),
            (3, "PutObject charts/index.yaml".to_owned()),
            (4, "PutObject receipts/demo-1.0.0.tgz.json".to_owned()),
            (5, "DeleteObject staging/demo-1.0.0.tgz".to_owned()),
        ]
    );
}

/// The requests of publish-chart, each with the number of sequential answers that it may have
/// waited for, including its own.
fn rounds(chartdrop: &Chartdrop) -> Vec<(usize, String)> {
    let mut rounds: Vec<(usize, String)> = Vec::new();
    for request in chartdrop.system.s3_requests() {
        let LoggedRequest {
            operation,
            key,
            answered_before,
            ..
        } = request;
        if request.function == "publish-chart" {
            let earlier = rounds[..answered_before].iter().map(|(round, _)| *round);
            let round = earlier.max().unwrap_or_default() + 1;
            rounds.push((round, format!("{operation} {key}")));
        }
    }
    rounds.sort();
    rounds
}
