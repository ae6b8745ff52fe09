//! Resources that are kept when a stack is deleted or a parameter is switched off, and how they are
//! used again.

use serde_yaml::Value;

use crate::template::deployment::{Deployment, accepts};
use crate::template::text::{names, resources, template};

/// Resources that cannot be created again: charts, keys, logs, and the account's identity provider,
/// which others may use.
const IRREPLACEABLE: [&str; 4] = [
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::IAM::OIDCProvider",
    "AWS::KMS::Key",
];

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:Secret-yTXUjVZbqN3f-AbCdEf";

#[test]
fn irreplaceable_resources_are_kept_when_the_stack_is_deleted() {
    let mut kept = Vec::new();
    for (name, resource) in IRREPLACEABLE.into_iter().flat_map(resources) {
        // The exception is a stack whose creation failed: its resources are empty, and would block
        // the next attempt.
        assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        kept.push(name);
    }
    for name in ["ChartBucket", "LogBucket", "Secret", "GitHub"] {
        assert!(kept.iter().any(|kept| kept == name), "{name}");
    }
}

/// A kept resource would conflict with a new one of the same name.
#[test]
fn a_kept_resource_has_a_unique_name_or_a_parameter_to_use_it_again() {
    for of_type in IRREPLACEABLE {
        for (name, resource) in resources(of_type) {
            let named = ["BucketName", "Name"].map(|property| &resource["Properties"][property]);
            let named = named.iter().any(|name| !name.is_null()) || of_type == "AWS::IAM::OIDCProvider";
            // The provider is used again with GitHubOidcProviderArn. The bucket is named after its
            // stack, so the next stack has another one.
            let answered = ["GitHub", "ChartBucket"].contains(&name.as_str());
            assert!(!named || answered, "{name} would be in the way of the next one");
        }
    }
    let given = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
    let again = Deployment::with(&[
        ("GitHubSubject", "repo:alto9/kube9-operator:environment:release"),
        ("GitHubOidcProviderArn", given),
    ]);
    assert!(again.makes("ReleaseRole") && !again.makes("GitHub"));
}

/// The secret of an earlier stack is used instead of a new one, which would be empty.
#[test]
fn an_existing_secret_can_be_used_again() {
    assert!(accepts("SecretArn", SECRET) && accepts("SecretArn", ""));
    // A policy needs the ARN with the six characters at its end.
    assert!(!accepts(
        "SecretArn",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:Secret"
    ));
    let secret_id = |deployment: &Deployment| {
        let variables = deployment.properties("PublishChart")["Environment"]["Variables"].clone();
        names(&variables["SECRET_ID"])
    };
    for (create, given, makes, reads) in [
        ("false", "", false, None),
        ("true", "", true, Some("Secret")),
        ("false", SECRET, false, Some("SecretArn")),
        ("true", SECRET, false, Some("SecretArn")),
    ] {
        let deployment = Deployment::with(&[("CreateSecret", create), ("SecretArn", given), ("Provenance", "sign")]);
        assert_eq!(deployment.makes("Secret"), makes, "{create} {given}");
        assert_eq!(secret_id(&deployment), Vec::from_iter(reads), "{create} {given}");
        let policies = deployment.properties("PublishChart")["Policies"].clone();
        let statements = policies[0]["Statement"].as_sequence().expect("statements").clone();
        let of_secret = statements.iter().filter(|statement| statement["Sid"] == "ReadSecret");
        let may_read: Vec<String> = of_secret.flat_map(|statement| names(&statement["Resource"])).collect();
        assert_eq!(may_read, Vec::from_iter(reads), "{create} {given}");
        // Keys are required, and the existing secret has them.
        assert_eq!(
            deployment.broken_rules().is_empty(),
            reads.is_some(),
            "{create} {given}"
        );
    }
}

/// An operator who deletes a stack has to know what is kept, what it costs, and how to delete it.
#[test]
fn the_docs_name_every_kept_resource() {
    let page = std::fs::read_to_string(tests::program::workspace().join("docs/deploy.md")).expect("a page");
    let section = page.split("\n## ").find(|section| section.starts_with("Tear down"));
    let section = section.expect("a section");
    let template = template();
    let all = template["Resources"].as_mapping().expect("resources");
    let stays = all.iter().filter(|(_, resource)| !resource["DeletionPolicy"].is_null());
    for (name, _) in stays {
        let Value::String(name) = name else { panic!("{name:?}") };
        assert!(
            section.contains(&format!("`{name}`")),
            "Tear down says nothing of {name}"
        );
    }
}
