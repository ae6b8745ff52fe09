//! What the template says about the edge.
//!
//! Just as much of CloudFormation as that takes: `!Ref` of a parameter or of a resource. What `local` cannot play is an error, so
//! that it is never left out in silence.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde_yaml::Value;

use super::function::{Function, FunctionError};
use super::headers::ResponseHeaders;

/// CloudFront's own, where the template names none.
const ERROR_TTL: Duration = Duration::from_secs(10);

/// Why the edge cannot be played as the template says.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// It is not YAML.
    #[error("template.yaml cannot be read: {0}")]
    Yaml(#[from] serde_yaml::Error),
    /// A value is missing, or of another kind.
    #[error("template.yaml: {field} of the edge is not {expected}")]
    Value {
        /// Its name.
        field: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// Something that the stand-in does not do.
    #[error("template.yaml: `local` cannot play {0}; teach it in local/src/aws/edge/")]
    Unplayed(String),
    /// The function at the edge is not accepted.
    #[error("template.yaml: the function {name} is not accepted: {error}")]
    Function {
        /// Its name in the template.
        name: String,
        /// Why.
        error: FunctionError,
    },
}

/// For how long the cache keeps an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ttl {
    pub(super) shortest: Duration,
    /// Of what says nothing.
    pub(super) default: Duration,
    pub(super) longest: Duration,
}

/// The distribution of the template.
pub(crate) struct Distribution {
    /// The folder that is served, without slashes.
    pub(super) origin: String,
    pub(super) root_object: Option<String>,
    pub(super) methods: Vec<Method>,
    pub(super) ttl: Ttl,
    error_ttls: BTreeMap<u16, Duration>,
    pub(super) headers: ResponseHeaders,
    pub(super) function: Option<Function>,
}

impl Distribution {
    /// The only distribution of the template.
    pub(crate) fn read(template: &EdgeTemplate<'_>) -> Result<Self, DistributionError> {
        let config = at(template.only("AWS::CloudFront::Distribution")?, &["DistributionConfig"]);
        let behavior = at(config, &["DefaultCacheBehavior"]);
        refuse_unplayed(config, behavior)?;
        let policy = template.referred(at(behavior, &["CachePolicyId"]), "CachePolicyId")?;
        let policy = at(policy, &["CachePolicyConfig"]);
        let ttl = |field: &str| template.seconds(at(policy, &[field]), field);
        Ok(Self {
            origin: origin(template, config)?,
            root_object: match at(config, &["DefaultRootObject"]) {
                Value::Null => None,
                name => Some(template.text(name, "DefaultRootObject")?),
            },
            methods: methods(template, behavior)?,
            ttl: Ttl {
                shortest: ttl("MinTTL")?,
                default: ttl("DefaultTTL")?,
                longest: ttl("MaxTTL")?,
            },
            error_ttls: error_ttls(template, config)?,
            headers: match at(behavior, &["ResponseHeadersPolicyId"]) {
                Value::Null => ResponseHeaders::default(),
                id => {
                    let policy = template.referred(id, "ResponseHeadersPolicyId")?;
                    ResponseHeaders::read(template, at(policy, &["ResponseHeadersPolicyConfig"]))?
                }
            },
            function: function(template, behavior)?,
        })
    }

    /// For how long an answer with this status is remembered.
    pub(super) fn error_ttl(&self, status: u16) -> Duration {
        self.error_ttls.get(&status).copied().unwrap_or(ERROR_TTL)
    }
}

fn refuse_unplayed(config: &Value, behavior: &Value) -> Result<(), DistributionError> {
    let unplayed = [
        (config, "CacheBehaviors"),
        (config, "OriginGroups"),
        (behavior, "LambdaFunctionAssociations"),
        (behavior, "OriginRequestPolicyId"),
        (behavior, "ForwardedValues"),
    ];
    let found = unplayed.iter().find(|(part, field)| !at(part, &[field]).is_null());
    found.map_or(Ok(()), |(_, field)| {
        Err(DistributionError::Unplayed((*field).to_owned()))
    })
}

fn origin(template: &EdgeTemplate<'_>, config: &Value) -> Result<String, DistributionError> {
    match list(at(config, &["Origins"]), "Origins")? {
        [origin] => {
            let path = template.text(at(origin, &["OriginPath"]), "OriginPath")?;
            Ok(path.trim_matches('/').to_owned())
        }
        _ => Err(DistributionError::Unplayed("several origins".to_owned())),
    }
}

fn methods(template: &EdgeTemplate<'_>, behavior: &Value) -> Result<Vec<Method>, DistributionError> {
    let all = list(at(behavior, &["AllowedMethods"]), "AllowedMethods")?.iter();
    all.map(|method| match template.text(method, "AllowedMethods")?.as_str() {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        other => Err(DistributionError::Unplayed(format!("the method {other}"))),
    })
    .collect()
}

