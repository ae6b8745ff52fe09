//! The state of an upload while it is prepared: a candidate for the index, or decided.

use super::upload::Upload;
use crate::archive::Archive;
use crate::digest::Digest;
use crate::publish::checks::provenance::LateProvenance;
use crate::publish::decided::Decided;

/// The result of preparing an upload.
#[derive(Debug)]
pub(in crate::publish) enum Prepared {
    /// Its archive is stored; the index has to list it.
    Candidate(Box<Candidate>),
    /// Its outcome no longer depends on the index.
    Decided(Box<Decided>),
    /// Only its provenance file is there, or was.
    Late(LateProvenance),
    /// The upload is gone.
    Gone,
}

impl Prepared {
    /// The bytes that its metadata takes in an index, which indicates its memory.
    pub(in crate::publish) fn listed_bytes(&self) -> usize {
        let archive = match self {
            Self::Candidate(candidate) => Some(&candidate.archive),
            Self::Decided(decided) => decided.archive.as_ref(),
            Self::Late(_) | Self::Gone => None,
        };
        archive.map_or(0, |archive| archive.listed_bytes)
    }
}

/// An upload whose archive is stored.
#[derive(Debug)]
pub(in crate::publish) struct Candidate {
    pub(in crate::publish) upload: Upload,
    /// The stored archive: the upload's own, or an earlier packaging of the same content.
    pub(in crate::publish) archive: Archive,
    /// Where it is stored.
    pub(in crate::publish) key: String,
    pub(in crate::publish) origin: Origin,
    /// If its version had been unpublished: the removal after which the archive was stored.
    pub(in crate::publish) returned_after: Option<String>,
    /// The index listed it, but the archive was missing: whatever deleted the archive may have
    /// removed the entry since.
    pub(in crate::publish) restored: bool,
    /// Added from staging after a lost race: its own run reports it, unless this one lists it.
    pub(in crate::publish) was_waiting: bool,
}

impl Candidate {
    /// The upload as decided if the index must not list it, with the digest of its own archive.
    pub(in crate::publish) fn withdrawn(self, own: Digest) -> (Upload, Archive) {
        let archive = Archive {
            digest: own,
            ..self.archive
        };
        (self.upload, archive)
    }
}

/// The origin of a candidate's stored archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::publish) enum Origin {
    /// This very upload, in this run or one that was killed.
    ThisUpload,
    /// An earlier upload.
    EarlierUpload,
}
