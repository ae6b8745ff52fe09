//! The file name of a chart archive.

use super::Metadata;

/// What the archive of a version is called: the name that `helm package` gives it.
#[must_use]
pub fn archive_name(chart: &str, version: &str) -> String {
    format!("{chart}-{version}.tgz")
}

/// The name that `helm package` gives the archive of a chart: `NAME-VERSION.tgz`.
#[must_use]
pub fn file_name(metadata: &Metadata) -> String {
    archive_name(&metadata.name, &metadata.version)
}

/// Checks that an archive, or its provenance file, is called what its metadata says.
///
/// Only this way round: `a-1.0-2.tgz` cannot be split into a name and a version without knowing one
/// of them.
///
/// # Errors
/// The name is another one; says which is expected.
pub fn check_file_name(found: &str, metadata: &Metadata) -> Result<(), FileNameError> {
    let archive = found.strip_suffix(".prov").unwrap_or(found);
    let expected = file_name(metadata);
    if archive == expected {
        return Ok(());
    }
    let ending = found.get(archive.len()..).unwrap_or_default();
    Err(FileNameError {
        found: found.to_owned(),
        expected: format!("{expected}{ending}"),
    })
}

/// An archive has another name than its metadata says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the file is called {found:?}, but its Chart.yaml requires {expected:?}. Rename the file, or correct Chart.yaml and package again"
)]
pub struct FileNameError {
    /// What it is called.
    pub found: String,
    /// What it should be called.
    pub expected: String,
}