fn error_ttls(template: &EdgeTemplate<'_>, config: &Value) -> Result<BTreeMap<u16, Duration>, DistributionError> {
    let mut ttls = BTreeMap::new();
    for response in list(at(config, &["CustomErrorResponses"]), "CustomErrorResponses")? {
        if !at(response, &["ResponsePagePath"]).is_null() {
            return Err(DistributionError::Unplayed("ResponsePagePath".to_owned()));
        }
        let status = template.seconds(at(response, &["ErrorCode"]), "ErrorCode")?.as_secs();
        let ttl = template.seconds(at(response, &["ErrorCachingMinTTL"]), "ErrorCachingMinTTL")?;
        ttls.insert(u16::try_from(status).unwrap_or_default(), ttl);
    }
    Ok(ttls)
}

fn function(template: &EdgeTemplate<'_>, behavior: &Value) -> Result<Option<Function>, DistributionError> {
    let association = match list(at(behavior, &["FunctionAssociations"]), "FunctionAssociations")? {
        [] => return Ok(None),
        [one] if at(one, &["EventType"]) == "viewer-request" => one,
        _ => {
            return Err(DistributionError::Unplayed(
                "a function but one at viewer-request".to_owned(),
            ));
        }
    };
    let (name, text, runtime) = template.function(at(association, &["FunctionARN"]))?;
    let function = Function::new(&text, &runtime).map_err(|error| DistributionError::Function { name, error })?;
    Ok(Some(function))
}

/// The template, with the settings of the functions in place of its parameters.
pub(crate) struct EdgeTemplate<'a> {
    root: Value,
    settings: &'a BTreeMap<String, String>,
}

impl<'a> EdgeTemplate<'a> {
    /// Reads the template. A parameter has the value of the setting that the template gives it to, or its default.
    pub(crate) fn read(text: &str, settings: &'a BTreeMap<String, String>) -> Result<Self, DistributionError> {
        Ok(Self {
            root: serde_yaml::from_str(text)?,
            settings,
        })
    }

    fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        let all = at(&self.root, &["Resources"]).as_mapping().into_iter().flatten();
        all.filter_map(|(name, resource)| Some((name.as_str()?, resource)))
    }

    fn only(&self, of_type: &str) -> Result<&Value, DistributionError> {
        let mut all = self
            .resources()
            .filter(|(_, resource)| at(resource, &["Type"]) == of_type);
        match (all.next(), all.next()) {
            (Some((_, resource)), None) => Ok(at(resource, &["Properties"])),
            _ => Err(DistributionError::Unplayed(format!("none or several {of_type}"))),
        }
    }

    /// The properties of the resource that a `!Ref` names.
    fn referred(&self, value: &Value, field: &str) -> Result<&Value, DistributionError> {
        let named = tagged(value, "!Ref").and_then(|name| at(&self.root, &["Resources"]).get(name));
        let properties = named.map(|resource| at(resource, &["Properties"]));
        properties.ok_or_else(|| DistributionError::Value {
            field: field.to_owned(),
            expected: "the !Ref of a resource in it",
        })
    }

    /// Name, text and runtime of the function that a `!GetAtt` names.
    fn function(&self, arn: &Value) -> Result<(String, String, String), DistributionError> {
        let name = tagged(arn, "!GetAtt").and_then(|arn| arn.strip_suffix(".FunctionARN"));
        let properties =
            name.and_then(|name| Some((name, at(&self.root, &["Resources"]).get(name)?.get("Properties")?)));
        let (name, properties) = properties.ok_or_else(|| DistributionError::Value {
            field: "FunctionARN".to_owned(),
            expected: "the !GetAtt of a function in it",
        })?;
        Ok((
            name.to_owned(),
            self.text(at(properties, &["FunctionCode"]), "FunctionCode")?,
            self.text(at(properties, &["FunctionConfig", "Runtime"]), "Runtime")?,
        ))
    }

    pub(super) fn text(&self, value: &Value, field: &str) -> Result<String, DistributionError> {
        // `as_str` would take the name in a `!Ref` for the text.
        let text = match value {
            Value::Tagged(_) => self.parameter(value),
            value => value.as_str().map(str::to_owned),
        };
        text.ok_or_else(|| DistributionError::Value {
            field: field.to_owned(),
            expected: "text",
        })
    }

    pub(super) fn seconds(&self, value: &Value, field: &str) -> Result<Duration, DistributionError> {
        let number = match value {
            Value::Number(number) => number.as_u64(),
            value => self.text(value, field).ok().and_then(|text| text.parse().ok()),
        };
        number.map(Duration::from_secs).ok_or_else(|| DistributionError::Value {
            field: field.to_owned(),
            expected: "a whole number",
        })
    }

    /// What `!Ref` of a parameter stands for.
    fn parameter(&self, value: &Value) -> Option<String> {
        let name = tagged(value, "!Ref")?;
        let parameter = at(&self.root, &["Parameters"]).get(name)?;
        let setting = self.setting_of(name).and_then(|setting| self.settings.get(setting));
        setting.cloned().or_else(|| match at(parameter, &["Default"]) {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// The variable of a function's environment that gets the parameter.
    fn setting_of(&self, parameter: &str) -> Option<&str> {
        let variables = self
            .resources()
            .filter_map(|(_, resource)| at(resource, &["Properties", "Environment", "Variables"]).as_mapping())
            .flatten();
        variables
            .filter(|(_, value)| tagged(value, "!Ref") == Some(parameter))
            .find_map(|(name, _)| name.as_str())
    }
}

/// What stands behind a path of fields; `Null` if nothing does.
pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter()
        .fold(value, |value, field| value.get(field).unwrap_or(&Value::Null))
}

/// Whether it is true; nothing is not.
pub(super) fn flag(value: &Value) -> bool {
    value.as_bool() == Some(true)
}

/// The items; nothing is an empty list.
pub(super) fn list<'v>(value: &'v Value, field: &str) -> Result<&'v [Value], DistributionError> {
    match value {
        Value::Null => Ok(&[]),
        Value::Sequence(items) => Ok(items),
        _ => Err(DistributionError::Value {
            field: field.to_owned(),
            expected: "a list",
        }),
    }
}

