//! The numbers of requests in docs/costs.md are those that really happen.

use std::collections::BTreeMap;
use std::time::Duration;

use local::aws::iam::TEMPLATE;
use tests::costs::{ALARMS, ALARMS_OF_A_MIRROR, PRICE_CLASS, PUBLISH, Prices, markdown};
use tests::faults::Late;
use tests::program::workspace;
use tests::{ChartArchive, Chartdrop};

#[tokio::test]
async fn a_publish_makes_the_requests_that_the_bill_counts() {
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
    // The test uploads without HTTP, so that request is not counted.
    let told = PUBLISH.iter().filter(|(by, _, _)| *by != "the releaser");
    let told = told.map(|(by, operation, count)| (((*by).to_owned(), (*operation).to_owned()), *count));
    assert_eq!(counted, told.collect(), "tests/src/costs.rs, PUBLISH");
}

/// S3 sends notifications within seconds, not immediately as `local` does. By then, the burst has
/// continued, and the events of all index writes but the last find a newer index.
#[tokio::test]
async fn a_burst_of_a_hundred_charts_needs_only_a_few_invalidations() {
    let chartdrop = Chartdrop::with_faults(Late("index.yaml", Duration::from_secs(3))).await;
    for number in 0..100 {
        chartdrop.upload(&ChartArchive::new("demo", &format!("0.{number}.0")));
    }
    chartdrop.settled().await;
    assert_eq!(chartdrop.versions("demo").len(), 100);
    let invalidations = chartdrop.system.invalidations().len();
    assert!((1..=5).contains(&invalidations), "{invalidations} invalidations");
}

#[test]
fn the_bill_counts_the_alarms_of_the_template() {
    let alarms = TEMPLATE.matches("Type: AWS::CloudWatch::Alarm\n").count();
    assert_eq!(u32::try_from(alarms), Ok(ALARMS + ALARMS_OF_A_MIRROR));
    let of_a_mirror = TEMPLATE
        .matches("Type: AWS::CloudWatch::Alarm\n    Condition: Mirrors\n")
        .count();
    assert_eq!(u32::try_from(of_a_mirror), Ok(ALARMS_OF_A_MIRROR));
}

/// The edges of other price classes cost up to twice as much per byte.
#[test]
fn the_bill_prices_the_edges_that_the_template_has() {
    let template: serde_yaml::Value = serde_yaml::from_str(TEMPLATE).expect("YAML");
    assert_eq!(template["Parameters"]["PriceClass"]["Default"], PRICE_CLASS);
    let page = std::fs::read_to_string(workspace().join("docs/costs.md")).expect("a page");
    for class in ["PriceClass_100", "PriceClass_200", "PriceClass_All"] {
        assert!(page.contains(class), "docs/costs.md does not say what {class} costs");
    }
}

/// A verification makes one request for each archive, and lists the archives twice and their
/// receipts once.
#[tokio::test]
async fn a_verification_makes_the_requests_that_the_bill_counts() {
    let chartdrop = Chartdrop::start().await;
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        chartdrop.publish(&ChartArchive::new("demo", version)).await;
    }
    let before = chartdrop.system.s3_requests().len();
    chartdrop.run(&serde_json::json!({"command": "verify-all"})).await;
    let requests: Vec<String> = chartdrop
        .system
        .s3_requests()
        .into_iter()
        .skip(before)
        .map(|request| request.operation)
        .collect();
    let lists = requests
        .iter()
        .filter(|operation| *operation == "ListObjectsV2")
        .count();
    assert_eq!((lists, requests.len() - lists), (3, 4), "{requests:?}");
}

#[test]
fn the_page_has_the_tables_that_follow_from_the_prices() {
    let read = |page: &str| std::fs::read_to_string(workspace().join("docs").join(page)).expect("a page");
    let tables = markdown(&Prices::read(&read("prices.json")));
    assert!(
        read("costs.md").contains(&tables),
        "docs/costs.md is not what `cargo run -p tests --bin costs` prints:\n{tables}"
    );
}
