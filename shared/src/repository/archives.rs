//! The archives of a repository: listed and read, always with the same limits.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::{MAX_LISTED, Repositories};
use crate::archive::{self, Archive, ArchiveError, Limits};
use crate::digest::Digest;
use crate::keys::{ChartFile, Repository};
use crate::size::Size;
use crate::store::{ETag, Got, Listed, Object, StoreError};

/// User metadata of a published archive: the upload it came from.
const UPLOAD_METADATA: &str = "chartdrop-upload";
/// User metadata of an archive whose version had been unpublished; see [`Marks::returned_after`].
const RETURNED_METADATA: &str = "chartdrop-returned-after";
/// User metadata of an archive that was repaired: the upload that repaired it.
const REPAIRED_METADATA: &str = "chartdrop-repaired-by";

/// The origin of a published archive, from its user metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The upload it came from.
    pub(crate) upload: Option<String>,
    /// The removal of its version that the publisher knew about when it stored the archive.
    ///
    /// An archive without this, or with another removal's, is the one that was unpublished and is
    /// about to be deleted. An index that listed it would promise bytes that are soon gone.
    pub(crate) returned_after: Option<String>,
    /// The upload that repaired it.
    pub(crate) repaired_by: Option<String>,
}

impl Marks {
    /// Reads them from user metadata.
    pub(crate) fn of(metadata: &HashMap<String, String>) -> Self {
        Self {
            upload: metadata.get(UPLOAD_METADATA).cloned(),
            returned_after: metadata.get(RETURNED_METADATA).cloned(),
            repaired_by: metadata.get(REPAIRED_METADATA).cloned(),
        }
    }

    /// Writes them as user metadata.
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

/// The result of reading a published archive.
#[derive(Debug)]
pub(crate) enum PublishedArchive {
    /// S3 reported that there is no such key.
    Missing,
    /// The archive was read.
    Known(Box<KnownArchive>),
    /// The archive is larger than what is read.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// Identifies the state that was read.
        etag: ETag,
    },
    /// The bytes are not a readable archive.
    Unreadable {
        /// Why not.
        error: ArchiveError,
        /// SHA-256 of the bytes.
        digest: Digest,
        /// Identifies the state that was read.
        etag: ETag,
        /// Its origin.
        marks: Marks,
    },
}

/// A published archive that was read.
#[derive(Debug)]
pub(crate) struct KnownArchive {
    /// Its contents and digest.
    pub(crate) archive: Archive,
    /// Its origin.
    pub(crate) marks: Marks,
    /// Identifies the state that was read.
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

    /// Whether the archive is missing.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// Its contents, if it was read.
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

    /// Identifies the state that was read, if the archive exists.
    pub(crate) fn etag(&self) -> Option<&ETag> {
        match self {
            Self::Known(known) => Some(&known.etag),
            Self::TooLarge { etag, .. } | Self::Unreadable { etag, .. } => Some(etag),
            Self::Missing => None,
        }
    }

    /// Its origin, as far as it is known.
    pub(crate) fn marks(&self) -> Option<&Marks> {
        match self {
            Self::Known(known) => Some(&known.marks),
            Self::Unreadable { marks, .. } => Some(marks),
            Self::Missing | Self::TooLarge { .. } => None,
        }
    }

    /// Why it cannot be read, if it exists and is unreadable.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Self::TooLarge { size, .. } => Some(format!("it has {}, which is too large to read", Size(*size))),
            Self::Unreadable { error, .. } => Some(error.to_string()),
            Self::Missing | Self::Known(_) => None,
        }
    }

    /// Whether Helm cannot load it either, as far as this can be known here.
    pub(crate) fn stops_helm(&self) -> bool {
        matches!(self, Self::Unreadable { error, .. } if error.stops_helm())
    }
}

impl Repositories {
    /// Lists the archives of a repository, without those of repositories in folders below.
    pub(crate) async fn archives(&self, repository: &Repository) -> Result<Vec<(ChartFile, Listed)>, StoreError> {
        let prefix = repository.charts_prefix();
        let listed = self.store.list_folder(&prefix, MAX_LISTED).await?;
        let archives = listed.into_iter().filter_map(|object| {
            let file_name = object.key.strip_prefix(&prefix)?;
            Some((ChartFile::new(repository, file_name)?, object))
        });
        Ok(archives.collect())
    }

    /// Reads the archive under this key.
    pub(crate) async fn read_archive(&self, key: &str) -> Result<PublishedArchive, StoreError> {
        let (archive, _) = self.read_archive_with_bytes(key).await?;
        Ok(archive)
    }

    /// Reads it and also returns its bytes, unless it is missing or too large.
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
