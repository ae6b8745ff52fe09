//! The properties of an object that decide whether it can be read or copied: storage class,
//! encryption and size.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use s3s::dto::{ServerSideEncryption, StreamingBlob};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use crate::identity::{kms_key_arn, role_arn};

/// The largest object that CopyObject can copy in one request: 5 GiB.
const MAX_COPY: u64 = 5 * 1024 * 1024 * 1024;

/// How an object is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// The storage class, if it is not STANDARD.
    pub class: Option<String>,
    /// The key that it is encrypted with.
    pub encryption: Encryption,
    /// The number of zeros after the bytes. They occupy no memory, so that an object may be as
    /// large as in S3.
    pub zeros: u64,
}

/// The key that an object is encrypted with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    /// A key of S3.
    #[default]
    S3,
    /// A key in KMS, which the functions cannot use: they have no permission for KMS.
    Kms,
    /// A key of the uploader (SSE-C).
    Customer,
}

impl Storage {
    /// How an object with these headers is stored.
    pub(super) fn asked(class: Option<&str>, encryption: Option<&ServerSideEncryption>, has_own_key: bool) -> Self {
        let by_kms = encryption.is_some_and(|kind| kind.as_str().starts_with("aws:kms"));
        Self {
            class: class.filter(|class| *class != "STANDARD").map(str::to_owned),
            encryption: match (has_own_key, by_kms) {
                (true, _) => Encryption::Customer,
                (false, true) => Encryption::Kms,
                (false, false) => Encryption::S3,
            },
            zeros: 0,
        }
    }

    fn is_archived(&self) -> bool {
        matches!(self.class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"))
    }

    /// Checks that this function, or any other caller (`None`), can read the bytes. The errors are
    /// those of S3.
    pub(super) fn check_read(&self, function: Option<&str>, brings_key: bool) -> S3Result<()> {
        self.check_look(brings_key)?;
        if self.is_archived() {
            return Err(s3_error!(
                InvalidObjectState,
                "The operation is not valid for the object's storage class"
            ));
        }
        match (self.encryption, function) {
            (Encryption::Kms, Some(function)) => Err(s3_error!(
                AccessDenied,
                "User: {} is not authorized to perform: kms:Decrypt on resource: {} because no identity-based policy allows the \
                 kms:Decrypt action",
                role_arn(function),
                kms_key_arn()
            )),
            _ => Ok(()),
        }
    }

    /// Checks that S3 answers requests for the properties of the object, without its bytes.
    pub(super) fn check_look(&self, brings_key: bool) -> S3Result<()> {
        if self.encryption == Encryption::Customer && !brings_key {
            return Err(s3_error!(
                InvalidRequest,
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve \
                 the object."
            ));
        }
        Ok(())
    }

    /// Checks that one request can copy the object.
    pub(super) fn check_copy(&self, bytes: &Bytes) -> S3Result<()> {
        if self.size(bytes) > MAX_COPY {
            return Err(s3_error!(
                InvalidRequest,
                "The specified copy source is larger than the maximum allowable size for a copy source: {MAX_COPY}"
            ));
        }
        Ok(())
    }

    pub(super) fn size(&self, bytes: &Bytes) -> u64 {
        self.zeros.saturating_add(bytes.len() as u64)
    }

    /// The bytes, followed by the zeros.
    pub(super) fn body(&self, bytes: Bytes) -> StreamingBlob {
        if self.zeros == 0 {
            return StreamingBlob::from(s3s::Body::from(bytes));
        }
        const CHUNK: u64 = 64 * 1024;
        let chunks = self.zeros.div_ceil(CHUNK);
        let zeros = self.zeros;
        let chunk = move |number: u64| {
            let length = CHUNK.min(zeros - number * CHUNK);
            Bytes::from(vec![0; usize::try_from(length).unwrap_or_default()])
        };
        let all = std::iter::once(bytes).chain((0..chunks).map(chunk));
        StreamingBlob::wrap(stream::iter(all).map(Ok::<_, std::io::Error>))
    }

    pub(super) fn shown_encryption(&self) -> Option<ServerSideEncryption> {
        match self.encryption {
            Encryption::S3 => Some(ServerSideEncryption::from_static(ServerSideEncryption::AES256)),
            Encryption::Kms => Some(ServerSideEncryption::from_static(ServerSideEncryption::AWS_KMS)),
            Encryption::Customer => None,
        }
    }
}
