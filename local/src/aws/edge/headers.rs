//! The response headers policy of the template.

use http::{HeaderName, HeaderValue};
use serde_yaml::Value;

use super::template::{DistributionError, EdgeTemplate, at, fields, flag, list};
use crate::http::server::{Reply, header};

/// The headers that are added to each answer.
#[derive(Debug, Default)]
pub(super) struct ResponseHeaders {
    headers: Vec<Added>,
    cors: Option<Cors>,
}

#[derive(Debug)]
struct Added {
    name: HeaderName,
    value: HeaderValue,
    /// Whether it replaces the origin's header.
    overrides: bool,
}

/// What a web page of another origin may do. The policy's methods, request headers and age are not
/// read: they apply to preflight requests, whose method is `OPTIONS`.
#[derive(Debug)]
struct Cors {
    origins: Vec<String>,
    exposed: Vec<String>,
    credentials: bool,
}

impl ResponseHeaders {
    pub(super) fn read(template: &EdgeTemplate<'_>, config: &Value) -> Result<Self, DistributionError> {
        let mut policy = Self::default();
        for (name, part) in fields(config, "ResponseHeadersPolicyConfig")? {
            match name {
                "Name" | "Comment" => {}
                "SecurityHeadersConfig" => policy.add_security(template, part)?,
                "CustomHeadersConfig" => policy.add_custom(template, part)?,
                "CorsConfig" => policy.cors = Some(Cors::read(template, part)?),
                other => {
                    return Err(DistributionError::Unsupported(format!(
                        "{other} of the response headers policy"
                    )));
                }
            }
        }
        Ok(policy)
    }

    fn add_security(&mut self, template: &EdgeTemplate<'_>, config: &Value) -> Result<(), DistributionError> {
        for (name, part) in fields(config, "SecurityHeadersConfig")? {
            let text = |field: &str| template.text(at(part, &[field]), &format!("{name}.{field}"));
            let (header, value) = match name {
                "StrictTransportSecurity" => ("strict-transport-security", transport_security(template, part)?),
                "ContentTypeOptions" => ("x-content-type-options", "nosniff".to_owned()),
                "FrameOptions" => ("x-frame-options", text("FrameOption")?),
                "ReferrerPolicy" => ("referrer-policy", text("ReferrerPolicy")?),
                "ContentSecurityPolicy" => ("content-security-policy", text("ContentSecurityPolicy")?),
                other => {
                    return Err(DistributionError::Unsupported(format!(
                        "{other} of SecurityHeadersConfig"
                    )));
                }
            };
            self.add(header, &value, flag(at(part, &["Override"])))?;
        }
        Ok(())
    }

    fn add_custom(&mut self, template: &EdgeTemplate<'_>, config: &Value) -> Result<(), DistributionError> {
        for item in list(at(config, &["Items"]), "CustomHeadersConfig.Items")? {
            let name = template.text(at(item, &["Header"]), "CustomHeadersConfig.Header")?;
            let value = template.text(at(item, &["Value"]), "CustomHeadersConfig.Value")?;
            self.add(&name, &value, flag(at(item, &["Override"])))?;
        }
        Ok(())
    }

    fn add(&mut self, name: &str, value: &str, overrides: bool) -> Result<(), DistributionError> {
        let unsendable = || DistributionError::Unsupported(format!("the header {name}: {value}"));
        self.headers.push(Added {
            name: name.parse().map_err(|_| unsendable())?,
            value: value.parse().map_err(|_| unsendable())?,
            overrides,
        });
        Ok(())
    }

    /// Adds the headers to an answer. `origin` is the origin of the web page that asks, if one
    /// does.
    pub(super) fn add_to(&self, answer: &mut Reply, origin: Option<&str>) {
        let headers = answer.headers_mut();
        for Added { name, value, overrides } in &self.headers {
            if *overrides || !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        if let (Some(cors), Some(origin)) = (&self.cors, origin) {
            cors.add_to(answer, origin);
        }
    }
}

fn transport_security(template: &EdgeTemplate<'_>, part: &Value) -> Result<String, DistributionError> {
    let age = template.seconds(at(part, &["AccessControlMaxAgeSec"]), "AccessControlMaxAgeSec")?;
    let mut value = format!("max-age={}", age.as_secs());
    for (field, directive) in [("IncludeSubdomains", "; includeSubDomains"), ("Preload", "; preload")] {
        if flag(at(part, &[field])) {
            value.push_str(directive);
        }
    }
    Ok(value)
}

impl Cors {
    fn read(template: &EdgeTemplate<'_>, config: &Value) -> Result<Self, DistributionError> {
        let items = |field: &str| -> Result<Vec<String>, DistributionError> {
            let all = list(at(config, &[field, "Items"]), field)?.iter();
            all.map(|item| template.text(item, field)).collect()
        };
        Ok(Self {
            origins: items("AccessControlAllowOrigins")?,
            exposed: items("AccessControlExposeHeaders")?,
            credentials: flag(at(config, &["AccessControlAllowCredentials"])),
        })
    }

    fn add_to(&self, answer: &mut Reply, origin: &str) {
        let any_origin = self.origins.iter().any(|allowed| allowed == "*");
        if !any_origin && !self.origins.iter().any(|allowed| allowed == origin) {
            return;
        }
        let allowed = if any_origin { "*" } else { origin };
        header(answer, "access-control-allow-origin", allowed);
        if !any_origin {
            header(answer, "vary", "Origin");
        }
        if self.credentials {
            header(answer, "access-control-allow-credentials", "true");
        }
        if !self.exposed.is_empty() {
            header(answer, "access-control-expose-headers", &self.exposed.join(","));
        }
    }
}
