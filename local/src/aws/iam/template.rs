//! Reads the functions' policies in the text of `template.yaml`, with the names of the stand-ins in
//! place of the resources that a deployment creates.
//!
//! It supports only the CloudFormation functions that the template uses: `!Ref`, `!Sub`, `!GetAtt`
//! and `!If`, in short form. Anything else is an error, so that no part of a policy is left out
//! silently.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::Value;

use super::policy::{Effect, Permission};
use crate::identity::{ACCOUNT, BUCKET, DISTRIBUTION, REGION, bucket_arn, secret_arn};

/// Why the policies in the template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is not YAML, or does not have the expected structure.
    #[error("template.yaml cannot be read: {0}")]
    Yaml(#[from] serde_yaml::Error),
    /// The policy of a function is not a document with statements, or has an unsupported field.
    #[error("template.yaml: `local` cannot check a policy of {function}: {error}")]
    Policy {
        /// The name of the function in the template.
        function: String,
        /// Why.
        error: serde_yaml::Error,
    },
    /// A policy of the bucket or of the release role is missing, or does not have the expected
    /// structure.
    #[error("template.yaml: {0}")]
    Access(String),
    /// A value that is not text, or that uses an unsupported function.
    #[error("template.yaml: `local` cannot resolve {0} to text; it supports !Ref, !Sub, !GetAtt and !If")]
    Unresolved(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Template {
    #[serde(default)]
    parameters: BTreeMap<String, Parameter>,
    pub(super) resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    default: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Resource {
    pub(super) r#type: String,
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    pub(super) properties: Value,
}

/// A policy document. Unknown fields such as `Condition` or `NotAction` are errors, because they
/// would change what a statement means.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "Version")]
    _version: String,
    #[serde(deserialize_with = "statements")]
    pub(super) statement: Vec<Statement>,
}

/// The statements, including those that depend on a parameter: `!If [CONDITION, STATEMENT, !Ref
/// AWS::NoValue]`.
fn statements<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Statement>, D::Error> {
    let all = Vec::<Value>::deserialize(deserializer)?;
    let statement = |value| serde_yaml::from_value(brought_in(value)).map_err(serde::de::Error::custom);
    all.into_iter().map(statement).collect()
}

fn brought_in(value: Value) -> Value {
    let Value::Tagged(tagged) = &value else { return value };
    let (true, Some([_, statement, Value::Tagged(otherwise)])) =
        (tagged.tag == "If", tagged.value.as_sequence().map(Vec::as_slice))
    else {
        return value;
    };
    if otherwise.tag == "Ref" && otherwise.value == "AWS::NoValue" {
        return statement.clone();
    }
    value
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Statement {
    sid: String,
    effect: Effect,
    action: Value,
    resource: Value,
}

/// The permissions of each function, by the name of its executable.
pub(super) fn policies(text: &str) -> Result<BTreeMap<String, Vec<Permission>>, TemplateError> {
    let template: Template = serde_yaml::from_str(text)?;
    let mut policies = BTreeMap::new();
    for (name, resource) in &template.resources {
        if resource.r#type != "AWS::Serverless::Function" {
            continue;
        }
        let binary = field(&resource.metadata, &["BuildProperties", "Binary"]);
        let binary = template.text(binary)?;
        let mut permissions = Vec::new();
        for policy in each(field(&resource.properties, &["Policies"])) {
            let document: Document = serde_yaml::from_value(policy.clone()).map_err(|error| TemplateError::Policy {
                function: name.clone(),
                error,
            })?;
            for statement in &document.statement {
                template.permissions(statement, &mut permissions)?;
            }
        }
        policies.insert(binary, permissions);
    }
    Ok(policies)
}

pub(super) fn field<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter()
        .fold(value, |value, name| value.get(name).unwrap_or(&Value::Null))
}

/// The items of a list; a single value is one item, an absent one none.
pub(super) fn each(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Sequence(all) => all,
        one => std::slice::from_ref(one),
    }
}

