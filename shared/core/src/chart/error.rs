//! Why a `Chart.yaml` cannot be read.

use crate::yaml;

/// Why a `Chart.yaml` cannot be read, for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChartYamlError {
    /// It is not YAML, or would take too many resources to read.
    #[error(transparent)]
    Yaml(#[from] yaml::Error),

    /// It is YAML, but not a mapping of fields.
    #[error("it must be a mapping with fields such as \"name: my-chart\", but it is {found}")]
    NotAMapping {
        /// The kind of value that it is.
        found: &'static str,
    },

    /// A field has a value of the wrong kind.
    #[error("{}\"{field}\" must be {expected}, but it is {found}", At(*line))]
    Field {
        /// The field, such as `maintainers[0].name`.
        field: String,
        /// The line of the outermost field around it, if known.
        line: Option<usize>,
        /// The kind of value that Helm expects.
        expected: Expected,
        /// The kind of value that it has.
        found: &'static str,
    },

    /// A list of mappings has an empty element.
    #[error("{}\"{field}\" is empty. Complete the entry, or remove its \"-\"", At(*line))]
    EmptyEntry {
        /// The element, such as `maintainers[0]`.
        field: String,
        /// The line of the list, if known.
        line: Option<usize>,
    },
}

impl ChartYamlError {
    /// Whether no Helm can read such a text.
    #[must_use]
    pub fn stops_helm(&self) -> bool {
        match self {
            Self::Yaml(error) => error.stops_helm(),
            _ => true,
        }
    }
}

/// The kind of value that Helm expects in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they say what they are")]
pub enum Expected {
    Text,
    Boolean,
    List,
    Mapping,
    Time,
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Boolean => "true or false, without quotes",
            Self::List => "a list (lines that begin with \"- \")",
            Self::Mapping => "a mapping (lines such as \"key: value\")",
            Self::Time => "a time such as \"2026-01-31T12:00:00Z\"",
        })
    }
}

struct At(Option<usize>);

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(line) => write!(f, "line {line}: "),
            None => Ok(()),
        }
    }
}
