//! What Helm accepts, but the packager probably did not mean.

/// Something in a chart that Helm accepts silently and that is probably a mistake.
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
        /// The text as written.
        written: String,
        /// Helm's reading of it.
        read: String,
    },

    /// A key occurs twice; the later one counts.
    #[error("line {line}: \"{key}\" is already set at line {first_line}, and the last one counts. Remove the other")]
    DuplicateKey {
        /// The key.
        key: String,
        /// The line of the one that counts.
        line: usize,
        /// The line of the one that does not.
        first_line: usize,
    },

    /// Helm does not know the field, but knows one with almost the same name.
    #[error("{}Helm ignores the unknown field \"{field}\". Did you mean \"{known}\"?", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    UnknownField {
        /// As written.
        field: String,
        /// Its line, if known.
        line: Option<usize>,
        /// The name that Helm knows.
        known: &'static str,
    },

    /// `apiVersion` is missing.
    #[error("apiVersion is missing, so Helm treats the chart as an old one (v1). Write \"apiVersion: v2\"")]
    NoApiVersion,

    /// A v1 chart has a field of `apiVersion: v2`.
    #[error(
        "\"{field}\" needs apiVersion v2, but the chart has v1, which `helm lint` reports as an error. Write \"apiVersion: v2\""
    )]
    FieldOfV2 {
        /// `type` or `dependencies`.
        field: &'static str,
    },

    /// Helm accepts the version, but it is not a Semantic Version.
    #[error(
        "version {version} is not strictly a semantic version. Helm reads it as {precedence}; other tools may reject it"
    )]
    LooseVersion {
        /// As written.
        version: String,
        /// The version that Helm sorts it as.
        precedence: String,
    },

    /// A maintainer has no name.
    #[error("a maintainer has no name, which `helm lint` reports as an error. Add the name")]
    UnnamedMaintainer,
}