impl Template {
    pub(super) fn permissions(&self, statement: &Statement, into: &mut Vec<Permission>) -> Result<(), TemplateError> {
        for action in each(&statement.action) {
            for resource in each(&statement.resource) {
                into.push(Permission {
                    statement: statement.sid.clone(),
                    effect: statement.effect,
                    action: self.text(action)?,
                    resource: self.text(resource)?,
                });
            }
        }
        Ok(())
    }

    pub(super) fn text(&self, value: &Value) -> Result<String, TemplateError> {
        let unresolved = || TemplateError::Unresolved(format!("{value:?}"));
        match value {
            // A `${…}` in plain text means that someone forgot the !Sub.
            Value::String(text) if !text.contains("${") => Ok(text.clone()),
            Value::Tagged(tagged) => match (tagged.tag.to_string().as_str(), tagged.value.as_str()) {
                ("!Ref" | "!GetAtt", Some(name)) => self.variable(name).ok_or_else(unresolved),
                ("!Sub", Some(text)) => Ok(with_local_bucket(&self.substituted(text)?, &self.bucket_name()?)),
                // The first choice is the resource that the stack creates, as `local` does.
                ("!If", None) => match tagged.value.as_sequence().map(Vec::as_slice) {
                    Some([_, made, _]) => self.text(made),
                    _ => Err(unresolved()),
                },
                _ => Err(unresolved()),
            },
            _ => Err(unresolved()),
        }
    }

    fn substituted(&self, text: &str) -> Result<String, TemplateError> {
        let mut parts = text.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let resolved = part
                .split_once('}')
                .and_then(|(name, rest)| Some((self.variable(name)?, rest)));
            let (value, rest) = resolved.ok_or_else(|| TemplateError::Unresolved(text.to_owned()))?;
            whole.push_str(&value);
            whole.push_str(rest);
        }
        Ok(whole)
    }

    /// The value of a `!Ref`, a `!GetAtt` or a `${…}` with this name.
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "AWS::Partition" => return Some("aws".to_owned()),
            "AWS::Region" => return Some(REGION.to_owned()),
            "AWS::AccountId" => return Some(ACCOUNT.to_owned()),
            "AWS::StackName" => return Some("chartdrop".to_owned()),
            _ => {}
        }
        if let Some(parameter) = self.parameters.get(name) {
            // A default may be a number, but no policy uses one.
            return parameter.default.as_ref()?.as_str().map(str::to_owned);
        }
        let (resource, attribute) = name.split_once('.').unwrap_or((name, ""));
        match (self.resources.get(resource)?.r#type.as_str(), attribute) {
            ("AWS::S3::Bucket", "") if Some(resource) == self.chart_bucket() => Some(BUCKET.to_owned()),
            ("AWS::S3::Bucket", "Arn") if Some(resource) == self.chart_bucket() => Some(bucket_arn(BUCKET)),
            ("AWS::CloudFront::Distribution", "" | "Id") => Some(DISTRIBUTION.to_owned()),
            ("AWS::SecretsManager::Secret", "" | "Id") => Some(secret_arn()),
            _ => None,
        }
    }

    /// The name of the chart bucket: the only bucket that notifies functions. The others hold logs.
    pub(super) fn chart_bucket(&self) -> Option<&str> {
        let functions = self.resources.values();
        let functions = functions.filter(|resource| resource.r#type == "AWS::Serverless::Function");
        let events = functions.filter_map(|function| field(&function.properties, &["Events"]).as_mapping());
        let mut events = events.flat_map(|events| events.values());
        events.find_map(|event| match field(event, &["Properties", "Bucket"]) {
            Value::Tagged(bucket) => bucket.value.as_str(),
            _ => None,
        })
    }

    /// The name that the template gives the bucket; empty if CloudFormation chooses one.
    fn bucket_name(&self) -> Result<String, TemplateError> {
        let bucket = self.chart_bucket().and_then(|name| self.resources.get(name));
        match bucket.map(|bucket| field(&bucket.properties, &["BucketName"])) {
            Some(Value::Tagged(name)) => self.substituted(name.value.as_str().unwrap_or_default()),
            _ => Ok(String::new()),
        }
    }
}

