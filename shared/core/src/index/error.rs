//! Why an index cannot be edited, in words for the operator of the repository.

use crate::size::Size;

/// The index is not one that Helm could load. It is left as it is: nothing is ever published over
/// an index that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// No bytes at all.
    #[error("the index is empty, so Helm cannot load it. {ADVICE}")]
    Empty,
    /// Neither JSON nor YAML.
    #[error("the index cannot be read: {detail}. {ADVICE}")]
    Unreadable {
        /// What the parser said.
        detail: String,
    },
    /// Something readable, but not an index.
    #[error("this is not the index of a Helm repository: {detail}. {ADVICE}")]
    NotAnIndex {
        /// What is missing or wrong at the top.
        detail: String,
    },
    /// An index version that we don't know.
    #[error("the index has apiVersion {found:?}, and Chartdrop supports \"v1\" only. {ADVICE}")]
    ApiVersion {
        /// The value found.
        found: String,
    },
    /// A chart version that makes Helm refuse the whole index.
    #[error("Helm cannot load the index because of {chart:?}, version {version:?}: {detail}. {ADVICE}")]
    Refused {
        /// The chart's name in the index.
        chart: String,
        /// The version, as far as it can be read.
        version: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A chart's name stands twice in the index: readers differ in which of the two they show.
    #[error("the index lists the chart {chart:?} twice. {ADVICE}")]
    ChartTwice {
        /// The chart's name.
        chart: String,
    },
}

const ADVICE: &str = "The index was not changed. Restore an earlier version of it";

impl IndexError {
    /// An index of so many bytes is none that a client could load.
    pub fn too_large(size: u64) -> Self {
        Self::NotAnIndex {
            detail: format!("it has {}, which no client can load", Size(size)),
        }
    }

    /// What is wrong, without the advice that the whole index needs.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Unreadable { detail } | Self::NotAnIndex { detail } | Self::Refused { detail, .. } => detail.clone(),
            other => other.to_string(),
        }
    }

    /// A short stable word for logs and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "index-empty",
            Self::Unreadable { .. } => "index-unreadable",
            Self::NotAnIndex { .. } => "index-not-an-index",
            Self::ApiVersion { .. } => "index-api-version",
            Self::Refused { .. } => "index-refused-by-helm",
            Self::ChartTwice { .. } => "index-chart-twice",
        }
    }
}
