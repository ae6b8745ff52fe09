//! Why a `Chart.yaml` is not read.

use crate::yaml;

/// Why a `Chart.yaml` is not read, in words for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChartYamlError {
    /// It is not YAML, or costs too much to read.
    #[error(transparent)]
    Yaml(#[from] yaml::Error),

    /// It is YAML, but no mapping of fields.
    #[error("it must be a mapping with fields such as \"name: my-chart\", but it is {found}")]
    NotAMapping {
        /// What it is.
        found: &'static str,
    },

    /// A field has a value of the wrong kind.
    #[error("{}\"{field}\" must be {expected}, but it is {found}", At(*line))]
    Field {
        /// Which, such as `maintainers[0].name`.
        field: String,
        /// The line of the outermost field that it is in, if known.
        line: Option<usize>,
        /// What Helm wants there.
        expected: Expected,
        /// What is there.
        found: &'static str,
    },

    /// A list of mappings has an entry without content.
    #[error("{}\"{field}\" is empty. Complete the entry, or remove its \"-\"", At(*line))]
    EmptyEntry {
        /// Which, such as `maintainers[0]`.
        field: String,
        /// The line of the list, if known.
        line: Option<usize>,
    },
}

impl ChartYamlError {
    /// Whether no Helm reads such a text.
    #[must_use]
    pub fn stops_helm(&self) -> bool {
        match self {
            Self::Yaml(error) => error.stops_helm(),
            _ => true,
        }
    }
}

/// What Helm wants in a field.
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
