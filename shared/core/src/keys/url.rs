//! Keys in URLs.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that stay unencoded in the path of an absolute URL. `+` does not: S3 reads a `+`
/// in a path as a space, and other edges than ours pass it through
/// (<https://github.com/hypnoglow/helm-s3/issues/158>).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The characters that stay unencoded in a relative URL. Here `+` does: Helm 3's `dependency
/// build`, Artifact Hub and Kubeapps escape a relative URL again, which turns `%2B` into `%252B`
/// and leaves `+` unchanged. The edge reads it as a plus.
const RELATIVE: &AsciiSet = &PATH.remove(b'+');

/// A file name as a URL relative to the index in the same folder.
pub fn relative_url(file_name: &str) -> String {
    utf8_percent_encode(file_name, RELATIVE).to_string()
}

/// A key as the path of an absolute URL.
pub fn url_path(key: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(key, PATH)
}
