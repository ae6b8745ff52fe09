//! How deep the lines of an index in YAML are indented.

/// How deep the lines of an index in YAML are indented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::index) struct Indent {
    /// Column of the names of charts.
    pub(in crate::index) chart: usize,
    /// Column of the dash before a version.
    pub(in crate::index) dash: usize,
}

impl Indent {
    /// What Helm's YAML library writes.
    pub(in crate::index) const HELM: Self = Self { chart: 2, dash: 2 };

    /// Column of a version's fields.
    pub(in crate::index) fn fields(self) -> usize {
        self.dash + 2
    }

    /// How much deeper a list stands than the field that it is the value of. The libraries that
    /// indent lists at all (go-yaml v3, js-yaml, yq) indent them by two behind a dash, whatever
    /// else they do.
    pub(in crate::index) fn list(self) -> usize {
        if self.dash > self.chart { 2 } else { 0 }
    }

    /// The spaces and the dash that a version begins with.
    pub(in crate::index) fn dash(self) -> String {
        format!("{:1$}- ", "", self.dash)
    }
}
