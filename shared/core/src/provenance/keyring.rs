//! The keyring: the certificates whose signatures count.

use jiff::Timestamp;
use pgp::composed::{CleartextSignedMessage, PublicOrSecret, SignedPublicKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::Signature;
use pgp::ser::Serialize as _;
use pgp::types::{KeyDetails as _, KeyId};

use super::message::Message;
use super::{KeyError, MAX_BYTES, ProvenanceError, Subject, certificate, pgp_time};

/// The most signatures in a file that are checked, because each needs a public-key operation.
const MAX_SIGNATURES: usize = 16;
const MAX_KEYS: usize = 1_000;

/// The certificates of the accepted signers.
#[derive(Clone, Default)]
pub struct Keyring {
    certificates: Vec<SignedPublicKey>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.fingerprints()).finish()
    }
}

impl Keyring {
    /// Reads a keyring: armored, in one block or in several, or the base64 of the binary form.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if it is not a keyring, or must not be published.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let mut certificates = Vec::new();
        for key in read_keys(text)? {
            match key {
                PublicOrSecret::Public(certificate) => certificates.push(certificate),
                PublicOrSecret::Secret(_) => return Err(KeyError::Private),
            }
        }
        if certificates.is_empty() {
            return Err(KeyError::Empty);
        }
        Ok(Self { certificates })
    }

    /// Adds a certificate, unless it is already there.
    #[must_use]
    pub fn with(mut self, certificate: SignedPublicKey) -> Self {
        let fingerprint = certificate.fingerprint();
        if self.certificates.iter().all(|other| other.fingerprint() != fingerprint) {
            self.certificates.push(certificate);
        }
        self
    }

    /// The binary form, which is what Helm's `--keyring` reads.
    ///
    /// # Errors
    ///
    /// [`KeyError::Failed`] if a certificate cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, KeyError> {
        let mut bytes = Vec::new();
        for certificate in &self.certificates {
            certificate.to_writer(&mut bytes).map_err(|_| KeyError::Failed)?;
        }
        Ok(bytes)
    }

    /// The fingerprints of the certificates.
    pub fn fingerprints(&self) -> Vec<String> {
        let fingerprints = self.certificates.iter().map(SignedPublicKey::fingerprint);
        fingerprints
            .map(|fingerprint| fingerprint.to_string().to_ascii_uppercase())
            .collect()
    }

    /// Checks a provenance file: signature, signer, the archive's digest, and the chart. Returns
    /// the fingerprint of the signer.
    ///
    /// # Errors
    ///
    /// [`ProvenanceError`] has the reason if it proves nothing.
    pub fn verify(&self, file: &[u8], subject: Subject<'_>, now: Timestamp) -> Result<String, ProvenanceError> {
        let signed = parse(file)?;
        let text = signed.signed_text();
        let signer = self.signer(signed.signatures(), text.as_bytes(), now)?;
        Message::read(&text.replace("\r\n", "\n"))?.check(subject)?;
        Ok(signer)
    }

    /// As in go-crypto, the first signature with a known signer decides.
    fn signer(&self, signatures: &[Signature], text: &[u8], now: Timestamp) -> Result<String, ProvenanceError> {
        let now = pgp_time(now);
        let mut unknown = Vec::new();
        for signature in signatures.iter().take(MAX_SIGNATURES) {
            let ids = issuers(signature);
            let signers: Vec<_> = self
                .certificates
                .iter()
                .flat_map(|one| ids.iter().flat_map(move |id| certificate::signers(one, id)))
                .collect();
            let Some(first) = signers.first() else {
                unknown.extend(ids.iter().map(|id| id.to_string().to_ascii_uppercase()));
                continue;
            };
            let Some(signer) = signers.iter().find(|signer| signer.made(signature, text)) else {
                return Err(ProvenanceError::BadSignature {
                    fingerprint: first.fingerprint(),
                });
            };
            signer.check(now)?;
            let fingerprint = signer.fingerprint();
            certificate::check_signature(signature, now, &fingerprint)?;
            if !is_strong(signature) {
                return Err(ProvenanceError::Weak {
                    fingerprint,
                    why: "it uses a digest that can be forged",
                });
            }
            return Ok(fingerprint);
        }
        Err(ProvenanceError::UnknownSigner {
            signers: if unknown.is_empty() {
                "(without an ID)".to_owned()
            } else {
                unknown.join(", ")
            },
        })
    }
}

