//! Uploads that are there and whose bytes S3 does not hand out: put into an archive class, or
//! encrypted with a key that the function may not use. Each try would fail as the first one did, so
//! each is rejected.
//!
//! A read that is denied says nothing of the upload by itself: the role may have been changed by
//! hand, and then no upload may be rejected for it (promise 2). So the answer to the read is not
//! enough. HeadObject takes the same permission, `s3:GetObject`, but not the bytes and so not the
//! key: where it succeeds and says that the object is encrypted with KMS, what was denied is the
//! key. (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>)

use jiff::Timestamp;

use crate::publish::Publisher;
use crate::store::{Described, ETag, Fault, StoreError};

/// KMS's answers that stay until the key is changed, as S3 hands them on. Others, such as its
/// throttling, do not.
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors>
const KMS: [&str; 4] = [
    "KMS.DisabledException",
    "KMS.NotFoundException",
    "KMS.KMSInvalidStateException",
    "KMS.InvalidKeyUsageException",
];

/// Why S3 does not hand out an upload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableError {
    /// It has to be restored first.
    #[error(
        "the upload has the storage class {class}, which S3 cannot read from. Upload it again without `--storage-class`"
    )]
    Archived {
        /// The storage class.
        class: String,
    },
    /// The function may not use the key.
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
    /// A short stable word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Archived { .. } => "storage-class",
            Self::Kms => "kms-key",
            Self::CustomerKey => "customer-key",
        }
    }
}

/// An object that S3 does not hand out.
#[derive(Debug)]
pub(in crate::publish) struct Unreadable {
    pub(in crate::publish) why: UnreadableError,
    pub(in crate::publish) etag: ETag,
    pub(in crate::publish) modified: Timestamp,
}

impl Publisher {
    /// Whether a failed read of this key will fail as often as it is tried; the error itself if it
    /// will not.
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
            // Without the uploader's key S3 says nothing of an object but in a listing.
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
