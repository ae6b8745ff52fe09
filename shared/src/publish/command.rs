//! The commands by which a person mends what publishing does not, as messages name them.

use crate::keys::Repository;

/// Rebuilds the index of a repository.
pub fn reindex(repository: &Repository) -> String {
    format!(r#"{{"command":"reindex","repository":"{}"}}"#, repository.name())
}

/// Takes a version back.
pub fn unpublish(repository: &Repository, chart: &str, version: &str) -> String {
    format!(
        r#"{{"command":"unpublish","repository":"{}","chart":{},"version":{}}}"#,
        repository.name(),
        serde_json::Value::from(chart),
        serde_json::Value::from(version),
    )
}
