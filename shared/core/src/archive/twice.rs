//! Explains why a path occurs twice in an archive with different content.
//!
//! Usually `helm package` is the cause: it unpacks `charts/common-1.0.0.tgz` and
//! `charts/common-2.0.0.tgz` into the same folder `charts/common`. Helm renders a mix of the two,
//! without a warning.

use std::fmt;

use super::ArchiveError;
use super::error::start;
use super::files::Files;
use crate::chart::{Lock, Metadata};

/// Two versions of a dependency in one folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DependencyTwice {
    /// The dependency.
    pub name: String,
    /// The version in one of them.
    pub first: String,
    /// The version in the other, which may be the same.
    pub second: String,
    /// The file that names each of the two.
    pub named: Option<(&'static str, String)>,
    /// What to delete: one file, or one of two.
    pub delete: Vec<String>,
}

impl fmt::Display for DependencyTwice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, first, second) = (&self.name, start(&self.first), start(&self.second));
        write!(f, "the archive contains the dependency {name:?} ")?;
        if first == second {
            write!(f, "{first} twice, with different content")?;
        } else {
            write!(f, "in two versions, {first} and {second}")?;
        }
        let delete = self.delete.join(" or ");
        write!(
            f,
            ", in one folder. `helm package` makes such an archive if charts/ has the dependency twice, and Helm renders a mix of both. Delete {delete}"
        )?;
        if let Some((file, version)) = self.named.as_ref().filter(|_| first != second) {
            write!(f, " ({file} has {})", start(version))?;
        }
        f.write_str(", and package again")
    }
}

/// The reason for a person, with the file to delete.
pub(super) fn explain(files: &Files, path: &str) -> ArchiveError {
    dependency_twice(files, path).unwrap_or_else(|| ArchiveError::Twice {
        path: format!("{}/{path}", files.folder),
    })
}

fn dependency_twice(files: &Files, path: &str) -> Option<ArchiveError> {
    let (parent, name) = innermost(path)?;
    let folder = format!("{parent}charts/{name}");
    let chart_yaml = format!("{folder}/Chart.yaml");
    let mut versions: Vec<String> = files.all(&chart_yaml).filter_map(version).collect();
    versions.dedup();
    let mut versions = versions.into_iter();
    let (first, second) = (versions.next()?, versions.next());
    let second = second.unwrap_or_else(|| first.clone());
    let named = named(files, parent, name).filter(|(_, version)| [&first, &second].contains(&version));
    let (named_in, named) = named.unzip();
    let file = |version: &String| format!("{folder}-{version}.tgz");
    let delete = match &named {
        _ if first == second => vec![folder.clone(), file(&first)],
        Some(named) => [&first, &second]
            .into_iter()
            .filter(|version| *version != named)
            .map(file)
            .collect(),
        None => vec![file(&first), file(&second)],
    };
    Some(ArchiveError::DependencyTwice(Box::new(DependencyTwice {
        name: name.to_owned(),
        first,
        second,
        named: named_in.zip(named),
        delete,
    })))
}

/// `charts/a/charts/b/x` is of the chart `b` below `charts/a/`.
fn innermost(path: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    let mut found = None;
    while let Some(rest) = path.get(at..)?.strip_prefix("charts/") {
        let (name, _) = rest.split_once('/')?;
        found = Some((path.get(..at)?, name));
        at += "charts/".len() + name.len() + 1;
    }
    found
}

fn version(chart_yaml: &[u8]) -> Option<String> {
    let chart = Metadata::from_chart_yaml(chart_yaml).ok()?;
    Some(chart.metadata.version).filter(|version| !version.is_empty())
}

/// The version that the parent requires, and which of its files says so.
fn named(files: &Files, parent: &str, name: &str) -> Option<(&'static str, String)> {
    let locked = |file: &'static str| {
        let lock = Lock::read(files.last(&format!("{parent}{file}"))?).ok()?;
        let mut of_name = lock
            .dependencies
            .into_iter()
            .filter(|dependency| dependency.name == name);
        // An alias may require another version of the same chart.
        let one = of_name.next().filter(|_| of_name.next().is_none())?;
        Some((file, one.version))
    };
    locked("Chart.lock").or_else(|| locked("requirements.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_of_a_path_is_the_innermost_one() {
        assert_eq!(innermost("charts/a/Chart.yaml"), Some(("", "a")));
        assert_eq!(innermost("charts/a/charts/b/templates/x"), Some(("charts/a/", "b")));
        assert_eq!(innermost("charts/a/files/charts/b/x"), Some(("", "a")));
        for path in ["values.yaml", "charts/a.tgz", "templates/charts/a/x"] {
            assert_eq!(innermost(path), None, "{path}");
        }
    }
}
