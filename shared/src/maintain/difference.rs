//! A difference between an index and the archives, and how it is repaired.

use serde::Serialize;

use crate::index::{Entry, EntryPosition};
use crate::keys::Repository;

/// One difference.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// What kind it is.
    pub kind: Kind,
    /// The object that it is about.
    pub key: String,
    /// The chart, as far as it is known.
    pub chart: Option<String>,
    /// The version, as far as it is known.
    pub version: Option<String>,
    /// What is wrong and what to do, in words.
    pub message: String,
    /// What `reindex` does about it.
    #[serde(skip)]
    pub(super) repair: Repair,
}

/// The kinds of differences, as short stable words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// There is no index, although archives are or were published.
    IndexMissing,
    /// The index was lost once and rebuilt, and no person has looked at it since.
    IndexRebuilt,
    /// The index is there, but Helm could not load it.
    IndexUnreadable,
    /// An entry, or another part, of a damaged index can't be read, or Helm could not load it.
    EntryUnreadable,
    /// The index lists an archive that is gone.
    ArchiveMissing,
    /// An archive is there that no entry points to.
    NotListed,
    /// An archive is there that no entry points to, and it is not signed although each has to be.
    Unsigned,
    /// An archive is there, but the entry for its version points elsewhere.
    ListedElsewhere,
    /// A receipt says that the version was published, but the index does not list it, and there is
    /// no archive.
    EntryLost,
    /// The archive has another digest than its entry: it was damaged or tampered with.
    Digest,
    /// The entry has no digest that could be compared.
    NoDigest,
    /// The archive is of another chart or version than its entry.
    OtherChart,
    /// The archive is called otherwise than its chart and version say.
    FileName,
    /// The entry says nowhere where its archive is.
    NoUrl,
    /// A version is listed more than once.
    ListedTwice,
    /// The archive cannot be read. Its message says whether Helm cannot load it either.
    UnreadableArchive,
    /// The version was unpublished, but its archive is still there.
    UnpublishUnfinished,
    /// The edge serves other bytes than those that are listed.
    EdgeDigest,
    /// The edge does not serve what is there.
    EdgeMissing,
    /// The edge gave no answer that could be compared.
    EdgeUnreachable,
}

impl Difference {
    /// About an index as a whole, for a person to repair.
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

/// What repairs a difference.
#[derive(Debug, Clone)]
pub(super) enum Repair {
    /// Nothing that can be done without a person.
    None,
    /// The entry goes.
    Remove(EntryPosition),
    /// The entry goes, and what the archive says comes.
    Replace(EntryPosition, Box<Entry>),
    /// What the archive says comes.
    Add(Box<Entry>),
    /// A note of the index becomes this one.
    Note(String, String),
}
