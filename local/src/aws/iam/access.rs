//! What callers other than the functions may do with the bucket: the edge, the release role,
//! anyone.
//!
//! It reads the policies of the bucket and of the release role in the template. Only tests use it:
//! the S3 of `local` allows every request that does not come from a function.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::Value;

use super::policy::{Access, Decision, Permission, decide};
use super::template::{Document, Template, TemplateError, each, field};
use crate::identity::{BUCKET, DISTRIBUTION, bucket_arn, distribution_arn};

/// The caller of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor {
    /// CloudFront for the stack's distribution.
    Edge,
    /// CloudFront for a distribution in another account, which has this bucket as its origin.
    ForeignEdge,
    /// A workflow that has assumed the release role.
    ReleaseRole,
    /// A caller without credentials.
    Anyone,
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// The caller.
    pub by: Visitor,
    /// Whether the request uses TLS.
    pub secure: bool,
    /// Such as `s3:GetObject`.
    pub action: &'static str,
    /// The object; `None` for the bucket itself.
    pub key: Option<&'a str>,
    /// Those of its headers that policies test, such as `x-amz-storage-class`.
    pub headers: &'a [(&'a str, &'a str)],
}

/// The policies of the bucket and of the release role.
#[derive(Debug)]
pub struct BucketAccess {
    policy: Vec<Statement>,
    release: Vec<Permission>,
}

#[derive(Debug)]
struct Statement {
    principal: Principal,
    condition: Vec<Test>,
    permissions: Vec<Permission>,
}

#[derive(Debug, Deserialize)]
enum Principal {
    Service(String),
    #[serde(skip)]
    Everybody,
}

/// A condition of a statement.
#[derive(Debug)]
enum Test {
    Secure(bool),
    Source(String),
    /// Whether the request has this S3 header.
    Sent(String, bool),
    /// The request does not have this S3 header with this value.
    Other(String, String),
}

/// The fields that a statement of a bucket policy has in addition to those that [`super::template`]
/// reads.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Guard {
    principal: Value,
    #[serde(default)]
    condition: Condition,
}

/// The supported operators. An unknown one is an error: it would change who is allowed.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    #[serde(default)]
    bool: BTreeMap<String, Value>,
    #[serde(default)]
    string_equals: BTreeMap<String, Value>,
    #[serde(default)]
    string_not_equals: BTreeMap<String, Value>,
    #[serde(default)]
    null: BTreeMap<String, Value>,
}

impl BucketAccess {
    /// Reads the policies in the text of a template.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] if a part of a policy cannot be checked.
    pub fn of(template: &str) -> Result<Self, TemplateError> {
        let template: Template = serde_yaml::from_str(template)?;
        Ok(Self {
            policy: bucket_policy(&template)?,
            release: release_policies(&template)?,
        })
    }

    /// Whether the policies allow a request. Nothing else could: ACLs are disabled.
    pub fn allows(&self, visit: Visit<'_>) -> bool {
        let speaking = self.policy.iter().filter(|statement| statement.applies_to(visit));
        let mut permissions: Vec<Permission> = speaking.flat_map(|statement| statement.permissions.clone()).collect();
        if visit.by == Visitor::ReleaseRole {
            permissions.extend(self.release.iter().cloned());
        }
        let bucket = bucket_arn(BUCKET);
        let access = Access {
            action: visit.action,
            resource: visit.key.map_or(bucket.clone(), |key| format!("{bucket}/{key}")),
        };
        matches!(decide(&permissions, &access), Decision::Allowed(_))
    }
}

impl Visit<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find_map(|(header, value)| (*header == name).then_some(*value))
    }
}

impl Visitor {
    fn service(self) -> Option<&'static str> {
        matches!(self, Self::Edge | Self::ForeignEdge).then_some("cloudfront.amazonaws.com")
    }

    /// The distribution on whose behalf CloudFront asks.
    fn source(self) -> Option<String> {
        match self {
            Self::Edge => Some(distribution_arn(DISTRIBUTION)),
            Self::ForeignEdge => Some("arn:aws:cloudfront::999999999999:distribution/EFOREIGN".to_owned()),
            Self::ReleaseRole | Self::Anyone => None,
        }
    }
}

impl Statement {
    fn applies_to(&self, visit: Visit<'_>) -> bool {
        let meant = match &self.principal {
            Principal::Everybody => true,
            Principal::Service(service) => visit.by.service() == Some(service),
        };
        meant
            && self.condition.iter().all(|test| match test {
                Test::Secure(secure) => *secure == visit.secure,
                Test::Source(source) => visit.by.source().as_ref() == Some(source),
                Test::Sent(header, sent) => visit.header(header).is_some() == *sent,
                Test::Other(header, value) => visit.header(header) != Some(value),
            })
    }
}

