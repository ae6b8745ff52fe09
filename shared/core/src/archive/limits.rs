//! Limits on reading an archive.

use crate::yaml;

/// Limits on an archive. The defaults are Helm's own where Helm has one
/// (<https://github.com/helm/helm/blob/main/pkg/chart/loader/archive/archive.go>): a larger archive
/// could be published but never installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of the archive as uploaded, in bytes.
    pub packed_bytes: u64,
    /// Size of the decompressed archive, with tar headers and padding, in bytes.
    pub unpacked_bytes: u64,
    /// Size of one file, in bytes.
    pub file_bytes: u64,
    /// Entries, with folders and extension headers.
    pub entries: u64,
    /// Length of one path, in bytes.
    pub path_bytes: usize,
    /// Size of `Chart.yaml`, in bytes. It is much smaller than for other files, because all of it
    /// becomes part of the index that every client loads.
    pub metadata_bytes: usize,
    /// Size of the chart's metadata in an index, in bytes. A small `Chart.yaml` can become a large
    /// entry, and every client downloads all entries. The limit is twice the largest of 70,000
    /// different public entries and 40,000 archives, which has 33,046 bytes (cp-cmf of
    /// charts.openshift.io, with its icon inline).
    pub entry_bytes: usize,
    /// Size of all files that must be in memory at once, in bytes: the texts that Helm parses, and
    /// charts packed inside.
    pub kept_bytes: u64,
    /// Levels of charts packed inside charts (`charts/x.tgz`).
    pub nesting: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            packed_bytes: 20 * 1024 * 1024,
            unpacked_bytes: 100 * 1024 * 1024,
            file_bytes: 5 * 1024 * 1024,
            entries: 20_000,
            path_bytes: 1_024,
            metadata_bytes: 256 * 1024,
            entry_bytes: 64 * 1024,
            kept_bytes: 24 * 1024 * 1024,
            nesting: 4,
        }
    }
}

impl Limits {
    /// The limits for a published archive, which users can already install. Our own limits on its
    /// metadata do not apply, because an index without its entry would take it away from them.
    pub fn of_published() -> Self {
        Self {
            packed_bytes: u64::MAX,
            metadata_bytes: yaml::Limits::CHART_YAML.bytes,
            entry_bytes: usize::MAX,
            ..Self::default()
        }
    }

    pub(super) fn budget(&self) -> Budget {
        Budget {
            bytes: self.unpacked_bytes,
            entries: self.entries,
            kept_bytes: self.kept_bytes,
            nesting: self.nesting,
        }
    }
}

/// What is left of the limits. An archive and the archives inside it share it, so that nesting does
/// not multiply it.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) bytes: u64,
    pub(super) entries: u64,
    pub(super) kept_bytes: u64,
    pub(super) nesting: u32,
}
