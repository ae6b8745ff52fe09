//! Each function may do what it does, and nothing else: the policies in `template.yaml` against
//! what the flows ask for.

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

/// Everything that the functions do, so that every way to a request is gone. A new flow is a new
/// line.
///
/// Flows assert nothing: with a policy that lacks something, what is looked at is which request was
/// denied.
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

/// Another publisher is said to have been faster: see [`World`].
async fn lost_race(chartdrop: &Chartdrop) {
    upload(chartdrop, "raced/", "1.0.0").await;
}

async fn rejection(chartdrop: &Chartdrop) {
    chartdrop.put("staging/bad-1.0.0.tgz", "no chart");
    done(chartdrop).await;
}

/// The folder can be no repository, so the upload is looked at without being read.
async fn rejection_unread(chartdrop: &Chartdrop) {
    chartdrop.put(
        "staging/team a/demo-1.0.0.tgz",
        ChartArchive::new("demo", "1.0.0").bytes(),
    );
    done(chartdrop).await;
}

/// There is a receipt of that name already.
async fn receipt_race(chartdrop: &Chartdrop) {
    upload(chartdrop, "", "1.0.0").await;
}

/// The event of this upload never came: see [`World`].
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

/// Twice: the second note finds the first.
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

/// With a provenance file beside the archive.
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

/// What the flows need to go wrong.
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
        // So that the secret is read, and published charts are noted.
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
async fn the_functions_need_each_permission_that_they_have_and_no_other() {
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

/// The check bites: each permission is taken away once, and each time a flow is denied just that.
#[tokio::test]
async fn a_permission_that_is_taken_away_is_missed() {
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
async fn without_the_permission_to_tell_missing_from_denied_nothing_is_published() {
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

/// Function, statement and action of all that the template allows.
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

/// The template without one action of one statement.
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

/// The template with the actions of each statement of each function as `change` leaves them.
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

/// The statement that `!If` brings in.
fn brought_in(statement: &mut Value) -> &mut Value {
    match statement {
        Value::Tagged(tagged) => &mut tagged.value[1],
        plain => plain,
    }
}
