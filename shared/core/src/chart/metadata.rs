//! The fields of a `Chart.yaml`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ChartYamlError, Warning, decode};

/// What Helm knows of a chart. Serialized, it is the part of an index entry that Helm takes from
/// `Chart.yaml`: the same fields in the same order, empty ones left out
/// (<https://github.com/helm/helm/blob/main/pkg/chart/v2/metadata.go>).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The name; required.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// URL of the project.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub home: String,
    /// URLs of the sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The version, exactly as written; required. See [`Version`](super::Version).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// One sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Who keeps it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintainers: Vec<Maintainer>,
    /// URL of a picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// `v1` or `v2`; a chart without one is taken for `v1`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    /// A path in the values that turns the chart on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags that turn the chart on, separated by commas.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tags: String,
    /// Version of what the chart installs; any text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// Whether it should not be used any more.
    #[serde(skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// What other programs want to know.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Versions of Kubernetes that it works with.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kube_version: String,
    /// Charts that it needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// `application`, `library` or empty.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
}

/// Someone who keeps a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Maintainer {
    /// A person or an organisation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// An address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// A page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// A chart that another one needs.
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
    /// A path in the values that turns it on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// Tags that turn it on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether it is on.
    #[serde(skip_serializing_if = "is_false")]
    pub enabled: bool,
    /// Values to take over from it: names, or mappings of `child` and `parent`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub import_values: Vec<serde_json::Value>,
    /// Another name for it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alias: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A `Chart.yaml` that was read. It has not been checked: see [`Metadata::validate`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChartYaml {
    /// What it says.
    pub metadata: Metadata,
    /// What its author may not have meant.
    pub warnings: Vec<Warning>,
}

impl Metadata {
    /// Reads a `Chart.yaml` as Helm loads it from an archive.
    ///
    /// # Errors
    /// The text is not YAML, or a field has a value of a kind that Helm refuses there.
    pub fn from_chart_yaml(bytes: &[u8]) -> Result<ChartYaml, ChartYamlError> {
        let mut chart = ChartYaml::default();
        chart.add_chart_yaml(bytes)?;
        Ok(chart)
    }
}

impl ChartYaml {
    /// Reads a `Chart.yaml` on top: where an archive has two, Helm reads one after the other.
    ///
    /// # Errors
    /// As [`Metadata::from_chart_yaml`].
    pub fn add_chart_yaml(&mut self, bytes: &[u8]) -> Result<(), ChartYamlError> {
        decode::decode_into(self, bytes)?;
        if self.metadata.api_version.is_empty() {
            "v1".clone_into(&mut self.metadata.api_version);
            self.warnings.push(Warning::NoApiVersion);
        }
        Ok(())
    }

    /// Reads a `requirements.yaml` on top, the place of dependencies in charts of API version v1.
    /// Helm lets it set every field of the metadata, so this does.
    ///
    /// # Errors
    /// As [`Metadata::from_chart_yaml`].
    pub fn add_requirements_yaml(&mut self, bytes: &[u8]) -> Result<(), ChartYamlError> {
        decode::decode_into(self, bytes)
    }
}
