//! What is wrong with a provenance file or a key. No message contains a value of the secret.

use crate::digest::{self, Digest};
use crate::size::OverLimit;

/// Why a provenance file does not prove the origin of its archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvenanceError {
    /// It is too large.
    #[error(
        "the provenance file has {}. Make it with `helm package --sign`",
        OverLimit { size: *size, limit: super::MAX_BYTES }
    )]
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
    /// It does not have the form that Helm writes.
    #[error("Helm cannot read the provenance file: {0}. Make it with `helm package --sign`")]
    Format(String),
    /// No key in the keyring has signed it.
    #[error(
        "the keyring does not contain the key {signers} that signed the provenance file. If the signer is trusted, the operator has \
         to add the key to `keyring` in the secret"
    )]
    UnknownSigner {
        /// The IDs of the keys that it names.
        signers: String,
    },
    /// The text was changed after it was signed.
    #[error(
        "the signature of {fingerprint} does not match the text: the provenance file was changed after it was signed. Upload it as \
         `helm package --sign` made it"
    )]
    BadSignature {
        /// The fingerprint of the signing key.
        fingerprint: String,
    },
    /// The key was revoked.
    #[error("the key {fingerprint} that signed the provenance file is revoked. Sign with another key")]
    Revoked {
        /// The fingerprint of the certificate.
        fingerprint: String,
    },
    /// The key has expired, or is not valid yet.
    #[error(
        "the key {fingerprint} that signed the provenance file has expired or is not valid yet. Extend it, also in `keyring` of \
         the secret, or sign with another key"
    )]
    KeyExpired {
        /// The fingerprint of the certificate.
        fingerprint: String,
    },
    /// The signature has expired, or is from the future.
    #[error("the signature of {fingerprint} has expired, or its time is in the future. Sign the chart again")]
    SignatureExpired {
        /// The fingerprint of the certificate.
        fingerprint: String,
    },
    /// The signature uses a forgeable digest, or has a critical part that is not understood.
    #[error("the signature of {fingerprint} cannot be trusted: {why}. Sign again with a current GnuPG or Helm")]
    Weak {
        /// The fingerprint of the certificate.
        fingerprint: String,
        /// The reason.
        why: &'static str,
    },
    /// It is for other files.
    #[error("the provenance file is not for {file:?}: it names {named}. Upload the provenance file of this archive")]
    OtherFile {
        /// The archive's name.
        file: String,
        /// The file names in it.
        named: String,
    },
    /// It is for other bytes.
    #[error(
        "the provenance file is for an archive with the digest {}, but this archive has {}: one of the two was packaged \
         again. Upload both as `helm package --sign` made them",
        digest::short(signed),
        own.short()
    )]
    OtherDigest {
        /// The signed digest.
        signed: String,
        /// The digest of the archive.
        own: Digest,
    },
    /// It is for another chart.
    #[error(
        "the provenance file is for {field} {signed:?}, but the archive has {own:?}. Upload the provenance file of this archive"
    )]
    OtherChart {
        /// `name`, `version` or `appVersion`.
        field: &'static str,
        /// The signed value.
        signed: String,
        /// The value in the archive.
        own: String,
    },
}

impl ProvenanceError {
    /// Whether a rejection with this code is about a signature.
    pub fn is_code(code: &str) -> bool {
        const OTHERS: [&str; 2] = ["unknown-signer", "bad-signature"];
        OTHERS.contains(&code)
            || ["provenance-", "key-", "signature-", "weak-", "other-provenance"]
                .iter()
                .any(|start| code.starts_with(start))
    }

    /// A short, stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "provenance-too-large",
            Self::Format(_) => "provenance-format",
            Self::UnknownSigner { .. } => "unknown-signer",
            Self::BadSignature { .. } => "bad-signature",
            Self::Revoked { .. } => "key-revoked",
            Self::KeyExpired { .. } => "key-expired",
            Self::SignatureExpired { .. } => "signature-expired",
            Self::Weak { .. } => "weak-signature",
            Self::OtherFile { .. } | Self::OtherDigest { .. } | Self::OtherChart { .. } => "other-provenance",
        }
    }
}

/// Why a key of the secret cannot be used. Messages contain fixed words only, because OpenPGP
/// errors may quote their input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has neither of the two forms.
    #[error("is neither an armored OpenPGP key nor the base64 of a binary one")]
    NotAKey,
    /// It is readable, but contains no key.
    #[error("contains no key")]
    Empty,
    /// It contains a private key, and the keyring is published.
    #[error("contains a private key, but the keyring is published. Export it with `gpg --export`")]
    Private,
    /// It is not a private key.
    #[error("contains no private key. Export it with `gpg --export-secret-keys`")]
    Public,
    /// It contains several private keys.
    #[error("contains more than one key. Export one of them")]
    Several,
    /// None of its keys may sign now.
    #[error("contains no key that may sign now: it is revoked, expired or meant for other uses")]
    CannotSign,
    /// It is locked, and there is no passphrase.
    #[error("is protected by a passphrase, but the secret has no signingPassphrase")]
    NoPassphrase,
    /// The passphrase does not unlock it.
    #[error("cannot be unlocked with signingPassphrase")]
    WrongPassphrase,
    /// A cryptographic operation failed.
    #[error("could not make a signature")]
    Failed,
}