fn bucket_policy(template: &Template) -> Result<Vec<Statement>, TemplateError> {
    let of_chart_bucket = |properties: &Value| match field(properties, &["Bucket"]) {
        Value::Tagged(bucket) => bucket.value.as_str() == template.chart_bucket(),
        _ => false,
    };
    let mut policies = template
        .resources
        .values()
        .filter(|resource| resource.r#type == "AWS::S3::BucketPolicy" && of_chart_bucket(&resource.properties));
    let policy = policies
        .next()
        .ok_or_else(|| TemplateError::Access("the chart bucket has no AWS::S3::BucketPolicy".to_owned()))?;
    let statements = each(field(&policy.properties, &["PolicyDocument", "Statement"]));
    statements
        .iter()
        .map(|statement| guarded(template, statement))
        .collect()
}

fn guarded(template: &Template, statement: &Value) -> Result<Statement, TemplateError> {
    let guard: Guard = serde_yaml::from_value(statement.clone())?;
    // The other fields are those of a statement in a function's policy.
    let mut rest = statement.clone();
    if let Some(rest) = rest.as_mapping_mut() {
        rest.remove("Principal");
        rest.remove("Condition");
    }
    let mut permissions = Vec::new();
    template.permissions(&serde_yaml::from_value(rest)?, &mut permissions)?;
    let principal = match guard.principal {
        Value::String(all) if all == "*" => Principal::Everybody,
        Value::Mapping(service) => serde_yaml::with::singleton_map::deserialize(Value::Mapping(service))?,
        other => {
            return Err(TemplateError::Access(format!(
                "`local` cannot check the principal {other:?}; add it in local/src/aws/iam/access.rs"
            )));
        }
    };
    let Condition {
        bool,
        string_equals,
        string_not_equals,
        null,
    } = guard.condition;
    let tests = bool.iter().chain(&string_equals).map(|(key, value)| {
        let value = template.text(value)?;
        match (key.to_ascii_lowercase().as_str(), value.as_str()) {
            ("aws:securetransport", "true" | "false") => Ok(Test::Secure(value == "true")),
            ("aws:sourcearn", _) => Ok(Test::Source(value)),
            _ => Err(unchecked(key)),
        }
    });
    let about_headers = header_tests(template, &null, &string_not_equals)?;
    let mut condition: Vec<Test> = tests.collect::<Result<_, _>>()?;
    condition.extend(about_headers);
    Ok(Statement {
        principal,
        condition,
        permissions,
    })
}

/// Conditions on the S3 headers of a request: `s3:x-amz-…`.
fn header_tests(
    template: &Template,
    null: &BTreeMap<String, Value>,
    not_equals: &BTreeMap<String, Value>,
) -> Result<Vec<Test>, TemplateError> {
    let header = |key: &str| {
        let header = key.strip_prefix("s3:").filter(|header| header.starts_with("x-amz-"));
        header.map(str::to_owned).ok_or_else(|| unchecked(key))
    };
    let mut tests = Vec::new();
    for (key, value) in null {
        match template.text(value)?.as_str() {
            "true" => tests.push(Test::Sent(header(key)?, false)),
            "false" => tests.push(Test::Sent(header(key)?, true)),
            _ => return Err(unchecked(key)),
        }
    }
    for (key, value) in not_equals {
        tests.push(Test::Other(header(key)?, template.text(value)?));
    }
    Ok(tests)
}

fn unchecked(key: &str) -> TemplateError {
    TemplateError::Access(format!(
        "`local` cannot check the condition {key}; add it in local/src/aws/iam/access.rs"
    ))
}

fn release_policies(template: &Template) -> Result<Vec<Permission>, TemplateError> {
    let mut roles = template
        .resources
        .values()
        .filter(|resource| resource.r#type == "AWS::IAM::Role");
    let (Some(role), None) = (roles.next(), roles.next()) else {
        return Err(TemplateError::Access(
            "the release role has to be the only AWS::IAM::Role".to_owned(),
        ));
    };
    if !field(&role.properties, &["ManagedPolicyArns"]).is_null() {
        return Err(TemplateError::Access(
            "`local` cannot check the managed policies of the release role".to_owned(),
        ));
    }
    let mut permissions = Vec::new();
    for policy in each(field(&role.properties, &["Policies"])) {
        let document: Document = serde_yaml::from_value(field(policy, &["PolicyDocument"]).clone())?;
        for statement in &document.statement {
            template.permissions(statement, &mut permissions)?;
        }
    }
    Ok(permissions)
}
