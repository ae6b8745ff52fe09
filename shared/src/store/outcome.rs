//! What S3's answers come to: the outcomes that callers must distinguish, each as a type.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;

use crate::digest::Digest;

/// Which state of an object was read: what a compare-and-swap compares.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(pub(super) String);

impl ETag {
    /// The tag without the quotes around it, as S3's events and receipts have it.
    pub fn unquoted(&self) -> &str {
        self.0.trim_matches('"')
    }
}

/// An object that was read.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its bytes.
    pub bytes: Bytes,
    /// Which state this is.
    pub etag: ETag,
    /// When this state was written; S3 knows whole seconds.
    pub modified: Timestamp,
    /// Its user metadata, names without `x-amz-meta-`.
    pub metadata: HashMap<String, String>,
    /// Which of its versions this is, in a bucket that keeps versions.
    pub version: Option<String>,
}

/// What a read came to.
#[derive(Debug)]
pub enum Got {
    /// The object.
    Found(Object),
    /// S3 said that there is no such key.
    Missing,
    /// The object is larger than asked for; its bytes were not read.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// Which state this is.
        etag: ETag,
        /// When this state was written.
        modified: Timestamp,
    },
}

/// What a create came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The object is there now, and was not before.
    New,
    /// An object of that key is there already, and stays.
    Exists,
}

/// What a compare-and-swap came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaced {
    /// The object has the new bytes.
    Done,
    /// Another writer replaced it since it was read: read again.
    LostRace,
}

/// What S3 says of an object without its bytes.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// Which state this is.
    pub etag: ETag,
    /// SHA-256 of its bytes, if it was written with it ([`Store::create`](super::Store::create)
    /// does).
    pub digest: Option<Digest>,
    /// Its user metadata, names without `x-amz-meta-`.
    pub metadata: HashMap<String, String>,
}

/// What S3 says of an object, even of one that cannot be read.
#[derive(Debug, Clone)]
pub struct Described {
    /// Which state this is.
    pub etag: ETag,
    /// When this state was written.
    pub modified: Timestamp,
    /// Which of its versions this is, in a bucket that keeps versions.
    pub version: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// Its user metadata, names without `x-amz-meta-`.
    pub metadata: HashMap<String, String>,
    /// The storage class, if its bytes have to be restored from an archive before they can be read.
    pub archived: Option<String>,
    /// Whether its bytes are encrypted with a key in KMS.
    pub by_kms: bool,
}

/// An object as a listing names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Which state it is in.
    pub etag: ETag,
    /// When it was written last.
    pub modified: Timestamp,
    /// Its size in bytes.
    pub size: u64,
}
