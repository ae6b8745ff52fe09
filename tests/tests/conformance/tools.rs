//! Where the real tools are.

use std::path::PathBuf;

/// The path in this environment variable. A tool that is missing fails the test: one that is
/// skipped proves nothing.
pub fn path(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable).map(PathBuf::from);
    let path = path.unwrap_or_else(|| panic!("{variable} is not set: run `export $(.ci/tools)` first"));
    assert!(
        path.is_file(),
        "{variable} names {}, which is no file: run `.ci/tools` again",
        path.display()
    );
    path
}
