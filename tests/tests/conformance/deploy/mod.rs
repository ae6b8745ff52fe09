//! Builds the whole stack of `template.yaml` with the real SAM CLI, deploys it to MiniStack and
//! uses it. S3's events, the schedule, the queues and CloudFront's API are MiniStack's, and the
//! functions run from the uploaded zips.
//!
//! docs/deploy.md lists the resources that MiniStack does not support, and what checks those
//! instead.

mod sam;
mod stack;

use std::collections::BTreeMap;

use local::{Options, System};
use serde_json::{Value, json};
use tests::ChartArchive;

use crate::helm;
use stack::Stack;

/// The parameters of the deployment. URLs are relative, so that Helm finds the archives at the
/// address of this test.
const PARAMETERS: [&str; 3] = [
    "UrlStyle=relative",
    // The emulator supports the role, but not the provider.
    "GitHubSubject=repo:kube9/kube9-operator:environment:release",
    "GitHubOidcProviderArn=arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_template_can_be_built_deployed_used_and_updated_without_aws() {
    let mut stack = Stack::deploy(sam::build().await, &PARAMETERS).await;
    a_chart_that_is_copied_into_staging_is_published_and_the_edge_forgets_the_index(&stack).await;
    a_rejected_one_ends_with_its_receipt(&stack).await;
    a_failing_one_ends_in_the_queue_and_stays_in_staging(&stack).await;
    the_schedule_publishes_what_waits_once_the_cause_is_fixed(&stack).await;
    an_update_of_the_stack_keeps_the_repository(&mut stack).await;
    what_is_unpublished_is_forgotten_by_the_edge(&stack).await;
    a_domain_gets_its_certificate_and_its_records(&mut stack).await;
    both_helms_read_what_lies_in_the_bucket(&stack).await;
}

fn demo(version: &str) -> ChartArchive {
    ChartArchive::new("demo", version)
}

async fn a_chart_that_is_copied_into_staging_is_published_and_the_edge_forgets_the_index(stack: &Stack) {
    for (folder, version) in [("", "1.0.0"), ("team-a/", "2.0.0+build.7")] {
        stack.upload(folder, &demo(version)).await;
        let receipt = stack.receipt(folder, &demo(version)).await;
        assert_eq!(receipt["outcome"], "published", "{receipt}");
        let archive = format!("charts/{folder}{}", demo(version).file_name());
        assert_eq!(stack.object(&archive).await, Some(demo(version).bytes()));
        let path = format!("/{folder}index.yaml");
        stack
            .until(&format!("{path} is invalidated"), async || {
                stack.invalidated().await.contains(&vec![path.clone()])
            })
            .await;
    }
}

async fn a_rejected_one_ends_with_its_receipt(stack: &Stack) {
    stack.copy("staging/bad-1.0.0.tgz", b"no chart").await;
    let receipt = stack.receipt("", &ChartArchive::new("bad", "1.0.0")).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["reasonCode"]),
        (&json!("rejected"), &json!("not-gzip"))
    );
    assert_eq!(stack.keys("rejected/").await, ["rejected/bad-1.0.0.tgz"]);
}

/// The index of this folder cannot be read, so that all three attempts fail.
async fn a_failing_one_ends_in_the_queue_and_stays_in_staging(stack: &Stack) {
    stack.copy("charts/broken/index.yaml", b"entries: [").await;
    stack.upload("broken/", &demo("1.0.0")).await;
    stack
        .until("the event is in the on-failure queue", async || {
            stack.message("PublishFailuresUrl").await.is_some()
        })
        .await;
    let message = stack.message("PublishFailuresUrl").await.expect("it was there");
    assert_eq!(
        message["requestPayload"]["Records"][0]["s3"]["object"]["key"],
        "staging/broken/demo-1.0.0.tgz"
    );
    let said = message["responsePayload"]["errorMessage"].as_str().unwrap_or_default();
    assert!(
        said.contains("charts/broken/index.yaml") && said.contains("reindex"),
        "{message}"
    );
    assert_eq!(stack.keys("staging/").await, ["staging/broken/demo-1.0.0.tgz"]);
}

