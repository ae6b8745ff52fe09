//! The only module that talks to S3, with exactly the operations that the promises need.
//!
//! Why not the SDK's own operations? Each of these returns, as a type, the outcomes that its
//! callers must distinguish. A lost race ([`Replaced::LostRace`], [`Created::Exists`]) is an
//! outcome; an error is something that a retry may fix. Only a definite "no such key" is
//! [`Got::Missing`]; a denied or failed read never is.
//!
//! | verb | S3 | used for |
//! |---|---|---|
//! | [`Store::get`] | GetObject | uploads, the index with its version, published archives |
//! | [`Store::create`] | PutObject, `If-None-Match: *` | archives: once, never again |
//! | [`Store::repair`] | PutObject, `If-Match` | an archive that is not what its entry names |
//! | [`Store::replace`] | PutObject, `If-Match` or `If-None-Match: *` | the index and receipts: compare-and-swap |
//! | [`Store::copy`] | CopyObject | rejected uploads |
//! | [`Store::delete`] | DeleteObject, `If-Match` | uploads that have their outcome, archives that were unpublished |
//! | [`Store::pages`], [`Store::list`], [`Store::list_folder`] | ListObjectsV2 | sweeping, batching what waits; the archives of a repository |
//! | [`Store::head`], [`Store::inspect`], [`Store::describe`] | HeadObject | which state an object is in; an archive's digest without its bytes; what it takes to read it |

mod body;
mod condition;
mod error;
mod jitter;
mod outcome;
mod pages;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{AnnotationDirective, ChecksumMode, TaggingDirective};
use bytes::Bytes;
use jiff::Timestamp;

pub use error::{Fault, StoreError};
pub(crate) use jitter::jittered;
pub use outcome::{Created, Described, ETag, Got, Inspected, Listed, Object, Replaced};
pub use pages::{Page, Pages};

use condition::{Condition, replaced};

use crate::aws::Aws;
use crate::digest::Digest;
use crate::keys::{Headers, url_path};

/// How often a create is retried if S3 reports that another write of the key is in progress (409).
const CREATE_ATTEMPTS: u32 = 5;

/// A bucket. Clones share one client.
#[derive(Debug, Clone)]
pub struct Store {
    aws: Aws,
    /// Created by [`Store::client`].
    client: Arc<OnceLock<Client>>,
    bucket: String,
}

