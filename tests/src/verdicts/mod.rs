//! Compares Chartdrop's verdicts on chart archives and indexes with those of Helm 3 and Helm 4.
//!
//! A [`Judge`] owns one process of each Helm (`tests/verdicts`, with Helm's own library) and
//! compares one file after the other (`archive`, `index`). A table lists the allowed differences
//! and their reasons ([`allowed`]); `docs/stricter-than-helm.md` repeats it. The program
//! `compare-verdicts` compares folders of real files. [`corpus`] has small ones, built in memory,
//! for every row of the table.

pub mod allowed;
mod archive;
pub mod corpus;
mod index;
mod oracle;
pub mod summary;
mod why_slow;

use std::path::{Path, PathBuf};

pub use oracle::{Oracle, Programs};

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A chart archive.
    Archive,
    /// A repository's index.
    Index,
}

impl Kind {
    /// The kind of the file with this name, if it is one of these.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "tgz" => Some(Kind::Archive),
            "yaml" | "yml" | "json" => Some(Kind::Index),
            _ => None,
        }
    }
}

/// A difference between Chartdrop and a Helm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The kind of difference. Each row of the table is for one class.
    pub class: String,
    /// The two results.
    pub detail: String,
}

/// The result of comparing one file.
#[derive(Debug)]
pub struct Comparison {
    /// The file.
    pub path: PathBuf,
    /// All differences.
    pub differences: Vec<Difference>,
    /// Facts for the statistics.
    pub facts: Facts,
}

/// Facts about a file, for the statistics.
#[derive(Debug)]
pub enum Facts {
    /// Facts about an archive.
    Archive {
        /// The verdict.
        verdict: Verdict,
        /// The size of its entry as one line of JSON, in bytes, if Chartdrop lists it.
        entry_bytes: Option<usize>,
    },
    /// Facts about an index.
    Index {
        /// The verdict.
        verdict: Verdict,
        /// The number of versions that it lists.
        versions: usize,
        /// The size of its largest entry as one line of JSON, in bytes, with its chart and version.
        largest: Option<(usize, String)>,
        /// How a version is added to it.
        path: Option<EditPath>,
    },
}

/// Who accepts a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Both Helms and Chartdrop accept it.
    AllAccept,
    /// Both Helms and Chartdrop reject it.
    AllReject,
    /// One Helm and Chartdrop reject it.
    HelmsDisagree,
    /// Both Helms accept it, Chartdrop rejects it.
    Stricter,
    /// Chartdrop accepts it, a Helm rejects it.
    Laxer,
}

impl Verdict {
    fn of(helms: [bool; 2], chartdrop: bool) -> Self {
        match (helms, chartdrop) {
            ([true, true], true) => Verdict::AllAccept,
            ([true, true], false) => Verdict::Stricter,
            (_, true) => Verdict::Laxer,
            ([false, false], false) => Verdict::AllReject,
            (_, false) => Verdict::HelmsDisagree,
        }
    }
}

/// How an index is edited.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EditPath {
    /// In place, without writing the other entries again.
    Fast,
    /// The whole index is written again, for this reason.
    Slow(String),
}

/// Compares one file after the other.
pub struct Judge {
    helms: [Oracle; 2],
    scratch: tempfile::TempDir,
}

impl Judge {
    /// Starts a process of each Helm.
    pub fn start(programs: &Programs) -> Self {
        Judge {
            helms: programs.start(),
            scratch: tempfile::TempDir::new().expect("a temporary folder"),
        }
    }

    /// Compares one file.
    pub fn compare(&mut self, path: &Path, kind: Kind) -> Comparison {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (differences, facts) = match kind {
            Kind::Archive => archive::compare(&mut self.helms, path, &bytes),
            Kind::Index => index::compare(&mut self.helms, path, bytes.into(), self.scratch.path()),
        };
        Comparison {
            path: path.to_owned(),
            differences,
            facts,
        }
    }
}

fn difference(class: impl Into<String>, detail: impl Into<String>) -> Difference {
    let mut detail = detail.into();
    if let Some((at, _)) = detail.char_indices().nth(400) {
        detail.truncate(at);
        detail.push('…');
    }
    Difference {
        class: class.into(),
        detail,
    }
}
