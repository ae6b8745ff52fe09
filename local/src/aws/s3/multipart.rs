//! Multipart uploads: stores the parts until they are completed into one object.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use s3s::dto::CompletedPart;
use s3s::{S3Result, s3_error};

use super::checksums::{Algorithm, Checksums};
use super::md5::{hex, md5};
use super::object::{Headers, NewObject};
use super::storage::Storage;

/// The smallest part in bytes, except for the last one.
const MIN_PART: usize = 5 << 20;

/// All uploads in progress, by id.
#[derive(Default)]
pub(super) struct Uploads {
    by_id: BTreeMap<String, Upload>,
}

/// One upload in progress.
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) headers: Headers,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) algorithm: Option<Algorithm>,
    pub(super) full_object: bool,
    pub(super) parts: BTreeMap<i32, Part>,
}

/// One part of an upload.
pub(super) struct Part {
    pub(super) bytes: Bytes,
    pub(super) md5: [u8; 16],
    pub(super) checksums: Checksums,
}

impl Part {
    pub(super) fn new(bytes: Bytes, checksums: Checksums) -> Self {
        Self {
            md5: md5(&bytes),
            bytes,
            checksums,
        }
    }

    pub(super) fn etag(&self) -> String {
        hex(&self.md5)
    }
}

impl Uploads {
    pub(super) fn create(&mut self, upload: Upload) -> String {
        let id = hex(&std::array::from_fn::<u8, 32, _>(|_| fastrand::u8(..)));
        self.by_id.insert(id.clone(), upload);
        id
    }

    pub(super) fn get(&mut self, id: &str, key: &str) -> S3Result<&mut Upload> {
        self.by_id
            .get_mut(id)
            .filter(|upload| upload.key == key)
            .ok_or_else(|| {
                s3_error!(
                    NoSuchUpload,
                    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                 aborted or completed."
                )
            })
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.by_id.remove(id);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Upload)> {
        self.by_id.iter()
    }
}

impl Upload {
    /// Joins the listed parts into an object.
    ///
    /// # Errors
    ///
    /// `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall` and `MalformedXML`, in the same cases as
    /// S3.
    pub(super) fn assemble(&self, listed: &[CompletedPart]) -> S3Result<NewObject> {
        let mut bytes = BytesMut::new();
        let mut digests = Vec::new();
        let mut checksums = Vec::new();
        if !listed.is_sorted_by(|one, next| one.part_number < next.part_number) {
            return Err(s3_error!(
                InvalidPartOrder,
                "The list of parts was not in ascending order."
            ));
        }
        for (position, completed) in listed.iter().enumerate() {
            let number = completed.part_number.unwrap_or_default();
            let part = self
                .parts
                .get(&number)
                .filter(|part| completed.e_tag.as_ref().is_none_or(|etag| etag.value() == part.etag()))
                .ok_or_else(|| {
                    s3_error!(
                        InvalidPart,
                        "One or more of the specified parts could not be found. The part may not have been uploaded, \
                         or the specified entity tag may not match the part's entity tag."
                    )
                })?;
            if part.bytes.len() < MIN_PART && position + 1 < listed.len() {
                return Err(s3_error!(
                    EntityTooSmall,
                    "Your proposed upload is smaller than the minimum allowed size"
                ));
            }
            bytes.extend_from_slice(&part.bytes);
            digests.extend_from_slice(&part.md5);
            checksums.push(part.checksums.clone());
        }
        if checksums.is_empty() {
            return Err(s3_error!(MalformedXML, "You must specify at least one part"));
        }
        let bytes = bytes.freeze();
        Ok(NewObject {
            etag: Some(format!("{}-{}", hex(&md5(&digests)), checksums.len())),
            checksums: Checksums::of_parts(self.algorithm, self.full_object, &checksums, &bytes),
            bytes,
            headers: self.headers.clone(),
            metadata: self.metadata.clone(),
            storage: Storage::default(),
        })
    }
}