impl Store {
    /// Refers to the bucket of this name.
    pub fn new(aws: Aws, bucket: &str) -> Self {
        Self {
            aws,
            client: Arc::default(),
            bucket: bucket.to_owned(),
        }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::new(self.aws.config()))
    }

    /// Reads an object of at most `max_bytes`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] for every answer but the object and "no such key", and for a body that
    /// arrives cut off or changed.
    pub async fn get(&self, key: &str, max_bytes: u64) -> Result<Got, StoreError> {
        let answer = match self.client().get_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => answer,
            // Decided by its code, not by status 404: a missing bucket is a 404 too.
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(Got::Missing),
            Err(error) => return Err(StoreError::new("GetObject", key, error)),
        };
        let etag = etag(answer.e_tag);
        let modified = timestamp(answer.last_modified);
        let size = answer
            .content_length
            .and_then(|size| u64::try_from(size).ok())
            .unwrap_or_default();
        if size > max_bytes {
            return Ok(Got::TooLarge { size, etag, modified });
        }
        let bytes = body::collect(answer.body, size)
            .await
            .map_err(|error| StoreError::body(key, error))?;
        if bytes.len() as u64 != size {
            return Err(StoreError::cut(key, bytes.len() as u64, size));
        }
        Ok(Got::Found(Object {
            bytes,
            etag,
            modified,
            metadata: answer.metadata.unwrap_or_default(),
            version: answer.version_id,
        }))
    }

    /// Writes an archive unless the key exists. S3 compares the received bytes with `digest`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: whether the object exists now is unknown.
    pub async fn create(
        &self,
        key: &str,
        bytes: Bytes,
        digest: Digest,
        headers: &Headers,
        metadata: HashMap<String, String>,
    ) -> Result<Created, StoreError> {
        let mut attempts = 1..CREATE_ATTEMPTS;
        loop {
            let put = self
                .archive_request(key, bytes.clone(), digest, headers, metadata.clone())
                .if_none_match("*");
            match put.send().await.map_err(|error| Condition::of(error, key)) {
                Ok(_) => return Ok(Created::New),
                Err(Condition::Failed) => return Ok(Created::Exists),
                Err(Condition::UnderWay(error)) => match attempts.next() {
                    Some(attempt) => tokio::time::sleep(jittered(attempt)).await,
                    None => return Err(error),
                },
                Err(Condition::Other(error)) => return Err(error),
            }
        }
    }

    /// Replaces a wrong archive if it is still in the state that was read. S3 compares the received
    /// bytes with `digest`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: whether the object has the new bytes is unknown.
    pub async fn repair(
        &self,
        key: &str,
        bytes: Bytes,
        digest: Digest,
        headers: &Headers,
        metadata: HashMap<String, String>,
        read: &ETag,
    ) -> Result<Replaced, StoreError> {
        let put = self
            .archive_request(key, bytes, digest, headers, metadata)
            .if_match(&read.0);
        replaced(put.send().await.map_err(|error| Condition::of(error, key)))
    }

    /// Replaces the state that was read (`None`: no object) by new bytes, given in pieces that are
    /// sent in order. S3 compares the received bytes with their checksum.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: whether the object has the new bytes is unknown.
    pub async fn replace(
        &self,
        key: &str,
        pieces: Vec<Bytes>,
        headers: &Headers,
        read: Option<&ETag>,
    ) -> Result<Replaced, StoreError> {
        let put = self
            .put_request(key, headers)
            .content_length(body::content_length(&pieces))
            .checksum_crc32(body::crc32(&pieces))
            .body(body::of_pieces(pieces));
        let put = match read {
            Some(etag) => put.if_match(&etag.0),
            None => put.if_none_match("*"),
        };
        replaced(put.send().await.map_err(|error| Condition::of(error, key)))
    }

    /// A write of bytes whose SHA-256 S3 keeps with the object.
    fn archive_request(
        &self,
        key: &str,
        bytes: Bytes,
        digest: Digest,
        headers: &Headers,
        metadata: HashMap<String, String>,
    ) -> PutObjectFluentBuilder {
        self.put_request(key, headers)
            .body(ByteStream::from(bytes))
            .set_metadata(Some(metadata))
            .checksum_sha256(base64(digest))
    }

    fn put_request(&self, key: &str, headers: &Headers) -> PutObjectFluentBuilder {
        self.client()
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(headers.content_type)
            .set_cache_control(headers.cache_control.clone())
    }

    /// Copies an object if it is still in the state that was read. Returns whether it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] for every other answer.
    pub async fn copy(&self, from: &str, to: &str, read: &ETag) -> Result<bool, StoreError> {
        // A path in a header, which the SDK does not encode.
        let source = format!("{}/{}", self.bucket, url_path(from));
        let copy = self
            .client()
            .copy_object()
            .bucket(&self.bucket)
            .key(to)
            .copy_source(source)
            .copy_source_if_match(&read.0)
            // Tags of the upload are not copied: that needs permissions of its own, and without
            // them no upload could be rejected.
            .tagging_directive(TaggingDirective::Replace)
            .annotation_directive(AnnotationDirective::Exclude)
            .send()
            .await;
        match copy {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.code(), Some("NoSuchKey" | "PreconditionFailed")) => Ok(false),
            Err(error) => Err(StoreError::new("CopyObject", from, error)),
        }
    }

    /// Deletes an object if it is still in the state that was read. A replaced upload is another
    /// upload with its own outcome, and a replaced archive must not be deleted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] for every other answer. An object that is already gone is a success.
    pub async fn delete(&self, key: &str, read: &ETag) -> Result<(), StoreError> {
        let delete = self
            .client()
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .if_match(&read.0)
            .send()
            .await;
        match delete {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.code(), Some("NoSuchKey" | "PreconditionFailed")) => Ok(()),
            Err(error) => Err(StoreError::new("DeleteObject", key, error)),
        }
    }

    /// Lists at most `limit` objects whose keys start with `prefix`, in the order of their keys.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if any page fails: a partial listing would be misleading.
    pub async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<Listed>, StoreError> {
        self.list_up_to(self.pages(prefix), limit).await
    }

    /// Lists the objects of one folder without those in subfolders, like [`Store::list`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] if any page fails.
    pub async fn list_folder(&self, folder: &str, limit: usize) -> Result<Vec<Listed>, StoreError> {
        self.list_up_to(self.pages(folder).of_folder(), limit).await
    }

    async fn list_up_to(&self, mut pages: Pages<'_>, limit: usize) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::new();
        while listed.len() < limit
            && let Some(page) = pages.next().await?
        {
            listed.extend(page.objects);
        }
        listed.truncate(limit);
        Ok(listed)
    }

    /// The objects whose keys start with `prefix`, in the order of their keys, page by page.
    pub fn pages(&self, prefix: &str) -> Pages<'_> {
        Pages::new(self, prefix)
    }

    /// The state of an object, without its bytes; `None` if S3 reports that there is no such key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] for every other answer.
    pub async fn head(&self, key: &str) -> Result<Option<(ETag, Timestamp)>, StoreError> {
        match self.client().head_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => Ok(Some((etag(answer.e_tag), timestamp(answer.last_modified)))),
            // The answer to a HEAD has no body, so the SDK derives this code from the status.
            Err(error) if error.code() == Some("NotFound") => Ok(None),
            Err(error) => Err(StoreError::new("HeadObject", key, error)),
        }
    }

    /// The state of an object and what reading it requires; `None` if S3 reports that there is no
    /// such key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] for every other answer. For a key that an uploader holds (SSE-C),
    /// [`StoreError::is_bad_request`] is true.
    pub async fn describe(&self, key: &str) -> Result<Option<Described>, StoreError> {
        let answer = match self.client().head_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NotFound") => return Ok(None),
            Err(error) => return Err(StoreError::new("HeadObject", key, error)),
        };
        // The Glacier classes without IR (instant retrieval) in their names, and the archive tiers
        // of Intelligent-Tiering.
        let class = answer.storage_class.as_ref().map(|class| class.as_str().to_owned());
        let is_glacier = matches!(class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"));
        let is_archived = (is_glacier && answer.restore.is_none()) || answer.archive_status.is_some();
        let encryption = answer.server_side_encryption.as_ref().map(|kind| kind.as_str());
        Ok(Some(Described {
            by_kms: encryption.is_some_and(|kind| kind.starts_with("aws:kms")),
            archived: class.filter(|_| is_archived),
            etag: etag(answer.e_tag),
            modified: timestamp(answer.last_modified),
            version: answer.version_id,
            size: answer
                .content_length
                .and_then(|size| u64::try_from(size).ok())
                .unwrap_or_default(),
            metadata: answer.metadata.unwrap_or_default(),
        }))
    }

    /// An object as a listing shows it, which needs no permission to read it; `None` if it does not
    /// exist.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the listing fails.
    pub async fn find(&self, key: &str) -> Result<Option<Listed>, StoreError> {
        // The key itself precedes all keys that begin with it.
        let page = self.pages(key).next().await?.unwrap_or_default();
        Ok(page.objects.into_iter().next().filter(|object| object.key == key))
    }

    /// The state of an object with the checksum that S3 has; `None` if S3 reports that there is no
    /// such key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] for every other answer.
    pub async fn inspect(&self, key: &str) -> Result<Option<Inspected>, StoreError> {
        let head = self.client().head_object().bucket(&self.bucket).key(key);
        match head.checksum_mode(ChecksumMode::Enabled).send().await {
            Ok(answer) => Ok(Some(Inspected {
                etag: etag(answer.e_tag),
                // The checksum of a multipart upload ends with `-` and the number of parts. It is
                // not a digest of the bytes.
                digest: answer.checksum_sha256.as_deref().and_then(of_base64),
                metadata: answer.metadata.unwrap_or_default(),
            })),
            Err(error) if error.code() == Some("NotFound") => Ok(None),
            Err(error) => Err(StoreError::new("HeadObject", key, error)),
        }
    }
}

fn etag(tag: Option<String>) -> ETag {
    ETag(tag.unwrap_or_default())
}

fn timestamp(time: Option<DateTime>) -> Timestamp {
    time.and_then(|time| Timestamp::from_nanosecond(time.as_nanos()).ok())
        .unwrap_or_default()
}

fn base64(digest: Digest) -> String {
    aws_smithy_types::base64::encode(digest.as_bytes())
}

fn of_base64(text: &str) -> Option<Digest> {
    let bytes = aws_smithy_types::base64::decode(text).ok()?;
    Some(Digest::from(<[u8; 32]>::try_from(bytes).ok()?))
}
