//! A file of a chart.

/// The byte order mark that Helm removes from the files that it loads.
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A file with its path in the chart.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}
