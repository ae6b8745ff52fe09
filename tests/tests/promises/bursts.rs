//! Many uploads at once: nothing is lost, and few index writes are needed.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::system::{entries, versions};
use tests::{ChartArchive, Chartdrop};

#[tokio::test]
async fn two_hundred_uploads_at_once_are_all_published_with_few_index_writes() {
    let chartdrop = Chartdrop::start().await;
    let charts: Vec<ChartArchive> = (0..200)
        .map(|number| ChartArchive::new(&format!("chart-{}", number % 20), &format!("1.{}.0", number / 20)))
        .collect();
    let uploads: Vec<String> = charts.iter().map(|chart| chartdrop.upload(chart)).collect();
    chartdrop.settled().await;

    for upload in &uploads {
        assert_eq!(chartdrop.receipt(upload)["outcome"], "published");
    }
    let index = chartdrop.index();
    assert_eq!(entries(&index).len(), 200);
    for chart in 0..20 {
        let newest_first: Vec<String> = (0..10).rev().map(|minor| format!("1.{minor}.0")).collect();
        assert_eq!(versions(&index, &format!("chart-{chart}")), newest_first);
    }
    chartdrop.assert_all_downloads(&index).await;
    assert!(chartdrop.keys("staging/").is_empty());

    assert_eq!(counted(&chartdrop, "ChartsPublished"), 200);

    let requests = chartdrop.system.s3_requests();
    let index_puts = requests
        .iter()
        .filter(|r| r.operation == "PutObject" && r.key == "charts/index.yaml");
    let writes = index_puts.filter(|request| request.status == 200).count();
    assert!(writes <= 60, "{writes} index writes for 200 uploads");
    assert_eq!(
        chartdrop.edge("/index.yaml").await.body,
        chartdrop.text("charts/index.yaml").as_bytes()
    );
}

/// The sum of a metric of publish-chart over all of its log lines.
fn counted(chartdrop: &Chartdrop, metric: &str) -> usize {
    let lines = chartdrop.system.function_logs("publish-chart");
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .map(|line| match &line[metric] {
            Value::Array(values) => values.len(),
            Value::Null => 0,
            value => value.as_u64().expect("a count") as usize,
        })
        .sum()
}

#[tokio::test]
async fn a_burst_into_several_repositories_is_published_in_each() {
    let chartdrop = Chartdrop::start().await;
    for number in 0..60 {
        chartdrop.upload_to(
            &format!("team-{}/", number % 3),
            &ChartArchive::new("demo", &format!("0.{number}.0")),
        );
    }
    chartdrop.settled().await;
    for team in 0..3 {
        let index = chartdrop.index_of(&format!("team-{team}/"));
        let found: BTreeSet<String> = versions(&index, "demo").into_iter().collect();
        let expected = (0..60)
            .filter(|number| number % 3 == team)
            .map(|number| format!("0.{number}.0"))
            .collect();
        assert_eq!(found, expected);
        chartdrop.assert_all_downloads(&index).await;
    }
}

#[tokio::test]
async fn good_and_bad_uploads_at_the_same_time_all_get_an_outcome() {
    let chartdrop = Chartdrop::start().await;
    let uploads: Vec<(String, &str)> = (0..40)
        .map(|number| {
            let chart = ChartArchive::new("demo", &format!("0.{number}.0"));
            if number % 4 == 0 {
                (chartdrop.upload(&chart.chart_yaml("not: a chart\n")), "rejected")
            } else {
                (chartdrop.upload(&chart), "published")
            }
        })
        .collect();
    chartdrop.settled().await;
    for (upload, outcome) in &uploads {
        assert_eq!(chartdrop.receipt(upload)["outcome"], *outcome, "{upload}");
    }
    assert_eq!(chartdrop.versions("demo").len(), 30);
    assert_eq!(chartdrop.keys("rejected/").len(), 10);
}
