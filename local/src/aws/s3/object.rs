//! An object, and everything that S3 keeps about it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::checksums::Checksums;
use super::md5::md5_hex;
use super::storage::Storage;

/// An object with everything that S3 keeps about it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Object {
    /// The content.
    #[serde(skip)]
    pub bytes: Bytes,
    /// Without quotes: MD5 in hex, or `MD5-of-MD5s-N` after a multipart upload.
    pub etag: String,
    /// When it was written.
    pub last_modified: SystemTime,
    /// Content-Type and its relatives.
    pub headers: Headers,
    /// User metadata (`x-amz-meta-…`), names in lower case and without the prefix.
    pub metadata: BTreeMap<String, String>,
    /// What the writer sent, or CRC64NVME as S3 computes it by default.
    pub checksums: Checksums,
    /// Whether its bytes can be had.
    #[serde(default)]
    pub storage: Storage,
}

/// The HTTP headers that S3 stores with an object and returns with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the HTTP header of that name")]
pub struct Headers {
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub expires: Option<String>,
}

/// What a writer brings.
pub(crate) struct NewObject {
    pub(crate) bytes: Bytes,
    pub(crate) headers: Headers,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) checksums: Checksums,
    pub(crate) storage: Storage,
    /// Overrides the MD5 of the bytes, for multipart uploads.
    pub(crate) etag: Option<String>,
}

impl NewObject {
    pub(super) fn into_object(self) -> Object {
        let etag = self.etag.unwrap_or_else(|| md5_hex(&self.bytes));
        Object {
            etag,
            last_modified: SystemTime::now(),
            headers: self.headers,
            metadata: self.metadata,
            checksums: self.checksums.or_default_of(&self.bytes),
            storage: self.storage,
            bytes: self.bytes,
        }
    }
}
