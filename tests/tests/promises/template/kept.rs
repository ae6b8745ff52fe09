//! What stays when a stack goes, or when a parameter is switched off for a while, and how it is
//! used again.

use serde_yaml::Value;

use crate::template::deployment::{Deployment, accepts};
use crate::template::text::{names, resources, template};

/// What cannot be made again: charts, keys, logs, and the trust that others have in the account's
/// provider.
const IRREPLACEABLE: [&str; 4] = [
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::IAM::OIDCProvider",
    "AWS::KMS::Key",
];

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:Secret-yTXUjVZbqN3f-AbCdEf";

#[test]
fn what_cannot_be_made_again_stays_when_the_stack_goes() {
    let mut kept = Vec::new();
    for (name, resource) in IRREPLACEABLE.into_iter().flat_map(resources) {
        // The one exception is a stack that never came to be: what it made is empty, and would be
        // in the way of the next try.
        assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        kept.push(name);
    }
    for name in ["ChartBucket", "LogBucket", "Secret", "GitHub"] {
        assert!(kept.iter().any(|kept| kept == name), "{name}");
    }
}

/// What stays would be in the way of another of its name.
#[test]
fn what_stays_has_a_name_of_its_own_or_a_parameter_that_uses_it_again() {
    for of_type in IRREPLACEABLE {
        for (name, resource) in resources(of_type) {
            let named = ["BucketName", "Name"].map(|property| &resource["Properties"][property]);
            let named = named.iter().any(|name| !name.is_null()) || of_type == "AWS::IAM::OIDCProvider";
            // The provider has GitHubOidcProviderArn; the bucket's name is the stack's, so the next
            // stack has another.
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

/// The secret that an earlier stack left is used instead of a new one, which would be empty.
#[test]
fn a_secret_that_exists_is_used_again() {
    assert!(accepts("SecretArn", SECRET) && accepts("SecretArn", ""));
    // The six characters at the end are part of what a policy has to name.
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
        // Keys are needed, and there are some.
        assert_eq!(
            deployment.broken_rules().is_empty(),
            reads.is_some(),
            "{create} {given}"
        );
    }
}

/// Somebody who tears a stack down has to know what stays, what it costs, and how it goes.
#[test]
fn the_docs_name_what_stays() {
    let page = std::fs::read_to_string(tests::program::workspace().join("docs/operations.md")).expect("a page");
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
