//! The commands that messages recommend for repairs that publishing does not make.

use crate::keys::Repository;

/// Reports how an index and its archives differ.
pub(crate) fn verify(repository: &Repository) -> String {
    format!(r#"{{"command":"verify","repository":"{}"}}"#, repository.name())
}

/// Accepts changed archives as they are.
pub(crate) fn accept_changed(repository: &Repository) -> String {
    let repository = repository.name();
    format!(r#"{{"command":"reindex","repository":"{repository}","acceptChangedArchives":true}}"#)
}

/// Rebuilds the index of a repository.
pub(crate) fn reindex(repository: &Repository) -> String {
    format!(r#"{{"command":"reindex","repository":"{}"}}"#, repository.name())
}

/// Unpublishes a version.
pub(crate) fn unpublish(repository: &Repository, chart: &str, version: &str) -> String {
    format!(
        r#"{{"command":"unpublish","repository":"{}","chart":{},"version":{}}}"#,
        repository.name(),
        serde_json::Value::from(chart),
        serde_json::Value::from(version),
    )
}
