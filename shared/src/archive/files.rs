//! What is kept of an archive after one pass over it.

use std::collections::BTreeMap;

use super::content::{self, Content};
use crate::digest::Digest;

/// The files of a chart: a digest of each, and the bytes of those few that Helm reads to load it.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Name of the folder at the top.
    pub(super) folder: String,
    /// Every file and link, by its path below the folder.
    pub(super) contents: BTreeMap<String, Content>,
    /// Bytes of the files that [`is_kept`] names, without a byte order mark, as Helm's loader cuts it off.
    pub(super) kept: BTreeMap<String, Vec<u8>>,
    /// Links, which Helm reads as empty files.
    pub(super) links: Vec<String>,
}

impl Files {
    pub(super) fn content_digest(&self) -> Digest {
        content::digest(&self.contents)
    }
}

/// Whether the file at this path below a chart's folder is read: what Helm makes the metadata of, the values, and charts
/// packed inside (`charts/x.tgz`, and the same again below `charts/NAME/`, but for their values).
pub(super) fn is_kept(path: &str) -> bool {
    path == "values.yaml" || is_metadata(path)
}

fn is_metadata(path: &str) -> bool {
    match path.split_once('/') {
        None => matches!(path, "Chart.yaml" | "requirements.yaml"),
        Some(("charts", rest)) => match rest.split_once('/') {
            None => rest.ends_with(".tgz"),
            Some((_, deeper)) => is_metadata(deeper),
        },
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_helms_loader_parses_is_kept() {
        for path in [
            "Chart.yaml",
            "values.yaml",
            "charts/a/Chart.yaml",
            "charts/a/charts/b.tgz",
            "charts/a.tgz",
        ] {
            assert!(is_kept(path), "{path}");
        }
        for path in [
            "templates/Chart.yaml",
            "README.md",
            "charts/a/templates/x.yaml",
            "charts/README.md",
            "crds/values.yaml",
        ] {
            assert!(!is_kept(path), "{path}");
        }
    }
}
