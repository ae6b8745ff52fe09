//! The archives of a repository: listed, and read with one set of limits.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::{MAX_LISTED, Repositories};
use crate::archive::{self, Archive, ArchiveError, Limits};
use crate::digest::Digest;
use crate::keys::{ChartFile, Repository};
use crate::size::Size;
use crate::store::{ETag, Got, Listed, Object, StoreError};

/// User metadata of a published archive: which upload it came from.
const UPLOAD_METADATA: &str = "chartdrop-upload";
/// User metadata of an archive whose version had been unpublished: see [`Marks::returned_after`].
const RETURNED_METADATA: &str = "chartdrop-returned-after";
/// User metadata of an archive that was repaired: by which upload.
const REPAIRED_METADATA: &str = "chartdrop-repaired-by";

/// What the user metadata of a published archive says of how it came there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The upload that it came from.
    pub(crate) upload: Option<String>,
    /// Which removal of its version the publisher knew of when it stored the archive.
    ///
    /// An archive without it, or with another removal's, is the one that was unpublished and is
    /// about to be deleted. An index that listed it would soon promise bytes that are gone.
    pub(crate) returned_after: Option<String>,
    /// The upload that repaired it.
    pub(crate) repaired_by: Option<String>,
}

impl Marks {
    /// Reads them.
    pub(crate) fn of(metadata: &HashMap<String, String>) -> Self {
        Self {
            upload: metadata.get(UPLOAD_METADATA).cloned(),
            returned_after: metadata.get(RETURNED_METADATA).cloned(),
            repaired_by: metadata.get(REPAIRED_METADATA).cloned(),
        }
    }

    /// The user metadata of an archive that has them.
    pub(crate) fn into_metadata(self) -> HashMap<String, String> {
        let marks = [
            (UPLOAD_METADATA, self.upload),
            (RETURNED_METADATA, self.returned_after),
            (REPAIRED_METADATA, self.repaired_by),
        ];
        let marks = marks.into_iter();
        marks
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

/// What a read of a published archive came to.
#[derive(Debug)]
pub(crate) enum PublishedArchive {
    /// S3 said that there is none under that key.
    Missing,
    /// It was read.
    Known(Box<KnownArchive>),
    /// It has more bytes than are read.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// Which state this is.
        etag: ETag,
    },
    /// Its bytes are no archive that can be read.
    Unreadable {
        /// Why.
        error: ArchiveError,
        /// SHA-256 of its bytes.
        digest: Digest,
        /// Which state this is.
        etag: ETag,
        /// How it came there.
        marks: Marks,
    },
}

/// A published archive that was read.
#[derive(Debug)]
pub(crate) struct KnownArchive {
    /// What it holds, with its digest.
    pub(crate) archive: Archive,
    /// How it came there.
    pub(crate) marks: Marks,
    /// Which state this is.
    pub(crate) etag: ETag,
    /// When it was stored.
    pub(crate) stored: Timestamp,
}

impl PublishedArchive {
    fn of(object: &Object, limits: &Limits) -> Self {
        let (marks, etag) = (Marks::of(&object.metadata), object.etag.clone());
        match archive::read_published(&object.bytes, limits) {
            Ok(archive) => Self::Known(Box::new(KnownArchive {
                archive,
                marks,
                etag,
                stored: object.modified,
            })),
            Err(error) => Self::Unreadable {
                error,
                digest: Digest::of(&object.bytes),
                etag,
                marks,
            },
        }
    }

    /// Whether there is none.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// What it holds, if it was read.
    pub(crate) fn archive(&self) -> Option<&Archive> {
        match self {
            Self::Known(known) => Some(&known.archive),
            _ => None,
        }
    }

    /// SHA-256 of its bytes, unless there are none or too many.
    pub(crate) fn digest(&self) -> Option<Digest> {
        match self {
            Self::Known(known) => Some(known.archive.digest),
            Self::Unreadable { digest, .. } => Some(*digest),
            Self::Missing | Self::TooLarge { .. } => None,
        }
    }

    /// Which state was looked at, if there is one.
    pub(crate) fn etag(&self) -> Option<&ETag> {
        match self {
            Self::Known(known) => Some(&known.etag),
            Self::TooLarge { etag, .. } | Self::Unreadable { etag, .. } => Some(etag),
            Self::Missing => None,
        }
    }

    /// How it came there, as far as that is known.
    pub(crate) fn marks(&self) -> Option<&Marks> {
        match self {
            Self::Known(known) => Some(&known.marks),
            Self::Unreadable { marks, .. } => Some(marks),
            Self::Missing | Self::TooLarge { .. } => None,
        }
    }

    /// Why it cannot be read, in words, if it is there and cannot be.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Self::TooLarge { size, .. } => Some(format!("it has {}, which is too large to read", Size(*size))),
            Self::Unreadable { error, .. } => Some(error.to_string()),
            Self::Missing | Self::Known(_) => None,
        }
    }

    /// Whether Helm cannot load it either, as far as that can be known here.
    pub(crate) fn stops_helm(&self) -> bool {
        matches!(self, Self::Unreadable { error, .. } if error.stops_helm())
    }
}

impl Repositories {
    /// The archives of a repository, without those of the repositories in folders below.
    pub(crate) async fn archives(&self, repository: &Repository) -> Result<Vec<(ChartFile, Listed)>, StoreError> {
        let prefix = repository.charts_prefix();
        let listed = self.store.list_folder(&prefix, MAX_LISTED).await?;
        let archives = listed.into_iter().filter_map(|object| {
            let file_name = object.key.strip_prefix(&prefix)?;
            Some((ChartFile::new(repository, file_name)?, object))
        });
        Ok(archives.collect())
    }

    /// What is published under this key.
    pub(crate) async fn read_archive(&self, key: &str) -> Result<PublishedArchive, StoreError> {
        let (archive, _) = self.read_archive_with_bytes(key).await?;
        Ok(archive)
    }

    /// The same with the archive's bytes; none of one that is missing or too large.
    pub(crate) async fn read_archive_with_bytes(&self, key: &str) -> Result<(PublishedArchive, Bytes), StoreError> {
        let limits = Limits::of_published();
        Ok(match self.store.get(key, limits.unpacked_bytes).await? {
            Got::Missing => (PublishedArchive::Missing, Bytes::new()),
            Got::TooLarge { size, etag, .. } => (PublishedArchive::TooLarge { size, etag }, Bytes::new()),
            Got::Found(object) => (PublishedArchive::of(&object, &limits), object.bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_metadata_says_what_it_was_made_of() {
        let marks = Marks {
            upload: Some("2026-11-23T12:00:00Z abc".to_owned()),
            returned_after: Some("2026-11-22T12:00:00Z".to_owned()),
            repaired_by: None,
        };
        let metadata = marks.clone().into_metadata();
        assert_eq!(metadata.len(), 2);
        assert_eq!(Marks::of(&metadata), marks);
        assert_eq!(Marks::of(&HashMap::new()), Marks::default());
    }
}
