//! A file of a chart.

/// A byte order mark, which Helm leaves out of what it loads.
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A file by its path in the chart.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}
