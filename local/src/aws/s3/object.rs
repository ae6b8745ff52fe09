//! An object, and everything that S3 stores with it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::checksums::Checksums;
use super::md5::md5_hex;
use super::storage::Storage;

/// An object, with everything that S3 stores with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Object {
    /// The content.
    #[serde(skip)]
    pub bytes: Bytes,
    /// The ETag without quotes: the MD5 in hex, or `MD5-of-MD5s-N` after a multipart upload.
    pub etag: String,
    /// When it was written.
    pub last_modified: SystemTime,
    /// Content-Type and similar headers.
    pub headers: Headers,
    /// User metadata (`x-amz-meta-…`), with lower-case names without the prefix.
    pub metadata: BTreeMap<String, String>,
    /// The checksums that the writer sent, or CRC64NVME, which S3 computes by default.
    pub checksums: Checksums,
    /// How it is stored, which decides whether it can be read.
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

/// An object as a writer sends it.
pub(crate) struct NewObject {
    pub(crate) bytes: Bytes,
    pub(crate) headers: Headers,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) checksums: Checksums,
    pub(crate) storage: Storage,
    /// The ETag of a multipart upload; `None` for the MD5 of the bytes.
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
