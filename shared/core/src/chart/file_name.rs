//! The file name of a chart archive, as `helm package` gives it.

use super::Metadata;

/// The file name of a version's archive.
#[must_use]
pub fn archive_name(chart: &str, version: &str) -> String {
    format!("{chart}-{version}.tgz")
}

/// Returns the name that `helm package` gives the archive of a chart: `NAME-VERSION.tgz`.
#[must_use]
pub fn file_name(metadata: &Metadata) -> String {
    archive_name(&metadata.name, &metadata.version)
}

/// Checks that an archive, or its provenance file, has the name that follows from its metadata.
///
/// It cannot be checked the other way: `a-1.0-2.tgz` cannot be split into name and version without
/// knowing one of them.
///
/// # Errors
/// The name differs; the error contains the expected one.
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

/// An archive has another name than its metadata requires.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the file is called {found:?}, but its Chart.yaml requires {expected:?}. Rename the file, or correct Chart.yaml and package again"
)]
pub struct FileNameError {
    /// Its name.
    pub found: String,
    /// The expected name.
    pub expected: String,
}
