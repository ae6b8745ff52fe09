//! Names derived from the stack's name fit AWS's limits, and a stack with a name that is too long
//! fails before anything slow is created.

use serde_yaml::Value;

use crate::template::deployment::matches;
use crate::template::text::{names, resources, template};

/// Regions with the shortest and the longest names.
const REGIONS: [&str; 3] = ["us-east-1", "ap-southeast-1", "eusc-de-east-1"];
/// Each named resource, the path of its name, and the longest name that AWS accepts.
const LIMITS: [(&str, &[&str], usize); 8] = [
    ("AWS::S3::Bucket", &["BucketName"], 63),
    ("AWS::CloudFront::Function", &["Name"], 64),
    (
        "AWS::CloudFront::OriginAccessControl",
        &["OriginAccessControlConfig", "Name"],
        64,
    ),
    ("AWS::CloudFront::CachePolicy", &["CachePolicyConfig", "Name"], 128),
    (
        "AWS::CloudFront::ResponseHeadersPolicy",
        &["ResponseHeadersPolicyConfig", "Name"],
        128,
    ),
    ("AWS::CloudWatch::Dashboard", &["DashboardName"], 255),
    ("AWS::Logs::LogGroup", &["LogGroupName"], 512),
    ("AWS::Logs::QueryDefinition", &["Name"], 255),
];

fn written_out(name: &Value, stack: &str, region: &str) -> Option<String> {
    let Value::Tagged(sub) = name else { return None };
    let text = sub.value.as_str().expect("text");
    let text = text
        .replace("${AWS::StackName}", stack)
        .replace("${AWS::Region}", region);
    Some(text.replace("${AWS::AccountId}", "123456789012"))
}

/// Whether the first resource of a deployment succeeds.
fn begins(stack: &str, region: &str) -> bool {
    let properties = &resources("AWS::SSM::Parameter")["BucketNameFits"]["Properties"];
    let value = written_out(&properties["Value"], stack, region).expect("a name");
    matches(properties["AllowedPattern"].as_str().expect("a pattern"), &value)
}

#[test]
fn a_stack_whose_name_is_too_long_or_not_lower_case_fails_first() {
    for region in REGIONS {
        let longest = 63 - "-123456789012-".len() - region.len();
        assert!(begins(&"s".repeat(longest), region), "{longest} characters in {region}");
        assert!(
            !begins(&"s".repeat(longest + 1), region),
            "{} characters in {region}",
            longest + 1
        );
    }
    assert!(begins("chartdrop-staging", "us-east-1"));
    assert!(!begins("Chartdrop", "us-east-1"), "no bucket has capitals");
}

#[test]
fn every_name_derived_from_the_stacks_name_fits() {
    for region in REGIONS {
        let stack = "s".repeat(63 - "-123456789012-".len() - region.len());
        for (of_type, path, limit) in LIMITS {
            for (resource, value) in resources(of_type) {
                let name = path.iter().fold(&value["Properties"], |value, field| &value[*field]);
                if let Some(name) = written_out(name, &stack, region) {
                    assert!(name.len() <= limit, "{resource}: {name} has {} characters", name.len());
                }
            }
        }
    }
    // The list of resources is complete.
    let all = template()["Resources"].as_mapping().expect("resources").clone();
    for (name, resource) in &all {
        let properties = resource["Properties"].as_mapping().cloned().unwrap_or_default();
        for (property, value) in properties {
            let property = property.as_str().unwrap_or_default();
            if !property.ends_with("Name") || !names(&value).iter().any(|name| name == "AWS::StackName") {
                continue;
            }
            let of_type = resource["Type"].as_str().expect("a type");
            assert!(
                LIMITS.iter().any(|(limited, ..)| *limited == of_type),
                "{name:?}: {property}"
            );
        }
    }
}

/// A distribution takes ten minutes, and a certificate waits for DNS.
#[test]
fn slow_resources_wait_for_the_check_of_the_name() {
    for slow in ["AWS::CloudFront::Distribution", "AWS::CertificateManager::Certificate"] {
        for (name, resource) in resources(slow) {
            assert_eq!(resource["DependsOn"], "BucketNameFits", "{name}");
        }
    }
}
