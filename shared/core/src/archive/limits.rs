//! How much an archive may cost to read.

use crate::yaml;

/// Bounds on an archive. The defaults are Helm's own where Helm has one
/// (<https://github.com/helm/helm/blob/main/pkg/chart/loader/archive/archive.go>): what is larger
/// could be published, but never installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the archive as uploaded.
    pub packed_bytes: u64,
    /// Bytes of the archive once decompressed, tar headers and padding included.
    pub unpacked_bytes: u64,
    /// Bytes of one file in the archive.
    pub file_bytes: u64,
    /// Entries of the archive, folders and extension headers included.
    pub entries: u64,
    /// Bytes of one path in the archive.
    pub path_bytes: usize,
    /// Bytes of `Chart.yaml`: far less than any other file, since all of it reaches the index that
    /// every client loads.
    pub metadata_bytes: usize,
    /// Bytes of the chart's metadata as an index has it. A small `Chart.yaml` can become a large
    /// entry, and every client downloads all entries each time. This is twice the largest of 70,000
    /// different public entries and of 40,000 archives, which has 33,046 bytes (cp-cmf of
    /// charts.openshift.io, with its icon inline).
    pub entry_bytes: usize,
    /// Bytes of all files that have to be in memory at once: the texts that Helm parses and the
    /// charts packed inside.
    pub kept_bytes: u64,
    /// How deep charts may be packed inside charts (`charts/x.tgz`).
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
    /// For an archive that users can install already. Our own bounds on what it may say of itself
    /// do not count: an index without it would take it from them.
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

/// What is left of the limits; shared by an archive and the archives inside it, so that nesting
/// multiplies nothing.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) bytes: u64,
    pub(super) entries: u64,
    pub(super) kept_bytes: u64,
    pub(super) nesting: u32,
}
