//! Each function has exactly the permissions that it needs: compares the policies in
//! `template.yaml` with the requests of all flows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use local::Options;
use local::aws::iam::TEMPLATE;
use local::faults::{Delivery, Faults, RequestSeen, S3Fault, When};
use serde_json::json;
use serde_yaml::Value;
use tests::faults::OnRequest;
use tests::keys::Key;
use tests::registry::Registry;
use tests::{ChartArchive, Chartdrop, events};

/// Runs everything that the functions can do, so that every kind of request is made. Add a line for
/// a new flow.
///
/// The flows assert nothing, because they also run with incomplete policies, where the test checks
/// only which request was denied.
async fn all_flows(chartdrop: &Chartdrop) {
    first_and_later_publish(chartdrop).await;
    lost_race(chartdrop).await;
    rejection(chartdrop).await;
    rejection_unread(chartdrop).await;
    receipt_race(chartdrop).await;
    sweep(chartdrop).await;
    lost_index(chartdrop).await;
    index_gone_before_its_event(chartdrop).await;
    damaged_archive(chartdrop).await;
    unpublish(chartdrop).await;
    for command in ["verify", "reindex"] {
        run(chartdrop, json!({"command": command, "repository": ""})).await;
    }
}

async fn first_and_later_publish(chartdrop: &Chartdrop) {
    for version in ["1.0.0", "1.1.0"] {
        upload(chartdrop, "", version).await;
    }
}

/// Another publisher seems to have been faster: see [`World`].
async fn lost_race(chartdrop: &Chartdrop) {
    upload(chartdrop, "raced/", "1.0.0").await;
}

async fn rejection(chartdrop: &Chartdrop) {
    chartdrop.put("staging/bad-1.0.0.tgz", "no chart");
    done(chartdrop).await;
}

/// The folder name is not valid for a repository, so the upload is rejected without being read.
async fn rejection_unread(chartdrop: &Chartdrop) {
    chartdrop.put(
        "staging/team a/demo-1.0.0.tgz",
        ChartArchive::new("demo", "1.0.0").bytes(),
    );
    done(chartdrop).await;
}

/// A receipt with this name already exists.
async fn receipt_race(chartdrop: &Chartdrop) {
    upload(chartdrop, "", "1.0.0").await;
}

/// The event of this upload is lost: see [`World`].
async fn sweep(chartdrop: &Chartdrop) {
    upload(chartdrop, "swept/", "1.0.0").await;
    run(chartdrop, json!({"command": "sweep"})).await;
}

async fn lost_index(chartdrop: &Chartdrop) {
    upload(chartdrop, "lost/", "1.0.0").await;
    chartdrop
        .system
        .store()
        .delete("charts/lost/index.yaml")
        .expect("deleted");
    upload(chartdrop, "lost/", "1.1.0").await;
}

/// Twice, so that the second repair note finds the first one.
async fn damaged_archive(chartdrop: &Chartdrop) {
    upload(chartdrop, "damaged/", "1.0.0").await;
    for _ in 0..2 {
        chartdrop.put("charts/damaged/demo-1.0.0.tgz", "other bytes");
        tests::system::next_second().await;
        upload(chartdrop, "damaged/", "1.0.0").await;
    }
}

async fn index_gone_before_its_event(chartdrop: &Chartdrop) {
    let event = events::s3_put(chartdrop.system.bucket_name(), &["charts/gone/index.yaml"]);
    let _ = chartdrop.invoke("invalidate-cdn", &event).await;
}

/// The archive has a provenance file.
async fn unpublish(chartdrop: &Chartdrop) {
    chartdrop.put("charts/demo-1.1.0.tgz.prov", "provenance");
    let command = json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.1.0"});
    run(chartdrop, command).await;
}

async fn run(chartdrop: &Chartdrop, command: serde_json::Value) {
    let _ = chartdrop.invoke("publish-chart", &command).await;
    done(chartdrop).await;
}

async fn upload(chartdrop: &Chartdrop, folder: &str, version: &str) {
    chartdrop.upload_to(folder, &ChartArchive::new("demo", version));
    done(chartdrop).await;
}

async fn done(chartdrop: &Chartdrop) {
    chartdrop.system.settled().await;
}

/// The faults that the flows need.
struct World(OnRequest);

impl World {
    fn new() -> Self {
        let lost = S3Fault::Fail(When::Before, 412, "PreconditionFailed");
        World(OnRequest::new("PutObject", "charts/raced/index.yaml", [lost]))
    }
}

impl Faults for World {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        self.0.s3(request)
    }

    fn delivery(&self, _: &str, payload: &[u8]) -> Delivery {
        let text = String::from_utf8_lossy(payload);
        Delivery::Times(usize::from(!text.contains("staging/swept/")))
    }
}

