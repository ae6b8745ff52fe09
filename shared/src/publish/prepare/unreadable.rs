//! Uploads whose bytes S3 does not return: they are in an archive storage class, or encrypted with
//! a key that the function may not use. Every retry would fail the same way, so they are rejected.
//!
//! A denied read alone proves nothing about the upload: the role may have been changed by hand, and
//! that must not reject any upload (promise 2). HeadObject needs the same permission,
//! `s3:GetObject`, but not the bytes and so not the key. If it succeeds and reports that the object
//! is encrypted with KMS, the key was denied.
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>)

use jiff::Timestamp;

use crate::publish::Publisher;
use crate::store::{Described, ETag, Fault, StoreError};

/// Errors of KMS that last until the key is changed, as S3 passes them on. Others, such as
/// throttling, do not.
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors>
const KMS: [&str; 4] = [
    "KMS.DisabledException",
    "KMS.NotFoundException",
    "KMS.KMSInvalidStateException",
    "KMS.InvalidKeyUsageException",
];

/// Why S3 does not return an upload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableError {
    /// It must be restored first.
    #[error(
        "the upload has the storage class {class}, which S3 cannot read from. Upload it again without `--storage-class`"
    )]
    Archived {
        /// The storage class.
        class: String,
    },
    /// The function may not use its key.
    #[error(
        "the upload is encrypted with a KMS key that publish-chart may not use. Upload it again without `--sse aws:kms`, or ask \
         the operator to allow publish-chart kms:Decrypt on that key"
    )]
    Kms,
    /// Only the uploader has the key.
    #[error("the upload is encrypted with a key that only its uploader has (SSE-C). Upload it again without `--sse-c`")]
    CustomerKey,
}

impl UnreadableError {
    /// A short, stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Archived { .. } => "storage-class",
            Self::Kms => "kms-key",
            Self::CustomerKey => "customer-key",
        }
    }
}

/// An upload whose bytes S3 does not return.
#[derive(Debug)]
pub(in crate::publish) struct Unreadable {
    pub(in crate::publish) why: UnreadableError,
    pub(in crate::publish) etag: ETag,
    pub(in crate::publish) modified: Timestamp,
}

impl Publisher {
    /// Whether every retry of a failed read will fail too; otherwise returns the error itself.
    pub(in crate::publish) async fn unreadable(
        &self,
        key: &str,
        error: StoreError,
    ) -> Result<Option<Unreadable>, StoreError> {
        if !may_be_for_good(&error) {
            return Err(error);
        }
        let described = match self.store.describe(key).await {
            Ok(Some(described)) => described,
            Ok(None) => return Ok(None),
            // Without the uploader's key, S3 reveals such an object only in a listing.
            Err(other) if other.is_bad_request() && error.is_bad_request() => {
                let listed = self.store.find(key).await?;
                return Ok(listed.map(|object| Unreadable {
                    why: UnreadableError::CustomerKey,
                    etag: object.etag,
                    modified: object.modified,
                }));
            }
            Err(_) => return Err(error),
        };
        match why(&error, &described) {
            Some(why) => Ok(Some(Unreadable {
                why,
                etag: described.etag,
                modified: described.modified,
            })),
            None => Err(error),
        }
    }
}

fn may_be_for_good(error: &StoreError) -> bool {
    match error.fault() {
        Fault::Denied { .. } => true,
        Fault::Answer { code, .. } => {
            code == "InvalidObjectState" || code == "InvalidRequest" || KMS.contains(&code.as_str())
        }
        Fault::Transport(_) | Fault::Cut { .. } => false,
    }
}

fn why(error: &StoreError, described: &Described) -> Option<UnreadableError> {
    match error.fault() {
        Fault::Answer { code, .. } if code == "InvalidObjectState" => {
            let class = described.archived.clone();
            class.map(|class| UnreadableError::Archived { class })
        }
        Fault::Answer { code, .. } if KMS.contains(&code.as_str()) && described.by_kms => Some(UnreadableError::Kms),
        Fault::Denied { .. } if described.by_kms => Some(UnreadableError::Kms),
        _ => None,
    }
}
