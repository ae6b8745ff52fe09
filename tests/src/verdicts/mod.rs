//! Chartdrop's verdict on chart archives and indexes, held against that of both Helms.
//!
//! A [`Judge`] owns one process of each Helm (`tests/verdicts`, Helm's own library) and compares
//! file after file (`archive`, `index`). What may differ, and why, is a table ([`allowed`]) that
//! `docs/stricter-than-helm.md` repeats. The program `compare-verdicts` does this with folders of
//! real files; [`corpus`] has small ones, made in memory, that reach every row of the table.

pub mod allowed;
mod archive;
pub mod corpus;
mod index;
mod oracle;
pub mod summary;
mod why_slow;

use std::path::{Path, PathBuf};

pub use oracle::{Oracle, Programs};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A chart archive.
    Archive,
    /// A repository's index.
    Index,
}

impl Kind {
    /// What a file of this name is, if it is one of them.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "tgz" => Some(Kind::Archive),
            "yaml" | "yml" | "json" => Some(Kind::Index),
            _ => None,
        }
    }
}

/// Something that Chartdrop sees otherwise than a Helm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The kind of difference: a row of the table is about one class.
    pub class: String,
    /// What each of them says.
    pub detail: String,
}

/// What the comparison of one file came to.
#[derive(Debug)]
pub struct Comparison {
    /// The file.
    pub path: PathBuf,
    /// All differences; none is the aim.
    pub differences: Vec<Difference>,
    /// What was seen on the way.
    pub facts: Facts,
}

/// What is worth counting of a file.
#[derive(Debug)]
pub enum Facts {
    /// Of an archive.
    Archive {
        /// The verdict.
        verdict: Verdict,
        /// Bytes of its entry as one line of JSON text, if Chartdrop lists it.
        entry_bytes: Option<usize>,
    },
    /// Of an index.
    Index {
        /// The verdict.
        verdict: Verdict,
        /// How many versions it lists.
        versions: usize,
        /// Bytes of its largest entry as one line of JSON text, and which one it is.
        largest: Option<(usize, String)>,
        /// Whether a version is put in without writing the rest anew, and if not, why.
        path: Option<EditPath>,
    },
}

/// Who accepts a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Both Helms and Chartdrop.
    AllAccept,
    /// None of them.
    AllReject,
    /// One Helm does not, and so Chartdrop does not.
    HelmsDisagree,
    /// Both Helms do, Chartdrop does not.
    Stricter,
    /// Chartdrop does, a Helm does not.
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
    /// In place.
    Fast,
    /// Written anew, for this reason.
    Slow(String),
}

/// Compares file after file.
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
