//! The commands by which a person mends what publishing does not, as messages name them.

use crate::keys::Repository;

/// Reports how an index and its archives differ.
pub(crate) fn verify(repository: &Repository) -> String {
    format!(r#"{{"command":"verify","repository":"{}"}}"#, repository.name())
}

/// Takes archives that have changed for what they are.
pub(crate) fn accept_changed(repository: &Repository) -> String {
    let repository = repository.name();
    format!(r#"{{"command":"reindex","repository":"{repository}","acceptChangedArchives":true}}"#)
}

/// Rebuilds the index of a repository.
pub(crate) fn reindex(repository: &Repository) -> String {
    format!(r#"{{"command":"reindex","repository":"{}"}}"#, repository.name())
}

/// Takes a version back.
pub(crate) fn unpublish(repository: &Repository, chart: &str, version: &str) -> String {
    format!(
        r#"{{"command":"unpublish","repository":"{}","chart":{},"version":{}}}"#,
        repository.name(),
        serde_json::Value::from(chart),
        serde_json::Value::from(version),
    )
}
