//! Why an archive is rejected, with messages for its packager.

use super::{DependencyTwice, Unlistable};
use crate::chart::{ChartYamlError, Invalid};
use crate::size::{OverLimit, Size};

/// The most names in one message; the others are counted.
const SHOWN: usize = 10;

/// What is wrong with a chart archive. Control characters in quoted paths and values are escaped,
/// because these messages reach terminals, logs and web pages.
///
/// Each message includes the message of its cause. The cause is not also the `source()`, because a
/// program that prints the chain of errors would then print it twice.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The upload has more bytes than are accepted.
    #[error(
        "the archive has {} (MAX_CHART_BYTES). List files that users do not need in .helmignore, and package again",
        OverLimit { size: *size, limit: *limit }
    )]
    TooLarge {
        /// The size of the upload, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The file does not start like a gzip stream.
    #[error("this is not a gzip file, so it cannot be a chart archive. Make one with `helm package CHART_FOLDER`")]
    NotGzip,
    /// The gzip stream is damaged or ends early.
    #[error(
        "the archive is cut short or damaged: {detail}. Package it again, and compare the sizes before and after the upload"
    )]
    Damaged {
        /// The message of the decompressor or the tar reader.
        detail: String,
    },
    /// The gzip stream does not contain a tar archive.
    #[error(
        "the gzip file does not contain a tar archive: {detail}. Make a chart archive with `helm package CHART_FOLDER`"
    )]
    NotTar {
        /// The message of the tar reader.
        detail: String,
    },
    /// The decompressed archive is larger than Helm would load, or nearly so: Helm does not count
    /// tar headers.
    #[error(
        "the archive unpacks to more than {}, headers included, and Helm does not load more. List files that users do not need \
         in .helmignore, and package again",
        Size(*limit)
    )]
    UnpackedTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// A file is larger than Helm 3 would load.
    #[error(
        "the file {path:?} has {} of Helm 3 for one file. Make it smaller, or list it in .helmignore, and package again",
        OverLimit { size: *size, limit: *limit }
    )]
    FileTooLarge {
        /// The file.
        path: String,
        /// Its size according to the archive, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The archive has more entries than any real chart.
    #[error(
        "the archive has more than {limit} files and folders. List those that users do not need in .helmignore, and package again"
    )]
    TooManyEntries {
        /// The most entries that are accepted.
        limit: u64,
    },
    /// The files that must be read completely are too large together.
    #[error(
        "the files that Helm parses when it loads the chart (packed charts, values, schemas, lock files) have more than {} in \
         total. Make them smaller, and package again",
        Size(*limit)
    )]
    KeptTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Charts are packed inside charts too many levels deep.
    #[error(
        "the archive contains charts packed inside charts, more than {limit} levels deep. Unpack the dependencies in charts/, and package again"
    )]
    TooNested {
        /// The most levels that are accepted.
        limit: u32,
    },
    /// The archive is empty.
    #[error("the archive is empty. Make one with `helm package CHART_FOLDER`")]
    Empty,
    /// A path is unsafe: no chart needs it, and some unpacker would follow it out of its folder.
    #[error("the archive contains the path {path:?}, {problem}")]
    Path {
        /// The path as the archive has it.
        path: String,
        /// The rule that it breaks.
        problem: &'static str,
    },
    /// A path occurs twice with different content; which one counts depends on the unpacker.
    #[error(
        "the archive contains {path:?} more than once, with different content. Package it again with `helm package CHART_FOLDER` \
         from a folder that has the file once"
    )]
    Twice {
        /// The path.
        path: String,
    },
    /// A dependency occurs in two versions, which `helm package` unpacks into one folder.
    #[error(transparent)]
    DependencyTwice(Box<DependencyTwice>),
    /// A link leads out of the chart's folder.
    #[error(
        "the link {path:?} leads out of the chart, to {target:?}. Replace it by a copy of the file, and package again"
    )]
    LinkLeaves {
        /// The link.
        path: String,
        /// Its target.
        target: String,
    },
    /// An entry is a device, a pipe or anything else that is neither file nor folder.
    #[error(
        "the archive contains {path:?}, which is {kind}; a chart has only files and folders. Remove it, and package again"
    )]
    NotAFile {
        /// The entry.
        path: String,
        /// Its type.
        kind: &'static str,
    },
    /// Extension headers make readers disagree about where a file ends.
    #[error(
        "the tar headers of {path:?} are not valid: {detail}. Package the chart again with `helm package CHART_FOLDER`"
    )]
    Headers {
        /// The entry, as far as it is known.
        path: String,
        /// What is wrong with them.
        detail: &'static str,
    },
    /// There is no `Chart.yaml`.
    #[error("the archive has no Chart.yaml. Make it with `helm package CHART_FOLDER`")]
    NoChartYaml,
    /// There is a `Chart.yaml`, but not where Helm looks for it.
    #[error(
        "Chart.yaml is at {path:?}, but Helm looks for it at NAME/Chart.yaml: the top level of the archive must be the chart's \
         folder. `helm package CHART_FOLDER` makes it so"
    )]
    ChartYamlElsewhere {
        /// Its path.
        path: String,
    },
    /// There are two top-level folders.
    #[error(
        "the archive has two folders at its top level, {first:?} and {second:?}; an archive contains one chart. Package each chart with `helm package CHART_FOLDER`"
    )]
    TwoCharts {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// `Chart.yaml` is too large for an index, which every client downloads.
    #[error(
        "{path} has {}, because every client downloads it with the index. Shorten it, and package again",
        OverLimit::of(*size, *limit)
    )]
    MetadataTooLarge {
        /// The file.
        path: String,
        /// Its size in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The chart's metadata is too large for an index, which every client downloads.
    #[error(
        "the chart's entry in the index would have at least {}, because every client downloads all entries. `{field}` takes {} of \
         it: shorten it in Chart.yaml, and package again",
        OverLimit::of(*size, *limit),
        Size::of(*field_size)
    )]
    EntryTooLarge {
        /// The size of the entry in bytes, in one of the two forms of an index.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
        /// The largest field.
        field: String,
        /// The size of that field in bytes.
        field_size: usize,
    },
    /// Helm cannot read `Chart.yaml`.
    #[error("{path} cannot be read: {problem}")]
    ChartYaml {
        /// The file (`Chart.yaml`, `requirements.yaml`, or one of a packed dependency).
        path: String,
        /// The reason.
        problem: ChartYamlError,
    },
    /// A declared dependency is missing.
    #[error(
        "{declared_in} declares {} that charts/ does not contain: {}. Helm cannot install the chart. Package it with \
         `helm package --dependency-update CHART_FOLDER`",
        if missing.len() == 1 { "a dependency" } else { "dependencies" },
        some(missing)
    )]
    DependencyMissing {
        /// `Chart.yaml`, or `requirements.yaml` in older charts.
        declared_in: &'static str,
        /// The names of the missing dependencies.
        missing: Vec<String>,
    },
    /// Helm cannot load `values.yaml`.
    #[error(
        "values.yaml cannot be read, so Helm cannot load the chart: {problem}. Correct it until `helm lint CHART_FOLDER` passes, \
         and package again"
    )]
    ValuesUnreadable {
        /// The reason.
        problem: String,
    },
    /// Helm cannot load the lock file.
    #[error(
        "{path} cannot be read, so Helm cannot load the chart: {problem}. Recreate it with `helm dependency update CHART_FOLDER`, \
         and package again"
    )]
    LockUnreadable {
        /// `Chart.lock` or `requirements.lock`.
        path: &'static str,
        /// The reason.
        problem: String,
    },
    /// `Chart.yaml` is readable, but `helm package` would reject it.
    #[error("{path} is not valid: {problem}")]
    Invalid {
        /// The file.
        path: String,
        /// The reason.
        problem: Invalid,
    },
    /// An index with this metadata would break for some clients.
    #[error("{path} cannot be listed in an index: {problem}")]
    Unlistable {
        /// The file.
        path: String,
        /// The reason.
        problem: Unlistable,
    },
    /// A chart packed inside the chart is rejected.
    #[error("the dependency at {path} cannot be used: {problem}")]
    Dependency {
        /// Its path in the archive.
        path: String,
        /// The reason.
        problem: Box<Self>,
    },
}

impl ArchiveError {
    /// A short, stable code for logs, metrics and receipts.
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

    /// Whether no Helm can load a published archive with this error of
    /// [`read_published`](super::read_published). `false` also if that is unknown: this reader has
    /// other limits than Helm, and reads a little less of tar and YAML.
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

/// A text, shortened for a message.
pub(super) fn start(text: &str) -> String {
    text.chars().take(80).collect()
}