/// Replaces the name of the template's bucket in an ARN by the name of the local bucket.
fn with_local_bucket(text: &str, bucket: &str) -> String {
    let rest = text.strip_prefix(&bucket_arn(bucket)).filter(|_| !bucket.is_empty());
    match rest {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", bucket_arn(BUCKET)),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::aws::iam::TEMPLATE;
    use crate::aws::s3::notifications::{On, RULES};

    fn statement(fields: &str) -> Result<BTreeMap<String, Vec<Permission>>, TemplateError> {
        policies(&format!(
            "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Metadata: {{BuildProperties: {{Binary: f}}}}\n    \
             Properties:\n      Policies:\n        - Version: '2012-10-17'\n          Statement:\n            - {{{fields}}}\n"
        ))
    }

    #[test]
    fn each_function_has_its_permissions_on_the_local_bucket() {
        let policies = policies(TEMPLATE).unwrap();
        assert_eq!(policies.keys().collect::<Vec<_>>(), ["invalidate-cdn", "publish-chart"]);
        let may = |action: &str, resource: &str| {
            let permissions = policies["publish-chart"].iter();
            permissions
                .filter(|p| p.action == action && p.resource == resource)
                .count()
                == 1
        };
        assert!(
            may("s3:DeleteObject", "arn:aws:s3:::chartdrop-local/staging/*"),
            "{policies:#?}"
        );
        assert!(may("s3:ListBucket", "arn:aws:s3:::chartdrop-local"), "{policies:#?}");
    }

    #[test]
    fn no_function_has_a_wildcard_permission() {
        for permission in policies(TEMPLATE).unwrap().values().flatten() {
            assert!(!permission.action.contains(['*', '?']), "{permission:?}");
            let (_, name) = permission.resource.rsplit_once(':').unwrap();
            assert!(
                !name.starts_with(['*', '?']) && name != "chartdrop-local/*",
                "{permission:?}"
            );
        }
    }

    #[test]
    fn a_statement_that_is_not_understood_is_an_error() {
        let good = "Sid: A, Effect: Allow, Action: s3:GetObject, Resource: x";
        assert_eq!(statement(good).unwrap()["f"].len(), 1);
        for (bad, said) in [
            (
                "Sid: A, Effect: Allow, Action: s3:GetObject, Resource: x, Condition: {}",
                "Condition",
            ),
            (
                "Sid: A, Effect: Allow, NotAction: s3:GetObject, Resource: x",
                "NotAction",
            ),
            (
                "Sid: A, Effect: Allow, Action: s3:GetObject, Resource: 'x/${Forgotten}'",
                "Forgotten",
            ),
            (
                "Sid: A, Effect: Allow, Action: s3:GetObject, Resource: !Sub '${Nothing}'",
                "Nothing",
            ),
            (
                "Sid: A, Effect: Allow, Action: s3:GetObject, Resource: !ImportValue x",
                "ImportValue",
            ),
        ] {
            let error = statement(bad).unwrap_err().to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }

    #[test]
    fn the_template_notifies_the_functions_as_local_does() {
        let template: Template = serde_yaml::from_str(TEMPLATE).unwrap();
        let mut told = BTreeSet::new();
        for resource in template.resources.values() {
            let binary = field(&resource.metadata, &["BuildProperties", "Binary"]);
            let events = field(&resource.properties, &["Events"])
                .as_mapping()
                .cloned()
                .unwrap_or_default();
            for event in events.values().filter(|event| event["Type"] == "S3") {
                let rules = field(event, &["Properties", "Filter", "S3Key", "Rules"]);
                let value = |name: &str| {
                    let rule = each(rules).iter().find(|rule| rule["Name"] == name).unwrap();
                    rule["Value"].as_str().unwrap().to_owned()
                };
                told.insert((
                    binary.as_str().unwrap().to_owned(),
                    event["Properties"]["Events"].as_str().unwrap().to_owned(),
                    value("prefix"),
                    value("suffix"),
                ));
            }
        }
        let here = RULES.iter().map(|rule| {
            let on = match rule.on {
                On::Created => "s3:ObjectCreated:*",
                On::Removed => "s3:ObjectRemoved:*",
            };
            (
                rule.function.to_owned(),
                on.to_owned(),
                rule.prefix.to_owned(),
                rule.suffix.to_owned(),
            )
        });
        assert_eq!(told, here.collect());
    }
}