async fn start(template: String, registry: &Registry) -> Chartdrop {
    let mirror = format!("oci://{}", registry.host());
    Chartdrop::with(Options {
        template,
        faults: Arc::new(World::new()),
        retry_delays: Vec::new(),
        // With these settings, the secret is read, and published charts are noted for the mirror.
        settings: BTreeMap::from([
            ("PROVENANCE".to_owned(), "sign".to_owned()),
            ("OCI_MIRROR".to_owned(), mirror),
        ]),
        secret: Some(Key::new().secret_to_sign()),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn each_function_has_exactly_the_permissions_that_it_needs() {
    let registry = Registry::start().await;
    let chartdrop = start(TEMPLATE.to_owned(), &registry).await;
    all_flows(&chartdrop).await;
    chartdrop.settled().await;
    let denied = chartdrop.system.denied_requests();
    assert!(denied.is_empty(), "template.yaml lacks permissions: {denied:#?}");
    let unneeded = chartdrop.system.unneeded_permissions();
    assert!(
        unneeded.is_empty(),
        "no flow needs these permissions of template.yaml: {unneeded:#?}"
    );
}

/// Tests the test above: without any one permission, a flow is denied exactly that.
#[tokio::test]
async fn without_any_one_permission_a_request_is_denied() {
    let registry = Registry::start().await;
    for (function, statement, action) in permissions() {
        let chartdrop = start(without(&function, &statement, &action), &registry).await;
        all_flows(&chartdrop).await;
        let denied = chartdrop.system.denied_requests();
        assert!(!denied.is_empty(), "{function} does not miss {action} of {statement}");
        for denied in denied {
            assert!(
                denied.function == function && denied.action == action,
                "{statement}: {denied}"
            );
        }
    }
}

/// Promise 2: only a definite "no such key" means missing.
#[tokio::test]
async fn without_the_permission_to_list_nothing_is_published() {
    let template = without("publish-chart", "TellMissingFromDenied", "s3:ListBucket");
    let registry = Registry::start().await;
    let chartdrop = start(template, &registry).await;
    let upload = chartdrop.upload(&ChartArchive::new("demo", "1.0.0"));
    chartdrop.system.settled().await;
    assert_eq!(chartdrop.keys(""), [upload], "no index is made where one may be");
    let dead = chartdrop.system.dead_letters();
    let said = format!("{:?}", dead.first().expect("a failed event"));
    assert!(said.contains("s3:ListBucket"), "{said}");
}

/// Every permission in the template, as function, statement and action.
fn permissions() -> BTreeSet<(String, String, String)> {
    let mut all = BTreeSet::new();
    edit(&mut |function, statement, actions| {
        let actions = actions
            .iter()
            .map(|action| (function.to_owned(), statement.to_owned(), action.clone()));
        all.extend(actions);
    });
    all
}

/// The template without one action in one statement.
fn without(function: &str, statement: &str, action: &str) -> String {
    let mut taken = 0;
    let template = edit(&mut |in_function, in_statement, actions| {
        if (in_function, in_statement) == (function, statement) {
            let before = actions.len();
            actions.retain(|other| other != action);
            taken += before - actions.len();
        }
    });
    assert_eq!(taken, 1, "{function} has {action} in {statement}");
    template
}

/// The template, after `change` has edited the actions of each statement of each function.
fn edit(change: &mut dyn FnMut(&str, &str, &mut Vec<String>)) -> String {
    let mut template: Value = serde_yaml::from_str(TEMPLATE).expect("YAML");
    let resources = template["Resources"].as_mapping_mut().expect("resources");
    let functions = resources
        .values_mut()
        .filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    for function in functions {
        let name = function["Metadata"]["BuildProperties"]["Binary"]
            .as_str()
            .expect("a binary")
            .to_owned();
        let policies = function["Properties"]["Policies"].as_sequence_mut().expect("policies");
        let statements = policies
            .iter_mut()
            .flat_map(|policy| policy["Statement"].as_sequence_mut().expect("statements"));
        for statement in statements.map(brought_in) {
            let sid = statement["Sid"].as_str().expect("a Sid").to_owned();
            let mut actions: Vec<String> = match &statement["Action"] {
                Value::String(one) => vec![one.clone()],
                many => serde_yaml::from_value(many.clone()).expect("actions"),
            };
            change(&name, &sid, &mut actions);
            statement["Action"] = actions.into();
        }
    }
    serde_yaml::to_string(&template).expect("YAML")
}

/// The statement inside an `!If`.
fn brought_in(statement: &mut Value) -> &mut Value {
    match statement {
        Value::Tagged(tagged) => &mut tagged.value[1],
        plain => plain,
    }
}
