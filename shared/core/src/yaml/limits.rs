//! How much a YAML text may cost.

/// Bounds on one text. Each is checked before the work that it bounds is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text, in bytes.
    pub bytes: usize,
    /// Collections inside each other, those that an alias brings along included. A value that was
    /// read is dropped, copied and converted by recursion, so this bounds the stack too; a thousand
    /// are fine.
    pub depth: usize,
    /// Scalars, sequences, mappings and keys in all, those that aliases repeat included.
    pub nodes: usize,
    /// Memory that aliases may add, in bytes: a text of 300 bytes can name a billion strings, and
    /// one of 1 MB can repeat a string of half of it a hundred thousand times.
    pub alias_bytes: usize,
}

impl Limits {
    /// For a `Chart.yaml`: far above any that was ever published, and a few megabytes of memory at
    /// most.
    pub const CHART_YAML: Self = Self {
        bytes: 1024 * 1024,
        depth: 100,
        nodes: 50_000,
        alias_bytes: 4 * 1024 * 1024,
    };

    /// For an `index.yaml` of this many bytes that was read from the repository, so that its length
    /// is known and accepted: a node for every two bytes, which is what `[1,1,1` comes to.
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
