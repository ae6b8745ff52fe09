//! The paths of the real tools.

use std::path::PathBuf;

/// The path in this environment variable. A missing tool fails the test, because a skipped test
/// proves nothing.
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
