//! Why an archive is refused, in words for the person who packaged it.

use super::{DependencyTwice, Unlistable};
use crate::chart::{ChartYamlError, Invalid};
use crate::size::{OverLimit, Size};

/// Names in one message; the rest is counted.
const SHOWN: usize = 10;

/// What is wrong with a chart archive. Paths and values from the archive are quoted with their
/// control characters escaped: these messages reach terminals, logs and web pages.
///
/// Each message is whole: it contains the message of the error that caused it. That error is not
/// the `source()` too, because a program that prints the chain of errors would print it twice.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// More bytes than the publisher takes.
    #[error(
        "the archive has {} (MAX_CHART_BYTES). List files that users do not need in .helmignore, and package again",
        OverLimit { size: *size, limit: *limit }
    )]
    TooLarge {
        /// Bytes of the upload.
        size: u64,
        /// Bytes that are accepted.
        limit: u64,
    },
    /// The first bytes are not those of a gzip stream.
    #[error("this is not a gzip file, so it cannot be a chart archive. Make one with `helm package CHART_FOLDER`")]
    NotGzip,
    /// The gzip stream ends early, or is damaged.
    #[error(
        "the archive is cut short or damaged: {detail}. Package it again, and compare the sizes before and after the upload"
    )]
    Damaged {
        /// What the decompressor or the tar reader said.
        detail: String,
    },
    /// Gzip, but no tar inside.
    #[error(
        "the gzip file does not contain a tar archive: {detail}. Make a chart archive with `helm package CHART_FOLDER`"
    )]
    NotTar {
        /// What the tar reader said.
        detail: String,
    },
    /// Decompresses to more than Helm itself would load, or nearly so: Helm counts without the tar
    /// headers.
    #[error(
        "the archive unpacks to more than {}, headers included, and Helm does not load more. List files that users do not need \
         in .helmignore, and package again",
        Size(*limit)
    )]
    UnpackedTooLarge {
        /// Bytes that are accepted.
        limit: u64,
    },
    /// One file is larger than Helm 3 would load.
    #[error(
        "the file {path:?} has {} of Helm 3 for one file. Make it smaller, or list it in .helmignore, and package again",
        OverLimit { size: *size, limit: *limit }
    )]
    FileTooLarge {
        /// The file.
        path: String,
        /// Its bytes, as the archive claims.
        size: u64,
        /// Bytes that are accepted.
        limit: u64,
    },
    /// More entries than any chart has.
    #[error(
        "the archive has more than {limit} files and folders. List those that users do not need in .helmignore, and package again"
    )]
    TooManyEntries {
        /// Entries that are accepted.
        limit: u64,
    },
    /// Too many bytes in what has to be read as a whole.
    #[error(
        "the files that Helm parses when it loads the chart (packed charts, values, schemas, lock files) have more than {} in \
         total. Make them smaller, and package again",
        Size(*limit)
    )]
    KeptTooLarge {
        /// Bytes that are accepted.
        limit: u64,
    },
    /// Charts packed inside charts packed inside charts …
    #[error(
        "the archive contains charts packed inside charts, more than {limit} levels deep. Unpack the dependencies in charts/, and package again"
    )]
    TooNested {
        /// Levels that are accepted.
        limit: u32,
    },
    /// The archive holds nothing.
    #[error("the archive is empty. Make one with `helm package CHART_FOLDER`")]
    Empty,
    /// A path that no chart needs and that some unpacker would follow out of its folder.
    #[error("the archive contains the path {path:?}, {problem}")]
    Path {
        /// The path as it stands in the archive.
        path: String,
        /// Which rule it breaks.
        problem: &'static str,
    },
    /// The same path twice, with different content: which one counts depends on who unpacks.
    #[error(
        "the archive contains {path:?} more than once, with different content. Package it again with `helm package CHART_FOLDER` \
         from a folder that has the file once"
    )]
    Twice {
        /// The path.
        path: String,
    },
    /// Two packings of one dependency, which `helm package` unpacks into one folder.
    #[error(transparent)]
    DependencyTwice(Box<DependencyTwice>),
    /// A link out of the chart's folder.
    #[error(
        "the link {path:?} leads out of the chart, to {target:?}. Replace it by a copy of the file, and package again"
    )]
    LinkLeaves {
        /// The link.
        path: String,
        /// Where it leads.
        target: String,
    },
    /// A device, a pipe or another thing that is neither file nor folder.
    #[error(
        "the archive contains {path:?}, which is {kind}; a chart has only files and folders. Remove it, and package again"
    )]
    NotAFile {
        /// The entry.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// Extension headers that make readers disagree about where a file ends.
    #[error(
        "the tar headers of {path:?} are not valid: {detail}. Package the chart again with `helm package CHART_FOLDER`"
    )]
    Headers {
        /// The entry, as far as known.
        path: String,
        /// What is wrong with them.
        detail: &'static str,
    },
    /// No `Chart.yaml` anywhere.
    #[error("the archive has no Chart.yaml. Make it with `helm package CHART_FOLDER`")]
    NoChartYaml,
    /// A `Chart.yaml`, but not where Helm looks.
    #[error(
        "Chart.yaml is at {path:?}, but Helm looks for it at NAME/Chart.yaml: the top level of the archive must be the chart's \
         folder. `helm package CHART_FOLDER` makes it so"
    )]
    ChartYamlElsewhere {
        /// Where it is.
        path: String,
    },
    /// Two top-level folders.
    #[error(
        "the archive has two folders at its top level, {first:?} and {second:?}; an archive contains one chart. Package each chart with `helm package CHART_FOLDER`"
    )]
    TwoCharts {
        /// One of them.
        first: String,
        /// Another.
        second: String,
    },
    /// `Chart.yaml` is too large for an index that every client downloads.
    #[error(
        "{path} has {}, because every client downloads it with the index. Shorten it, and package again",
        OverLimit::of(*size, *limit)
    )]
    MetadataTooLarge {
        /// Which file.
        path: String,
        /// Its bytes.
        size: usize,
        /// Bytes that are accepted.
        limit: usize,
    },
    /// The chart's metadata would take too much of an index that every client downloads.
    #[error(
        "the chart's entry in the index would have at least {}, because every client downloads all entries. `{field}` takes {} of \
         it: shorten it in Chart.yaml, and package again",
        OverLimit::of(*size, *limit),
        Size::of(*field_size)
    )]
    EntryTooLarge {
        /// Bytes of the entry; it may have more in the other form of an index.
        size: usize,
        /// Bytes that are accepted.
        limit: usize,
        /// The field that takes the most.
        field: String,
        /// Its bytes.
        field_size: usize,
    },
    /// `Chart.yaml` cannot be read as Helm reads it.
    #[error("{path} cannot be read: {problem}")]
    ChartYaml {
        /// Which file (`Chart.yaml`, `requirements.yaml`, or one of a packed dependency).
        path: String,
        /// Why.
        problem: ChartYamlError,
    },
    /// A dependency that is declared, but not there.
    #[error(
        "{declared_in} declares {} that charts/ does not contain: {}. Helm cannot install the chart. Package it with \
         `helm package --dependency-update CHART_FOLDER`",
        if missing.len() == 1 { "a dependency" } else { "dependencies" },
        some(missing)
    )]
    DependencyMissing {
        /// `Chart.yaml`, or `requirements.yaml` in old charts.
        declared_in: &'static str,
        /// Their names.
        missing: Vec<String>,
    },
    /// A `values.yaml` that Helm cannot load.
    #[error(
        "values.yaml cannot be read, so Helm cannot load the chart: {problem}. Correct it until `helm lint CHART_FOLDER` passes, \
         and package again"
    )]
    ValuesUnreadable {
        /// Why.
        problem: String,
    },
    /// A lock that Helm cannot load.
    #[error(
        "{path} cannot be read, so Helm cannot load the chart: {problem}. Recreate it with `helm dependency update CHART_FOLDER`, \
         and package again"
    )]
    LockUnreadable {
        /// `Chart.lock` or `requirements.lock`.
        path: &'static str,
        /// Why.
        problem: String,
    },
    /// `Chart.yaml` can be read, but `helm package` would refuse it.
    #[error("{path} is not valid: {problem}")]
    Invalid {
        /// Which file.
        path: String,
        /// Why.
        problem: Invalid,
    },
    /// Every client would stumble over it in the index.
    #[error("{path} cannot be listed in an index: {problem}")]
    Unlistable {
        /// Which file.
        path: String,
        /// Why.
        problem: Unlistable,
    },
    /// A chart packed inside the chart is refused.
    #[error("the dependency at {path} cannot be used: {problem}")]
    Dependency {
        /// Its path in the archive.
        path: String,
        /// Why.
        problem: Box<Self>,
    },
}

