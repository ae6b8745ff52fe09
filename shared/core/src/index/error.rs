//! Why an index cannot be edited, with messages for the operator of the repository.

use crate::size::Size;

/// Helm could not load the index. It is not changed, because nothing is ever published into an
/// index that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// The index is empty.
    #[error("the index is empty, so Helm cannot load it. {ADVICE}")]
    Empty,
    /// It is neither JSON nor YAML.
    #[error("the index cannot be read: {detail}. {ADVICE}")]
    Unreadable {
        /// The message of the parser.
        detail: String,
    },
    /// It can be parsed, but is not an index.
    #[error("this is not the index of a Helm repository: {detail}. {ADVICE}")]
    NotAnIndex {
        /// What is missing or wrong at the top level.
        detail: String,
    },
    /// The index has an unknown version.
    #[error("the index has apiVersion {found:?}, and Chartdrop supports \"v1\" only. {ADVICE}")]
    ApiVersion {
        /// The value found.
        found: String,
    },
    /// An entry would make Helm reject the whole index.
    #[error("Helm cannot load the index because of {chart:?}, version {version:?}: {detail}. {ADVICE}")]
    Rejected {
        /// The chart's name in the index.
        chart: String,
        /// The version, as far as it is readable.
        version: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A chart's name occurs twice; readers differ in which one they show.
    #[error("the index lists the chart {chart:?} twice. {ADVICE}")]
    ChartTwice {
        /// The chart's name.
        chart: String,
    },
}

const ADVICE: &str = "The index was not changed. Restore an earlier version of it";

impl IndexError {
    /// The error for an index that is too large for any client.
    pub fn too_large(size: u64) -> Self {
        Self::NotAnIndex {
            detail: format!("it has {}, which no client can load", Size(size)),
        }
    }

    /// The problem, without the advice for the index as a whole.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Unreadable { detail } | Self::NotAnIndex { detail } | Self::Rejected { detail, .. } => detail.clone(),
            other => other.to_string(),
        }
    }

    /// A short, stable code for logs and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "index-empty",
            Self::Unreadable { .. } => "index-unreadable",
            Self::NotAnIndex { .. } => "index-not-an-index",
            Self::ApiVersion { .. } => "index-api-version",
            Self::Rejected { .. } => "index-refused-by-helm",
            Self::ChartTwice { .. } => "index-chart-twice",
        }
    }
}
