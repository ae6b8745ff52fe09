//! The outputs name existing resources, and the docs name existing outputs and parameters.

use std::collections::BTreeSet;

use serde_yaml::Value;
use tests::program::workspace;

use crate::template::deployment::Deployment;
use crate::template::text::{names, template};

fn keys(section: &str) -> BTreeSet<String> {
    let template = template();
    let keys = template[section].as_mapping().expect("a mapping").keys();
    keys.map(|key| key.as_str().expect("text").to_owned()).collect()
}

/// The parameters that switch something on, each with a value that does. It is off by default.
const SWITCHES: [(&str, &str); 5] = [
    ("CreateSecret", "true"),
    (
        "SecretArn",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:Secret-AbCdEf",
    ),
    ("GitHubSubject", "repo:alto9/kube9-operator:environment:release"),
    (
        "GitHubOidcProviderArn",
        "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
    ),
    ("DomainName", "charts.example.com"),
];

#[test]
fn each_existing_output_names_existing_resources() {
    let (resources, parameters) = (keys("Resources"), keys("Parameters"));
    let mut seen = BTreeSet::new();
    for on in 0..1_u32 << SWITCHES.len() {
        let given: Vec<_> = (0..SWITCHES.len())
            .filter(|switch| on & (1 << switch) != 0)
            .map(|switch| SWITCHES[switch])
            .collect();
        let deployment = Deployment::with(&given);
        for (output, value) in deployment.outputs() {
            for name in names(&value) {
                let (resource, _) = name.split_once('.').unwrap_or((&name, ""));
                if resource.starts_with("AWS::") || parameters.contains(resource) {
                    continue;
                }
                assert!(resources.contains(resource), "{output} names {resource}");
                assert!(
                    deployment.makes(resource),
                    "{output} is there without {resource}: {given:?}"
                );
            }
            seen.insert(output);
        }
    }
    assert_eq!(seen, keys("Outputs"), "an output that none of SWITCHES brings");
}

#[test]
fn the_outputs_have_every_value_that_the_docs_need() {
    let outputs = keys("Outputs");
    for promised in [
        "RepositoryUrl",
        "BucketName",
        "DistributionId",
        "ReleaseRoleArn",
        "DashboardUrl",
        "HelmRepoAdd",
    ] {
        assert!(outputs.contains(promised), "{promised}");
    }
    let docs = std::fs::read_dir(workspace().join("docs")).expect("a folder");
    for page in docs.map(|page| page.expect("a page").path()) {
        let text = std::fs::read_to_string(&page).expect("a page");
        let page = page.display();
        for named in text.split("$(out ").skip(1) {
            let named = named.split(')').next().unwrap_or_default();
            assert!(outputs.contains(named), "{page} names the output {named}");
        }
    }
}

/// `sam deploy` has to work without any parameter.
#[test]
fn every_parameter_has_a_default_and_a_description() {
    for (name, parameter) in template()["Parameters"].as_mapping().expect("parameters") {
        assert!(!parameter["Default"].is_null(), "{name:?}");
        assert!(parameter["Description"].is_string(), "{name:?}");
    }
}

/// The runbook of each alarm has its name as heading.
#[test]
fn each_alarm_describes_what_to_do_and_has_a_runbook() {
    let page = std::fs::read_to_string(workspace().join("docs/runbook.md")).expect("a page");
    let template = template();
    let resources = template["Resources"].as_mapping().expect("resources");
    let alarms = resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    for (name, alarm) in alarms {
        let name = name.as_str().expect("text");
        let description = alarm["Properties"]["AlarmDescription"].as_str().unwrap_or_default();
        // CloudWatch accepts at most 1,024 characters.
        assert!((80..=1024).contains(&description.len()), "{name}: {description}");
        assert!(
            page.contains(&format!("### {name}\n")),
            "docs/runbook.md has no section for {name}"
        );
        assert_ne!(alarm["Properties"]["AlarmActions"], Value::Null, "{name} has no action");
    }
}

/// The diagram in the docs, and the table below it, show exactly what is deployed.
#[test]
fn the_diagram_names_every_resource_of_the_template() {
    let page = std::fs::read_to_string(workspace().join("docs/deploy.md")).expect("a page");
    let section = page
        .split("\n## ")
        .find(|section| section.starts_with("What is deployed"));
    let section = section.expect("a section with the diagram");
    let words: BTreeSet<&str> = section.split(|char: char| !char.is_ascii_alphanumeric()).collect();
    let missing: Vec<String> = keys("Resources")
        .into_iter()
        .filter(|name| !words.contains(name.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/deploy.md, \"What is deployed\", does not show {missing:?}"
    );
    let diagram = section.split("```").nth(1).expect("a diagram");
    let invented: Vec<&str> = diagram
        .split(|char: char| !char.is_ascii_alphanumeric())
        // Words that look like the name of a resource.
        .filter(|word| word.chars().skip(1).any(char::is_uppercase) && word.starts_with(char::is_uppercase))
        .filter(|word| word.chars().any(char::is_lowercase) && !keys("Resources").contains(*word))
        .collect();
    assert!(
        invented.is_empty(),
        "the diagram shows {invented:?}, which template.yaml does not have"
    );
}