impl ArchiveError {
    /// A short stable word for logs, metrics and receipts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::NotGzip => "not-gzip",
            Self::Damaged { .. } => "damaged",
            Self::NotTar { .. } => "not-tar",
            Self::UnpackedTooLarge { .. } => "unpacked-too-large",
            Self::FileTooLarge { .. } => "file-too-large",
            Self::TooManyEntries { .. } => "too-many-entries",
            Self::KeptTooLarge { .. } => "dependencies-too-large",
            Self::TooNested { .. } => "too-nested",
            Self::Empty => "empty",
            Self::Path { .. } => "bad-path",
            Self::Twice { .. } => "path-twice",
            Self::DependencyTwice(_) => "dependency-twice",
            Self::LinkLeaves { .. } => "link-leaves",
            Self::NotAFile { .. } => "not-a-file",
            Self::Headers { .. } => "bad-headers",
            Self::NoChartYaml => "no-chart-yaml",
            Self::ChartYamlElsewhere { .. } => "chart-yaml-elsewhere",
            Self::TwoCharts { .. } => "two-charts",
            Self::MetadataTooLarge { .. } => "metadata-too-large",
            Self::EntryTooLarge { .. } => "entry-too-large",
            Self::ChartYaml { .. } => "chart-yaml-unreadable",
            Self::DependencyMissing { .. } => "dependency-missing",
            Self::ValuesUnreadable { .. } => "values-unreadable",
            Self::LockUnreadable { .. } => "lock-unreadable",
            Self::Invalid { .. } => "chart-yaml-invalid",
            Self::Unlistable {
                problem: Unlistable::LongName { .. },
                ..
            } => "long-name",
            Self::Unlistable {
                problem: Unlistable::DeepValue { .. },
                ..
            } => "deep-value",
            Self::Dependency { .. } => "dependency",
        }
    }

    /// Whether no Helm can load a published archive of which
    /// [`read_published`](super::read_published) says this. `false` also where that is unknown: this
    /// reader's limits are not Helm's, and it reads a little less of tar and YAML.
    pub fn stops_helm(&self) -> bool {
        match self {
            Self::NotGzip
            | Self::Damaged { .. }
            | Self::NotTar { .. }
            | Self::Empty
            | Self::NoChartYaml
            | Self::ChartYamlElsewhere { .. }
            | Self::Path { .. }
            | Self::Invalid { .. } => true,
            Self::ChartYaml { problem, .. } => problem.stops_helm(),
            Self::Dependency { problem, .. } => problem.stops_helm(),
            _ => false,
        }
    }
}

fn some(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(|name| format!("{:?}", start(name)));
    let mut shown = shown.collect::<Vec<_>>().join(", ");
    if let Some(more) = names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        shown.push_str(&format!(" and {more} more"));
    }
    shown
}

/// As much of a text as a message needs.
pub(super) fn start(text: &str) -> String {
    text.chars().take(80).collect()
}
