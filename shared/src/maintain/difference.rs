//! A difference between an index and the archives, and how it is repaired.

use serde::Serialize;

use crate::index::{Entry, EntryPosition};
use crate::keys::Repository;

/// One difference.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// Its kind.
    pub kind: Kind,
    /// The key of the object that it is about.
    pub key: String,
    /// The chart, as far as it is known.
    pub chart: Option<String>,
    /// The version, as far as it is known.
    pub version: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
    /// How `reindex` repairs it.
    #[serde(skip)]
    pub(super) repair: Repair,
}

/// The kinds of differences, with short, stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// There is no index, although archives exist or were published.
    IndexMissing,
    /// The index was lost and rebuilt, and nobody has confirmed the result yet.
    IndexRebuilt,
    /// Helm could not load the index.
    IndexUnreadable,
    /// A part of a damaged index, such as an entry, is unreadable or Helm could not load it.
    EntryUnreadable,
    /// The index lists an archive that does not exist.
    ArchiveMissing,
    /// No entry points to an archive.
    NotListed,
    /// No entry points to an archive, which is unsigned although signatures are required.
    Unsigned,
    /// An archive exists, but the entry for its version points elsewhere.
    ListedElsewhere,
    /// A version was published according to its receipt, but it is not in the index and has no
    /// archive.
    EntryLost,
    /// The archive has another digest than its entry: it was damaged or tampered with.
    Digest,
    /// The entry has no digest to compare.
    NoDigest,
    /// The archive is of another chart or version than its entry.
    OtherChart,
    /// The archive's name does not match its chart and version.
    FileName,
    /// The entry has no URL.
    NoUrl,
    /// A version is listed more than once.
    ListedTwice,
    /// The archive is unreadable. The message says whether Helm cannot load it either.
    UnreadableArchive,
    /// The version was unpublished, but its archive still exists.
    UnpublishUnfinished,
    /// The edge serves other bytes than those that are listed.
    EdgeDigest,
    /// The edge does not serve an object that exists.
    EdgeMissing,
    /// The edge did not give an answer that can be compared.
    EdgeUnreachable,
}

impl Difference {
    /// Creates a difference of an index as a whole, for a person to repair.
    pub(super) fn of_index(repository: &Repository, kind: Kind, message: String) -> Self {
        Self {
            kind,
            key: repository.index_key(),
            chart: None,
            version: None,
            message,
            repair: Repair::None,
        }
    }
}

/// How a difference is repaired.
#[derive(Debug, Clone)]
pub(super) enum Repair {
    /// Not without a person.
    None,
    /// The entry is removed.
    Remove(EntryPosition),
    /// The entry is replaced by the one that follows from the archive.
    Replace(EntryPosition, Box<Entry>),
    /// The entry that follows from the archive is added.
    Add(Box<Entry>),
    /// An annotation of the index is set to this.
    Note(String, String),
}
