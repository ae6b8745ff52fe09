//! What is wrong with a provenance file or a key. No message contains a value of the secret.

use crate::digest::{self, Digest};
use crate::size::OverLimit;

/// A provenance file that does not prove where its archive came from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvenanceError {
    /// Too large.
    #[error(
        "the provenance file has {}. Make it with `helm package --sign`",
        OverLimit { size: *size, limit: super::MAX_BYTES }
    )]
    TooLarge {
        /// Its size.
        size: u64,
    },
    /// Not what Helm writes.
    #[error("Helm cannot read the provenance file: {0}. Make it with `helm package --sign`")]
    Format(String),
    /// Nobody whom the keyring knows has signed it.
    #[error(
        "the keyring does not contain the key {signers} that signed the provenance file. If the signer is trusted, the operator has \
         to add the key to `keyring` in the secret"
    )]
    UnknownSigner {
        /// The IDs of the keys that it names.
        signers: String,
    },
    /// The text is not what was signed.
    #[error(
        "the signature of {fingerprint} does not match the text: the provenance file was changed after it was signed. Upload it as \
         `helm package --sign` made it"
    )]
    BadSignature {
        /// Of the signing key.
        fingerprint: String,
    },
    /// The key was given up.
    #[error("the key {fingerprint} that signed the provenance file is revoked. Sign with another key")]
    Revoked {
        /// Of the certificate.
        fingerprint: String,
    },
    /// The key is too old.
    #[error("the key {fingerprint} that signed the provenance file has expired. Extend it, or sign with another key")]
    KeyExpired {
        /// Of the certificate.
        fingerprint: String,
    },
    /// The signature is too old, or from the future.
    #[error("the signature of {fingerprint} has expired, or its time is in the future. Sign the chart again")]
    SignatureExpired {
        /// Of the certificate.
        fingerprint: String,
    },
    /// Made with a digest that can be forged, or with a demand that is not understood.
    #[error("the signature of {fingerprint} cannot be trusted: {why}. Sign again with a current GnuPG or Helm")]
    Weak {
        /// Of the certificate.
        fingerprint: String,
        /// Why not.
        why: &'static str,
    },
    /// It is about other files.
    #[error("the provenance file is not for {file:?}: it names {named}. Upload the provenance file of this archive")]
    OtherFile {
        /// The archive's name.
        file: String,
        /// The names in it.
        named: String,
    },
    /// It is about other bytes.
    #[error(
        "the provenance file is for an archive with the digest {}, but this archive has {}: one of the two was packaged \
         again. Upload both as `helm package --sign` made them",
        digest::short(signed),
        own.short()
    )]
    OtherDigest {
        /// The digest that was signed.
        signed: String,
        /// The archive's.
        own: Digest,
    },
    /// It is about another chart.
    #[error(
        "the provenance file is for {field} {signed:?}, but the archive has {own:?}. Upload the provenance file of this archive"
    )]
    OtherChart {
        /// `name`, `version` or `appVersion`.
        field: &'static str,
        /// What was signed.
        signed: String,
        /// What the archive says.
        own: String,
    },
}

impl ProvenanceError {
    /// Whether a refusal with this word is about a signature.
    pub fn is_code(code: &str) -> bool {
        const OTHERS: [&str; 2] = ["unknown-signer", "bad-signature"];
        OTHERS.contains(&code)
            || ["provenance-", "key-", "signature-", "weak-", "other-provenance"]
                .iter()
                .any(|start| code.starts_with(start))
    }

    /// A short stable word.
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

/// A key of the secret that is of no use. Fixed words only: what OpenPGP's reader says may quote
/// what it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither form.
    #[error("is neither an armored OpenPGP key nor the base64 of a binary one")]
    NotAKey,
    /// It can be read, and holds no key.
    #[error("contains no key")]
    Empty,
    /// The keyring is published.
    #[error("contains a private key, but the keyring is published. Export it with `gpg --export`")]
    Private,
    /// It cannot sign.
    #[error("contains no private key. Export it with `gpg --export-secret-keys`")]
    Public,
    /// Which of them?
    #[error("contains more than one private key. Export one of them")]
    Several,
    /// No part of it may sign now.
    #[error("contains no key that may sign now: it is revoked, expired or meant for other uses")]
    CannotSign,
    /// It is locked.
    #[error("is protected by a passphrase, but the secret has no signingPassphrase")]
    NoPassphrase,
    /// It stays locked.
    #[error("cannot be unlocked with signingPassphrase")]
    WrongPassphrase,
    /// The arithmetic failed.
    #[error("could not make a signature")]
    Failed,
}
