//! What docs/costs.md multiplies is what happens.

use std::collections::BTreeMap;

use local::iam::TEMPLATE;
use tests::costs::{ALARMS, PUBLISH, Prices, markdown};
use tests::program::workspace;
use tests::{ChartArchive, Chartdrop};

#[tokio::test]
async fn a_publish_takes_the_requests_that_the_bill_counts() {
    let chartdrop = Chartdrop::start().await;
    chartdrop.publish(&ChartArchive::new("demo", "1.0.0")).await;
    let (requests, invalidations) = (
        chartdrop.system.s3_requests().len(),
        chartdrop.system.invalidations().len(),
    );
    chartdrop.publish(&ChartArchive::new("demo", "1.1.0")).await;

    let mut counted: BTreeMap<(String, String), u32> = BTreeMap::new();
    for request in chartdrop.system.s3_requests().into_iter().skip(requests) {
        *counted.entry((request.function, request.operation)).or_default() += 1;
    }
    let paths: usize = chartdrop
        .system
        .invalidations()
        .iter()
        .skip(invalidations)
        .map(Vec::len)
        .sum();
    assert!(paths <= 2, "{paths}");
    let paths = u32::try_from(paths).expect("few");
    counted.insert(("invalidate-cdn".to_owned(), "CreateInvalidation".to_owned()), paths);
    // The upload of a test goes around HTTP, so nobody counts it here.
    let told = PUBLISH.iter().filter(|(by, _, _)| *by != "whoever releases");
    let told = told.map(|(by, operation, count)| (((*by).to_owned(), (*operation).to_owned()), *count));
    assert_eq!(counted, told.collect(), "tests/src/costs.rs, PUBLISH");
}

#[test]
fn the_bill_counts_the_alarms_of_the_template() {
    let alarms = TEMPLATE.matches("Type: AWS::CloudWatch::Alarm\n").count();
    assert_eq!(u32::try_from(alarms), Ok(ALARMS));
}

#[test]
fn the_page_has_the_tables_of_the_prices_that_are_beside_it() {
    let read = |page: &str| std::fs::read_to_string(workspace().join("docs").join(page)).expect("a page");
    let tables = markdown(&Prices::read(&read("prices.json")));
    assert!(
        read("costs.md").contains(&tables),
        "docs/costs.md is not what `cargo run -p tests --bin costs` prints:\n{tables}"
    );
}
