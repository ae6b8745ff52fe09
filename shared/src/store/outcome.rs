//! The results of S3 requests: the outcomes that callers must distinguish, each as a type.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;

use crate::digest::Digest;

/// Identifies the state of an object that was read; a compare-and-swap compares it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(pub(super) String);

impl ETag {
    /// The ETag without quotes, as in S3's events and in receipts.
    pub fn unquoted(&self) -> &str {
        self.0.trim_matches('"')
    }
}

/// An object that was read.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its bytes.
    pub bytes: Bytes,
    /// Identifies this state.
    pub etag: ETag,
    /// When this state was written. S3 has whole seconds.
    pub modified: Timestamp,
    /// Its user metadata, names without `x-amz-meta-`.
    pub metadata: HashMap<String, String>,
    /// The version ID, in a bucket with versioning.
    pub version: Option<String>,
}

/// The result of a read.
#[derive(Debug)]
pub enum Got {
    /// The object.
    Found(Object),
    /// S3 reported that there is no such key.
    Missing,
    /// The object is larger than requested. Its bytes were not read.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// Identifies this state.
        etag: ETag,
        /// When this state was written.
        modified: Timestamp,
    },
}

/// The result of a create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The object was created.
    New,
    /// An object of that key already exists, and stays.
    Exists,
}

/// The result of a compare-and-swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaced {
    /// The object has the new bytes.
    Done,
    /// Another writer replaced the object since it was read; it has to be read again.
    LostRace,
}

/// What S3 knows about an object without its bytes.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// Identifies this state.
    pub etag: ETag,
    /// SHA-256 of its bytes, if it was written with it, as [`Store::create`](super::Store::create)
    /// does.
    pub digest: Option<Digest>,
    /// Its user metadata, names without `x-amz-meta-`.
    pub metadata: HashMap<String, String>,
}

/// What S3 knows about an object, even one that cannot be read.
#[derive(Debug, Clone)]
pub struct Described {
    /// Identifies this state.
    pub etag: ETag,
    /// When this state was written.
    pub modified: Timestamp,
    /// The version ID, in a bucket with versioning.
    pub version: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// Its user metadata, names without `x-amz-meta-`.
    pub metadata: HashMap<String, String>,
    /// The storage class, if the object must be restored before it can be read.
    pub archived: Option<String>,
    /// Whether its bytes are encrypted with a KMS key.
    pub by_kms: bool,
}

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Identifies its state.
    pub etag: ETag,
    /// When it was last written.
    pub modified: Timestamp,
    /// Its size in bytes.
    pub size: u64,
}
