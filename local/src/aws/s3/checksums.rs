//! The checksums that S3 stores with an object, and the check of the checksums that a writer sends.
//!
//! `s3s` verifies the signature, `x-amz-content-sha256` and the framing of `aws-chunked` bodies. It
//! does not compare the bytes with `Content-MD5` and `x-amz-checksum-*` (as a header or a trailer);
//! this module does.

use std::collections::BTreeMap;

use base64_simd::STANDARD as BASE64;
use http::HeaderMap;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::ChecksumType;
use s3s::{S3Result, TrailingHeaders, s3_error};
use serde::{Deserialize, Serialize};

use super::md5::md5;

/// A checksum algorithm of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the algorithm of that name")]
pub enum Algorithm {
    Crc32,
    Crc32c,
    Crc64nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64nvme, Self::Sha1, Self::Sha256];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name.to_ascii_uppercase())
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Crc32 => Crc32::checksum(bytes).as_ref().to_vec(),
            Self::Crc32c => Crc32c::checksum(bytes).as_ref().to_vec(),
            Self::Crc64nvme => Crc64Nvme::checksum(bytes).as_ref().to_vec(),
            Self::Sha1 => Sha1::checksum(bytes).as_ref().to_vec(),
            Self::Sha256 => Sha256::checksum(bytes).as_ref().to_vec(),
        }
    }

    fn of(self, bytes: &[u8]) -> String {
        BASE64.encode_to_string(self.digest(bytes))
    }
}

/// Checksums in Base64, by algorithm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    values: BTreeMap<Algorithm, String>,
    /// Whether each is a checksum of the parts' checksums (`VALUE-N`), not of the whole object.
    composite: bool,
}

impl Checksums {
    /// Checks the checksums in a request against `bytes`, and returns those to store.
    ///
    /// # Errors
    ///
    /// `BadDigest` and `InvalidDigest`, in the same cases as S3.
    pub(super) fn verified(headers: &HeaderMap, trailers: Option<&TrailingHeaders>, bytes: &[u8]) -> S3Result<Self> {
        check_content_md5(headers, bytes)?;
        let trailers = trailers.and_then(TrailingHeaders::take).unwrap_or_default();
        let mut values = BTreeMap::new();
        for algorithm in Algorithm::ALL {
            let header = algorithm.header();
            let Some(claimed) = headers.get(header).or_else(|| trailers.get(header)) else {
                continue;
            };
            let computed = algorithm.of(bytes);
            if claimed.as_bytes().trim_ascii() != computed.as_bytes() {
                let name = algorithm.name();
                return Err(s3_error!(
                    BadDigest,
                    "The {name} you specified did not match the calculated checksum."
                ));
            }
            values.insert(algorithm, computed);
        }
        Ok(Self {
            values,
            composite: false,
        })
    }

    /// Adds a checksum with the algorithm of a multipart upload, if the writer of this part sent
    /// none with it.
    pub(super) fn with(mut self, algorithm: Option<Algorithm>, bytes: &[u8]) -> Self {
        if let Some(algorithm) = algorithm {
            self.values.entry(algorithm).or_insert_with(|| algorithm.of(bytes));
        }
        self
    }

    /// Adds CRC64NVME if there is no checksum, as S3 does for a writer that sends none.
    pub(super) fn or_default_of(self, bytes: &[u8]) -> Self {
        if self.values.is_empty() {
            Self::default().with(Some(Algorithm::Crc64nvme), bytes)
        } else {
            self
        }
    }

    /// The checksum of a whole multipart object.
    pub(super) fn of_parts(algorithm: Option<Algorithm>, full_object: bool, parts: &[Self], bytes: &[u8]) -> Self {
        let Some(algorithm) = algorithm else {
            return Self::default();
        };
        // CRC64NVME is always a checksum of the whole object.
        if full_object || algorithm == Algorithm::Crc64nvme {
            return Self::default().with(Some(algorithm), bytes);
        }
        let digests: Vec<u8> = parts
            .iter()
            .filter_map(|part| part.get(algorithm))
            .filter_map(|value| BASE64.decode_to_vec(value).ok())
            .flatten()
            .collect();
        let value = format!("{}-{}", algorithm.of(&digests), parts.len());
        Self {
            values: BTreeMap::from([(algorithm, value)]),
            composite: true,
        }
    }

    /// The checksums of a copy, which has no parts.
    pub(super) fn of_copy(&self) -> Self {
        if self.composite { Self::default() } else { self.clone() }
    }

    pub(super) fn get(&self, algorithm: Algorithm) -> Option<String> {
        self.values.get(&algorithm).cloned()
    }

    pub(super) fn kind(&self) -> Option<ChecksumType> {
        let kind = if self.composite {
            ChecksumType::COMPOSITE
        } else {
            ChecksumType::FULL_OBJECT
        };
        (!self.values.is_empty()).then(|| ChecksumType::from_static(kind))
    }

    pub(super) fn algorithms(&self) -> impl Iterator<Item = &'static str> {
        self.values.keys().map(|algorithm| algorithm.name())
    }
}

fn check_content_md5(headers: &HeaderMap, bytes: &[u8]) -> S3Result<()> {
    let Some(claimed) = headers.get("content-md5") else {
        return Ok(());
    };
    let Ok(claimed) = BASE64.decode_to_vec(claimed.as_bytes()) else {
        return Err(s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid."));
    };
    if claimed.len() != 16 {
        return Err(s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid."));
    }
    if claimed != md5(bytes) {
        return Err(s3_error!(
            BadDigest,
            "The Content-MD5 you specified did not match what we received."
        ));
    }
    Ok(())
}

/// Copies checksums into the output fields, whose names are the same in all of S3's outputs.
macro_rules! set_checksums {
    ($output:expr, $checksums:expr) => {{
        let checksums = $checksums;
        $output.checksum_crc32 = checksums.get(Algorithm::Crc32);
        $output.checksum_crc32c = checksums.get(Algorithm::Crc32c);
        $output.checksum_crc64nvme = checksums.get(Algorithm::Crc64nvme);
        $output.checksum_sha1 = checksums.get(Algorithm::Sha1);
        $output.checksum_sha256 = checksums.get(Algorithm::Sha256);
    }};
}
pub(super) use set_checksums;
