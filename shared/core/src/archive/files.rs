//! What is kept of an archive after one pass.

use std::collections::BTreeMap;

use super::content::{self, Content};
use crate::digest::Digest;

/// The files of a chart: a digest for each, and the bytes of the few files that Helm reads to load
/// it.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The name of the top-level folder.
    pub(super) folder: String,
    /// Every file and link, by its path below the folder. If a path occurs twice, the last one.
    pub(super) contents: BTreeMap<String, Content>,
    /// The bytes of the files that [`is_kept`] names, without a byte order mark, which Helm's
    /// loader removes. For a path that occurs twice, all versions in order.
    pub(super) kept: BTreeMap<String, Vec<Vec<u8>>>,
    /// Links, which Helm reads as empty files.
    pub(super) links: Vec<String>,
    /// The first path that occurs twice with different content.
    pub(super) twice: Option<String>,
}

impl Files {
    pub(super) fn content_digest(&self) -> Digest {
        content::digest(&self.contents)
    }

    /// The versions of a kept file; every sound archive has one.
    pub(super) fn all(&self, path: &str) -> impl Iterator<Item = &[u8]> {
        self.kept.get(path).into_iter().flatten().map(Vec::as_slice)
    }

    /// The last version, which counts for most files.
    pub(super) fn last(&self, path: &str) -> Option<&[u8]> {
        self.all(path).last()
    }

    /// The files below a folder, as a chart of their own.
    pub(super) fn subfolder(&self, path: &str) -> Self {
        let prefix = format!("{path}/");
        let kept = below(&self.kept, &prefix).map(|(path, bytes)| (path, bytes.clone()));
        let contents = below(&self.contents, &prefix).map(|(path, content)| (path, *content));
        Self {
            folder: path.rsplit('/').next().unwrap_or(path).to_owned(),
            kept: kept.collect(),
            contents: contents.collect(),
            ..Self::default()
        }
    }
}

fn below<'a, T>(map: &'a BTreeMap<String, T>, prefix: &'a str) -> impl Iterator<Item = (String, &'a T)> {
    map.range(prefix.to_owned()..)
        .map_while(move |(path, value)| path.strip_prefix(prefix).map(|path| (path.to_owned(), value)))
}

/// Whether the file at this path below a chart's folder has to be kept: files that Helm parses when
/// it loads a chart, and charts packed inside (`charts/x.tgz`, and the same below `charts/NAME/`).
pub(super) fn is_kept(path: &str) -> bool {
    match path.split_once('/') {
        None => matches!(
            path,
            "Chart.yaml"
                | "requirements.yaml"
                | "values.yaml"
                | "Chart.lock"
                | "requirements.lock"
                | "values.schema.json"
        ),
        Some(("charts", rest)) => match rest.split_once('/') {
            None => rest.ends_with(".tgz"),
            Some((_, deeper)) => is_kept(deeper),
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
            "Chart.lock",
            "charts/a/Chart.yaml",
            "charts/a/values.yaml",
            "charts/a/requirements.lock",
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
