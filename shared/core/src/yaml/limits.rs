//! Limits on reading a YAML text.

/// Limits on one text. Each is checked before the work that it limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The length of the text, in bytes.
    pub bytes: usize,
    /// Nested collections, including those that an alias contains. A value is dropped, copied and
    /// converted by recursion, so this also limits the stack; a thousand levels are safe.
    pub depth: usize,
    /// Scalars, sequences, mappings and keys together, including repetitions by aliases.
    pub nodes: usize,
    /// The memory that aliases may add, in bytes: a text of 300 bytes can describe a billion
    /// strings, and one of 1 MB can repeat a string of half a megabyte a hundred thousand times.
    pub alias_bytes: usize,
}

impl Limits {
    /// For a `Chart.yaml`: far more than any published one needs, and at most a few megabytes of
    /// memory.
    pub const CHART_YAML: Self = Self {
        bytes: 1024 * 1024,
        depth: 100,
        nodes: 50_000,
        alias_bytes: 4 * 1024 * 1024,
    };

    /// For an `index.yaml` of this many bytes from the repository, whose size was already accepted:
    /// a node for every two bytes, which is what `[1,1,1` needs.
    #[must_use]
    pub const fn for_index(bytes: usize) -> Self {
        Self {
            bytes,
            depth: 100,
            nodes: bytes / 2 + 1000,
            alias_bytes: 16 * 1024 * 1024,
        }
    }
}