/// The fields by their names.
pub(super) fn fields<'v>(value: &'v Value, field: &str) -> Result<Vec<(&'v str, &'v Value)>, DistributionError> {
    let fields = value.as_mapping().ok_or_else(|| DistributionError::Value {
        field: field.to_owned(),
        expected: "a mapping",
    })?;
    let named = fields.iter().filter_map(|(name, value)| Some((name.as_str()?, value)));
    Ok(named.collect())
}

/// What stands behind one of CloudFormation's tags.
fn tagged<'v>(value: &'v Value, tag: &str) -> Option<&'v str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == tag => tagged.value.as_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::iam::TEMPLATE;

    fn distribution(text: &str, settings: &[(&str, &str)]) -> Result<Distribution, DistributionError> {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = settings.collect();
        Distribution::read(&EdgeTemplate::read(text, &settings)?)
    }

    #[test]
    fn the_template_says_what_the_edge_does() {
        let edge = distribution(TEMPLATE, &[]).unwrap();
        assert_eq!(edge.origin, "charts");
        assert_eq!(edge.root_object.as_deref(), Some("index.yaml"));
        assert_eq!(edge.methods, [Method::GET, Method::HEAD]);
        assert_eq!(edge.ttl.default, Duration::from_secs(300), "IndexMaxAge");
        assert_eq!(edge.error_ttl(404), Duration::from_secs(1));
        assert_eq!(edge.error_ttl(405), ERROR_TTL);
        assert!(edge.function.is_some());
    }

    #[test]
    fn a_setting_stands_for_its_parameter() {
        let edge = distribution(TEMPLATE, &[("INDEX_MAX_AGE", "7")]).unwrap();
        assert_eq!(edge.ttl.default, Duration::from_secs(7));
    }

    #[test]
    fn what_cannot_be_played_is_an_error() {
        for (from, to, said) in [
            ("AllowedMethods: [GET, HEAD]", "AllowedMethods: [GET, HEAD, PUT]", "PUT"),
            (
                "EventType: viewer-request",
                "EventType: viewer-response",
                "viewer-request",
            ),
            (
                "Compress: false",
                "Compress: false\n          OriginRequestPolicyId: x",
                "OriginRequestPolicyId",
            ),
            (
                "Runtime: cloudfront-js-2.0",
                "Runtime: cloudfront-js-1.0",
                "cloudfront-js-1.0",
            ),
            ("MinTTL: 0", "MinTTL: !If [A, 0, 1]", "MinTTL"),
            (
                "SecurityHeadersConfig:",
                "ServerTimingHeadersConfig: {Enabled: true}\n        SecurityHeadersConfig:",
                "ServerTiming",
            ),
            (
                "function handler(event)",
                "function other(event)",
                "there is no function handler",
            ),
        ] {
            assert!(TEMPLATE.contains(from), "{from}");
            let error = distribution(&TEMPLATE.replacen(from, to, 1), &[])
                .err()
                .map(|error| error.to_string());
            assert!(
                error.as_ref().is_some_and(|error| error.contains(said)),
                "{to}: {error:?}"
            );
        }
    }
}
