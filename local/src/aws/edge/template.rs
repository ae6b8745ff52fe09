//! Reads the edge's configuration from the template.
//!
//! It supports only the CloudFormation functions that the edge needs: `!Ref` of a parameter or of a
//! resource. Anything that `local` does not support is an error, so that nothing is left out
//! silently.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_yaml::Value;

use super::function::FunctionError;

/// Why the edge cannot behave as the template says.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// It is not YAML.
    #[error("template.yaml cannot be read: {0}")]
    Yaml(#[from] serde_yaml::Error),
    /// A value is missing, or of another kind.
    #[error("template.yaml: {field} of the edge has to be {expected}")]
    Value {
        /// The name of the field.
        field: String,
        /// The kind of value that is needed.
        expected: &'static str,
    },
    /// Something that the stand-in does not support.
    #[error("template.yaml: `local` does not support {0}; add it in local/src/aws/edge/")]
    Unsupported(String),
    /// The CloudFront function is not accepted.
    #[error("template.yaml: the edge cannot run the function {name}: {error}")]
    Function {
        /// The name of the function in the template.
        name: String,
        /// Why.
        error: FunctionError,
    },
}

/// The template, with the settings of the functions as the values of its parameters.
pub(crate) struct EdgeTemplate<'a> {
    root: Value,
    settings: &'a BTreeMap<String, String>,
}

impl<'a> EdgeTemplate<'a> {
    /// Reads the template. A parameter that the template passes to a function as a setting has the
    /// value of that setting; any other parameter has its default.
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

    pub(super) fn only(&self, of_type: &str) -> Result<&Value, DistributionError> {
        let mut all = self
            .resources()
            .filter(|(_, resource)| at(resource, &["Type"]) == of_type);
        match (all.next(), all.next()) {
            (Some((_, resource)), None) => Ok(at(resource, &["Properties"])),
            _ => Err(DistributionError::Unsupported(format!(
                "a template without exactly one {of_type}"
            ))),
        }
    }

    /// The properties of the resource that a `!Ref` names.
    pub(super) fn referred(&self, value: &Value, field: &str) -> Result<&Value, DistributionError> {
        let named = tagged(value, "!Ref").and_then(|name| at(&self.root, &["Resources"]).get(name));
        let properties = named.map(|resource| at(resource, &["Properties"]));
        properties.ok_or_else(|| DistributionError::Value {
            field: field.to_owned(),
            expected: "the !Ref of a resource in the template",
        })
    }

    /// Name, text and runtime of the function that a `!GetAtt` names.
    pub(super) fn function(&self, arn: &Value) -> Result<(String, String, String), DistributionError> {
        let name = tagged(arn, "!GetAtt").and_then(|arn| arn.strip_suffix(".FunctionARN"));
        let properties =
            name.and_then(|name| Some((name, at(&self.root, &["Resources"]).get(name)?.get("Properties")?)));
        let (name, properties) = properties.ok_or_else(|| DistributionError::Value {
            field: "FunctionARN".to_owned(),
            expected: "the !GetAtt of a function in the template",
        })?;
        Ok((
            name.to_owned(),
            self.text(at(properties, &["FunctionCode"]), "FunctionCode")?,
            self.text(at(properties, &["FunctionConfig", "Runtime"]), "Runtime")?,
        ))
    }

    pub(super) fn text(&self, value: &Value, field: &str) -> Result<String, DistributionError> {
        // `as_str` would return the name in a `!Ref` as if it were the text.
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

    /// The value of the parameter that a `!Ref` names.
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

    /// The environment variable of a function that the parameter is passed to.
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

/// The value at a path of fields; `Null` if there is none.
pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter()
        .fold(value, |value, field| value.get(field).unwrap_or(&Value::Null))
}

/// Whether the value is true; an absent one is not.
pub(super) fn flag(value: &Value) -> bool {
    value.as_bool() == Some(true)
}

/// The items of a list; an absent value is an empty list.
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

/// The fields of a mapping, with their names.
pub(super) fn fields<'v>(value: &'v Value, field: &str) -> Result<Vec<(&'v str, &'v Value)>, DistributionError> {
    let fields = value.as_mapping().ok_or_else(|| DistributionError::Value {
        field: field.to_owned(),
        expected: "a mapping",
    })?;
    let named = fields.iter().filter_map(|(name, value)| Some((name.as_str()?, value)));
    Ok(named.collect())
}

/// The text behind a CloudFormation tag.
fn tagged<'v>(value: &'v Value, tag: &str) -> Option<&'v str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == tag => tagged.value.as_str(),
        _ => None,
    }
}
