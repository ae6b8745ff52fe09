//! What is wrong with a provenance file or a key, in words. Never with a value of a secret.

use crate::digest::Digest;

/// A provenance file that does not prove where its archive came from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvenanceError {
    /// Too large.
    #[error("the provenance file is {size} bytes large; at most {} are read", super::MAX_BYTES)]
    TooLarge {
        /// Its size.
        size: u64,
    },
    /// Not what Helm writes.
    #[error("the provenance file is none that Helm reads: {0}; make it with `helm package --sign`")]
    Format(String),
    /// Nobody whom the keyring knows has signed it.
    #[error(
        "the provenance file is signed by {signers}, which is no signing key of the keyring; its owner has to add the key to \
         `keyring` in the publisher's secret"
    )]
    UnknownSigner {
        /// The IDs of the keys that it names.
        signers: String,
    },
    /// The text is not what was signed.
    #[error(
        "the signature of {fingerprint} does not fit the text: the provenance file was changed after it was signed"
    )]
    BadSignature {
        /// Of the signing key.
        fingerprint: String,
    },
    /// The key was given up.
    #[error("the key {fingerprint} that signed the provenance file is revoked; sign with another one")]
    Revoked {
        /// Of the certificate.
        fingerprint: String,
    },
    /// The key is too old.
    #[error("the key {fingerprint} that signed the provenance file has expired; prolong it, or sign with another one")]
    KeyExpired {
        /// Of the certificate.
        fingerprint: String,
    },
    /// The signature is too old, or from the future.
    #[error("the signature of {fingerprint} is not valid now: it has expired, or its time lies in the future")]
    SignatureExpired {
        /// Of the certificate.
        fingerprint: String,
    },
    /// Made with a digest that can be forged, or with a demand that is not understood.
    #[error("the signature of {fingerprint} can't be trusted: {why}; sign again with a current GnuPG or Helm")]
    Weak {
        /// Of the certificate.
        fingerprint: String,
        /// Why not.
        why: &'static str,
    },
    /// It is about other files.
    #[error("the provenance file is not about {file:?}: it names {named}")]
    OtherFile {
        /// The archive's name.
        file: String,
        /// The names in it.
        named: String,
    },
    /// It is about other bytes.
    #[error(
        "the provenance file is about an archive with the digest {signed:?}, and this one has \"sha256:{own}\": one of the two \
         was packaged again; upload them as `helm package --sign` made them"
    )]
    OtherDigest {
        /// The digest that was signed.
        signed: String,
        /// The archive's.
        own: Digest,
    },
    /// It is about another chart.
    #[error("the provenance file is about {field} {signed:?}, and the archive has {own:?}")]
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
    #[error("holds no key")]
    Empty,
    /// The keyring is published.
    #[error("holds a private key, and the keyring is published: export it with `gpg --export`")]
    Private,
    /// It cannot sign.
    #[error("holds no private key: export it with `gpg --export-secret-keys`")]
    Public,
    /// Which of them?
    #[error("holds more than one private key")]
    Several,
    /// No part of it may sign now.
    #[error("has no part that may sign now: it is revoked, expired or made for other uses")]
    CannotSign,
    /// It is locked.
    #[error("is protected by a passphrase, and there is no signingPassphrase")]
    NoPassphrase,
    /// It stays locked.
    #[error("is not opened by signingPassphrase")]
    WrongPassphrase,
    /// The arithmetic failed.
    #[error("could not make a signature")]
    Failed,
}