fn is_strong(signature: &Signature) -> bool {
    matches!(
        signature.hash_alg(),
        Some(
            HashAlgorithm::Sha224
                | HashAlgorithm::Sha256
                | HashAlgorithm::Sha384
                | HashAlgorithm::Sha512
                | HashAlgorithm::Sha3_256
                | HashAlgorithm::Sha3_512
        )
    )
}

fn issuers(signature: &Signature) -> Vec<KeyId> {
    let mut ids: Vec<KeyId> = signature.issuer_key_id().into_iter().copied().collect();
    for fingerprint in signature.issuer_fingerprint() {
        ids.extend(key_id(fingerprint));
    }
    ids.dedup();
    ids
}

/// The key ID that follows from a fingerprint: its end in version 4, its start in later versions.
fn key_id(fingerprint: &pgp::types::Fingerprint) -> Option<KeyId> {
    let bytes = fingerprint.as_bytes();
    let eight = if bytes.len() == 20 {
        bytes.last_chunk()
    } else {
        bytes.first_chunk()
    };
    eight.map(|eight: &[u8; 8]| KeyId::from(*eight))
}

/// Reads a cleartext-signed text. No text may surround it, and no character may be invisible.
fn parse(file: &[u8]) -> Result<CleartextSignedMessage, ProvenanceError> {
    let format = |problem: &str| ProvenanceError::Format(problem.to_owned());
    if file.len() as u64 > MAX_BYTES {
        return Err(ProvenanceError::TooLarge {
            size: file.len() as u64,
        });
    }
    let text = std::str::from_utf8(file).map_err(|_| format("it is not UTF-8"))?;
    // A lone carriage return ends a line for some programs only, so each would read another text.
    if text
        .replace("\r\n", "\n")
        .chars()
        .any(|char| char.is_control() && char != '\n' && char != '\t')
    {
        return Err(format("it contains control characters"));
    }
    let (signed, _) =
        CleartextSignedMessage::from_string(text).map_err(|_| format("it is not a cleartext signature"))?;
    Ok(signed)
}

/// Reads public or private keys in either form.
pub(super) fn read_keys(text: &str) -> Result<Vec<PublicOrSecret>, KeyError> {
    const BEGIN: &str = "-----BEGIN PGP";
    let text = text.trim();
    let mut keys = Vec::new();
    if text.contains(BEGIN) {
        // The crate does not read what follows the first block.
        let starts: Vec<usize> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        for (start, end) in starts.iter().zip(ends) {
            let block = text.get(*start..end).unwrap_or_default();
            let (read, _) = PublicOrSecret::from_armor_many(block.as_bytes()).map_err(|_| KeyError::NotAKey)?;
            collect(read, &mut keys)?;
        }
    } else {
        let packed: String = text.chars().filter(|char| !char.is_ascii_whitespace()).collect();
        let bytes = base64_simd::STANDARD
            .decode_to_vec(packed.as_bytes())
            .map_err(|_| KeyError::NotAKey)?;
        let read = PublicOrSecret::from_bytes_many(bytes.as_slice()).map_err(|_| KeyError::NotAKey)?;
        collect(read, &mut keys)?;
    }
    Ok(keys)
}

fn collect(
    read: impl Iterator<Item = pgp::errors::Result<PublicOrSecret>>,
    keys: &mut Vec<PublicOrSecret>,
) -> Result<(), KeyError> {
    for key in read {
        keys.push(key.map_err(|_| KeyError::NotAKey)?);
        if keys.len() > MAX_KEYS {
            return Err(KeyError::NotAKey);
        }
    }
    Ok(())
}
