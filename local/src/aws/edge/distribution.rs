//! The distribution of the template: its origin, methods, cache policy, headers and function.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde_yaml::Value;

use super::function::Function;
use super::headers::ResponseHeaders;
use super::template::{DistributionError, EdgeTemplate, at, list};

/// CloudFront's default, where the template sets none.
const ERROR_TTL: Duration = Duration::from_secs(10);

/// How long the cache keeps an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ttl {
    pub(super) shortest: Duration,
    /// For an object without caching headers.
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
    /// Reads the only distribution of the template.
    pub(crate) fn read(template: &EdgeTemplate<'_>) -> Result<Self, DistributionError> {
        let config = at(template.only("AWS::CloudFront::Distribution")?, &["DistributionConfig"]);
        let behavior = at(config, &["DefaultCacheBehavior"]);
        reject_unsupported(config, behavior)?;
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

    /// How long an answer with this status is cached.
    pub(super) fn error_ttl(&self, status: u16) -> Duration {
        self.error_ttls.get(&status).copied().unwrap_or(ERROR_TTL)
    }
}

fn reject_unsupported(config: &Value, behavior: &Value) -> Result<(), DistributionError> {
    let unsupported = [
        (config, "CacheBehaviors"),
        (config, "OriginGroups"),
        (behavior, "LambdaFunctionAssociations"),
        (behavior, "OriginRequestPolicyId"),
        (behavior, "ForwardedValues"),
    ];
    let found = unsupported.iter().find(|(part, field)| !at(part, &[field]).is_null());
    found.map_or(Ok(()), |(_, field)| {
        Err(DistributionError::Unsupported((*field).to_owned()))
    })
}

fn origin(template: &EdgeTemplate<'_>, config: &Value) -> Result<String, DistributionError> {
    match list(at(config, &["Origins"]), "Origins")? {
        [origin] => {
            let path = template.text(at(origin, &["OriginPath"]), "OriginPath")?;
            Ok(path.trim_matches('/').to_owned())
        }
        _ => Err(DistributionError::Unsupported(
            "a distribution without exactly one origin".to_owned(),
        )),
    }
}

fn methods(template: &EdgeTemplate<'_>, behavior: &Value) -> Result<Vec<Method>, DistributionError> {
    let all = list(at(behavior, &["AllowedMethods"]), "AllowedMethods")?.iter();
    all.map(|method| match template.text(method, "AllowedMethods")?.as_str() {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        other => Err(DistributionError::Unsupported(format!("the method {other}"))),
    })
    .collect()
}

fn error_ttls(template: &EdgeTemplate<'_>, config: &Value) -> Result<BTreeMap<u16, Duration>, DistributionError> {
    let mut ttls = BTreeMap::new();
    for response in list(at(config, &["CustomErrorResponses"]), "CustomErrorResponses")? {
        if !at(response, &["ResponsePagePath"]).is_null() {
            return Err(DistributionError::Unsupported("ResponsePagePath".to_owned()));
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
            return Err(DistributionError::Unsupported(
                "a function at an event other than viewer-request".to_owned(),
            ));
        }
    };
    let (name, text, runtime) = template.function(at(association, &["FunctionARN"]))?;
    let function = Function::new(&text, &runtime).map_err(|error| DistributionError::Function { name, error })?;
    Ok(Some(function))
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
    fn the_edge_does_what_the_template_says() {
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
    fn a_setting_replaces_the_default_of_its_parameter() {
        let edge = distribution(TEMPLATE, &[("INDEX_MAX_AGE", "7")]).unwrap();
        assert_eq!(edge.ttl.default, Duration::from_secs(7));
    }

    #[test]
    fn an_unsupported_part_of_the_template_is_an_error() {
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
