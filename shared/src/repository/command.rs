//! The commands that messages name: what a person runs to repair what publishing does not.

use crate::keys::Repository;

/// Reports how an index and its archives differ.
pub(crate) fn verify(repository: &Repository) -> String {
    format!(r#"{{"command":"verify","repository":"{}"}}"#, repository.name())
}

/// Accepts archives that have changed as what they are.
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
