//! What Helm takes, but the packager may not have meant.

/// Something in a chart that Helm takes without a word, and that is likely a mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// `appVersion: 1.10` is "1.1".
    #[error(
        "line {line}: Helm reads \"{field}: {written}\" as \"{read}\". Write {field}: \"{written}\", with quotes, to keep it"
    )]
    ReadOtherwise {
        /// The field, such as `dependencies[0].version`.
        field: String,
        /// Its line.
        line: usize,
        /// What stands there.
        written: String,
        /// What Helm makes of it.
        read: String,
    },

    /// A key stands twice; the later one counts.
    #[error("line {line}: \"{key}\" is already set at line {first_line}, and the last one counts. Remove the other")]
    DuplicateKey {
        /// The key.
        key: String,
        /// The line that counts.
        line: usize,
        /// The line that does not.
        first_line: usize,
    },

    /// Helm does not know a field, but one with almost the same name.
    #[error("{}Helm ignores the unknown field \"{field}\". Did you mean \"{known}\"?", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    UnknownField {
        /// As written.
        field: String,
        /// Its line, if known.
        line: Option<usize>,
        /// What Helm knows.
        known: &'static str,
    },

    /// No `apiVersion`.
    #[error("apiVersion is missing, so Helm treats the chart as an old one (v1). Write \"apiVersion: v2\"")]
    NoApiVersion,

    /// A field of `apiVersion: v2` in a chart of v1.
    #[error(
        "\"{field}\" needs apiVersion v2, but the chart has v1, which `helm lint` reports as an error. Write \"apiVersion: v2\""
    )]
    FieldOfV2 {
        /// `type` or `dependencies`.
        field: &'static str,
    },

    /// A version that Helm takes and Semantic Versioning does not.
    #[error(
        "version {version} is not strictly a semantic version. Helm reads it as {precedence}; other tools may reject it"
    )]
    LooseVersion {
        /// As written.
        version: String,
        /// What Helm sorts it as.
        precedence: String,
    },

    /// A maintainer without a name.
    #[error("a maintainer has no name, which `helm lint` reports as an error. Add the name")]
    UnnamedMaintainer,
}
