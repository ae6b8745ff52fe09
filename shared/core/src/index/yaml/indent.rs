//! The indentation of an index in YAML.

/// The indentation of an index in YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::index) struct Indent {
    /// The column of chart names.
    pub(in crate::index) chart: usize,
    /// The column of the dash before a version.
    pub(in crate::index) dash: usize,
}

impl Indent {
    /// The indentation of Helm's YAML library.
    pub(in crate::index) const HELM: Self = Self { chart: 2, dash: 2 };

    /// The column of a version's fields.
    pub(in crate::index) fn fields(self) -> usize {
        self.dash + 2
    }

    /// How much deeper a list is than its field. The libraries that indent lists at all (go-yaml
    /// v3, js-yaml, yq) indent them by two after a dash, whatever else they do.
    pub(in crate::index) fn list(self) -> usize {
        if self.dash > self.chart { 2 } else { 0 }
    }

    /// The spaces and the dash at the beginning of a version.
    pub(in crate::index) fn dash(self) -> String {
        format!("{:1$}- ", "", self.dash)
    }
}
