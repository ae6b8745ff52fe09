//! The fields of a `Chart.yaml`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ChartYamlError, Warning, decode};

/// The metadata of a chart as Helm reads it. Serialized, it is the part of an index entry that Helm
/// takes from `Chart.yaml`: the same fields in the same order, without empty ones
/// (<https://github.com/helm/helm/blob/main/pkg/chart/v2/metadata.go>).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The name; required.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The URL of the project.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub home: String,
    /// The URLs of the sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The version, exactly as written; required. See [`Version`](super::Version).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// A description in one sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Keywords.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// The maintainers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintainers: Vec<Maintainer>,
    /// The URL of an icon.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// `v1` or `v2`; a chart without one counts as `v1`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// A path in the values that enables the chart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags that enable the chart, separated by commas.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tags: String,
    /// The version of what the chart installs; any text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// Whether the chart is deprecated.
    #[serde(skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// Annotations for other programs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The versions of Kubernetes that it supports.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kube_version: String,
    /// The charts that it depends on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// `application`, `library` or empty.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
}

/// A maintainer of a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Maintainer {
    /// A person or an organisation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// An email address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// A URL.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// A dependency of a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Dependency {
    /// Its name in its own `Chart.yaml`. Written even if empty, as Helm does.
    pub name: String,
    /// A version or a range of versions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// URL of its repository. Written even if empty, as Helm does.
    pub repository: String,
    /// A path in the values that enables it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags that enable it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether it is enabled.
    #[serde(skip_serializing_if = "is_false")]
    pub enabled: bool,
    /// Values to import from it: names, or mappings of `child` and `parent`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub import_values: Vec<serde_json::Value>,
    /// An alias.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alias: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A parsed `Chart.yaml`, not validated yet: see [`Metadata::validate`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChartYaml {
    /// The metadata.
    pub metadata: Metadata,
    /// Likely mistakes of its author.
    pub warnings: Vec<Warning>,
}

impl Metadata {
    /// Reads a `Chart.yaml` as Helm loads it from an archive.
    ///
    /// # Errors
    /// The text is not YAML, or a field has a value of a kind that Helm rejects there.
    pub fn from_chart_yaml(bytes: &[u8]) -> Result<ChartYaml, ChartYamlError> {
        let mut chart = ChartYaml::default();
        chart.add_chart_yaml(bytes)?;
        Ok(chart)
    }
}

impl ChartYaml {
    /// Reads another `Chart.yaml` on top: if an archive has two, Helm reads one after the other.
    ///
    /// # Errors
    /// Those of [`Metadata::from_chart_yaml`].
    pub fn add_chart_yaml(&mut self, bytes: &[u8]) -> Result<(), ChartYamlError> {
        decode::decode_into(self, bytes)?;
        if self.metadata.api_version.is_empty() {
            "v1".clone_into(&mut self.metadata.api_version);
            self.warnings.push(Warning::NoApiVersion);
        }
        Ok(())
    }

    /// Reads a `requirements.yaml` on top, which has the dependencies in charts of API version v1.
    /// Helm lets it set every field of the metadata, so this does too.
    ///
    /// # Errors
    /// Those of [`Metadata::from_chart_yaml`].
    pub fn add_requirements_yaml(&mut self, bytes: &[u8]) -> Result<(), ChartYamlError> {
        decode::decode_into(self, bytes)
    }
}
