//! What an upload is on its way: a candidate for the index, or decided.

use super::upload::Upload;
use crate::archive::Archive;
use crate::digest::Digest;
use crate::publish::checks::provenance::LateProvenance;
use crate::publish::decided::Decided;

/// What preparing an upload came to.
#[derive(Debug)]
pub(in crate::publish) enum Prepared {
    /// Its archive is published; the index has to list it.
    Candidate(Box<Candidate>),
    /// Its outcome does not depend on the index any more.
    Decided(Box<Decided>),
    /// Only its provenance file is there, or was.
    Late(LateProvenance),
    /// It is not there.
    Gone,
}

impl Prepared {
    /// Bytes that the metadata of its archive takes in an index, and so a measure of its memory.
    pub(in crate::publish) fn listed_bytes(&self) -> usize {
        let archive = match self {
            Self::Candidate(candidate) => Some(&candidate.archive),
            Self::Decided(decided) => decided.archive.as_ref(),
            Self::Late(_) | Self::Gone => None,
        };
        archive.map_or(0, |archive| archive.listed_bytes)
    }
}

/// An upload whose archive is in place.
#[derive(Debug)]
pub(in crate::publish) struct Candidate {
    pub(in crate::publish) upload: Upload,
    /// The published archive: the upload's own, or an earlier packaging of the same content.
    pub(in crate::publish) archive: Archive,
    /// Where it is stored.
    pub(in crate::publish) key: String,
    pub(in crate::publish) origin: Origin,
    /// After which removal the published archive was stored, if its version had been taken back.
    pub(in crate::publish) returned_after: Option<String>,
    /// The index listed it, but there was no archive: what removed that may have taken it out of
    /// the index since.
    pub(in crate::publish) restored: bool,
    /// Taken along from staging after a lost race, not asked for: another run answers for it unless
    /// this one lists it.
    pub(in crate::publish) was_waiting: bool,
}

impl Candidate {
    /// The upload, which the index must not list after all, with the digest of its own archive.
    pub(in crate::publish) fn withdrawn(self, own: Digest) -> (Upload, Archive) {
        let archive = Archive {
            digest: own,
            ..self.archive
        };
        (self.upload, archive)
    }
}

/// Where the published archive of a candidate came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::publish) enum Origin {
    /// From this very upload, in this run or in one that was killed.
    ThisUpload,
    /// From an earlier one.
    EarlierUpload,
}