async fn the_schedule_publishes_what_waits_once_the_cause_is_fixed(stack: &Stack) {
    stack.remove("charts/broken/index.yaml").await;
    every_minute(stack).await;
    let receipt = stack.receipt("broken/", &demo("1.0.0")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
}

/// Changes the schedule to every minute, to avoid waiting for five; everything else stays as
/// deployed.
async fn every_minute(stack: &Stack) {
    let schedules = stack.aws(&["scheduler", "list-schedules"]).await;
    let names = schedules["Schedules"].as_array().expect("schedules").iter();
    let mut names = names.filter_map(|schedule| schedule["Name"].as_str());
    let name = names
        .find(|name| name.contains("PublishChartSweep"))
        .expect("the schedule that sweeps");
    let schedule = stack.aws(&["scheduler", "get-schedule", "--name", name]).await;
    assert_eq!(schedule["ScheduleExpression"], "rate(5 minutes)");
    assert_eq!(schedule["Target"]["Input"], "{\"command\":\"sweep\"}");
    stack
        .aws(&[
            "scheduler",
            "update-schedule",
            "--name",
            name,
            "--schedule-expression",
            "rate(1 minutes)",
            "--target",
            &schedule["Target"].to_string(),
            "--flexible-time-window",
            &schedule["FlexibleTimeWindow"].to_string(),
        ])
        .await;
}

async fn an_update_of_the_stack_keeps_the_repository(stack: &mut Stack) {
    let (bucket, distribution) = (
        stack.output("BucketName").to_owned(),
        stack.output("DistributionId").to_owned(),
    );
    let mut before = BTreeMap::new();
    for key in stack.keys("charts/").await {
        let bytes = stack.object(&key).await;
        before.insert(key, bytes);
    }
    stack
        .update(&[&PARAMETERS[..], &["IndexMaxAge=60", "LogRetentionDays=7"]].concat())
        .await;
    assert_eq!(
        (stack.output("BucketName"), stack.output("DistributionId")),
        (&*bucket, &*distribution)
    );
    for (key, bytes) in before {
        assert_eq!(stack.object(&key).await, bytes, "{key}");
    }
    stack.upload("", &demo("1.1.0")).await;
    let receipt = stack.receipt("", &demo("1.1.0")).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    let index = [
        "s3api",
        "head-object",
        "--bucket",
        &bucket,
        "--key",
        "charts/index.yaml",
    ];
    assert_eq!(stack.aws(&index).await["CacheControl"], "public, max-age=60");
}

async fn what_is_unpublished_is_forgotten_by_the_edge(stack: &Stack) {
    let command = json!({"command": "unpublish", "repository": "team-a", "chart": "demo", "version": "2.0.0+build.7"});
    let command = command.to_string();
    let function = stack.output("PublishFunctionName").to_owned();
    let invoke = ["lambda", "invoke", "--function-name", &function];
    let answer = [&invoke[..], &["--payload", &command, "/dev/null"]].concat();
    let answer = stack.aws(&answer).await;
    assert_eq!(answer["FunctionError"], Value::Null, "{answer}");
    stack
        .until("the removed archive is invalidated", async || {
            stack.invalidated().await.contains(
                &["/team-a/demo-2.0.0%2Bbuild.7.tgz", "/team-a/demo-2.0.0+build.7.tgz"]
                    .map(str::to_owned)
                    .to_vec(),
            )
        })
        .await;
    assert_eq!(stack.keys("charts/team-a/").await, ["charts/team-a/index.yaml"]);
}

/// Updates the stack with the parameters for a domain.
async fn a_domain_gets_its_certificate_and_its_records(stack: &mut Stack) {
    let zone = ["--name", "example.com", "--caller-reference", "charts"];
    let zone = stack
        .aws(&[&["route53", "create-hosted-zone"], &zone[..]].concat())
        .await;
    let zone = zone["HostedZone"]["Id"]
        .as_str()
        .expect("an ID")
        .trim_start_matches("/hostedzone/")
        .to_owned();
    let named = [
        "DomainName=charts.example.com",
        &format!("HostedZoneId={zone}"),
        "AlarmEmail=ops@example.com",
        "ReservedConcurrency=5",
        "Tracing=Active",
        "CreateSecret=true",
        "AccessLogs=false",
    ];
    stack.update(&[&PARAMETERS[..], &named].concat()).await;
    assert_eq!(stack.output("RepositoryUrl"), "https://charts.example.com");
    assert_eq!(
        stack.output("HelmRepoAdd"),
        "helm repo add charts https://charts.example.com"
    );
    let records = stack
        .aws(&["route53", "list-resource-record-sets", "--hosted-zone-id", &zone])
        .await;
    for kind in ["A", "AAAA"] {
        let records = records["ResourceRecordSets"].as_array().expect("records").iter();
        let mut ours = records.filter(|record| record["Name"] == "charts.example.com." && record["Type"] == kind);
        let target = ours.next().and_then(|record| record["AliasTarget"]["DNSName"].as_str());
        let target = target.unwrap_or_else(|| panic!("no {kind}")).trim_end_matches('.');
        assert_eq!(target, stack.output("DistributionDomain"), "{kind}");
    }
}

/// Serves the bucket through the edge of `local`, because MiniStack serves nothing under
/// CloudFront's names.
async fn both_helms_read_what_lies_in_the_bucket(stack: &Stack) {
    let edge = System::start(Options {
        notifications: false,
        ..Options::default()
    })
    .await;
    let edge = edge.expect("the local system starts");
    for key in stack.keys("charts/").await {
        let bytes = stack.object(&key).await.expect("it is listed");
        edge.store()
            .put(&key, bytes, BTreeMap::new())
            .expect("the bucket accepts every write");
    }
    for helm in helm::both() {
        helm.run(["repo", "add", "deployed", &edge.edge_url()]).await;
        let found = helm
            .json(["search", "repo", "deployed/demo", "--versions", "--output", "json"])
            .await;
        let versions: Vec<&Value> = found
            .as_array()
            .expect("charts")
            .iter()
            .map(|chart| &chart["version"])
            .collect();
        assert_eq!(versions, ["1.1.0", "1.0.0"], "{}", helm.label);
        let folder = helm.folder("pulled");
        let into = folder.to_str().expect("text");
        helm.run(["pull", "deployed/demo", "--version", "1.0.0", "--destination", into])
            .await;
        let pulled = std::fs::read(folder.join(demo("1.0.0").file_name())).expect("an archive");
        assert_eq!(pulled, demo("1.0.0").bytes(), "{}", helm.label);
    }
}
