//! The keys of a certificate that may sign, and until when.
//!
//! A certificate is a collection of keys, names and signatures, to which anyone may have added.
//! Only what its primary key has signed counts; of several signatures the newest, as in go-crypto.

use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails as _, KeyId, KeyVersion, SignedUser, Tag, Timestamp};

use super::ProvenanceError;

/// One key of a certificate that may sign.
pub(super) struct Signer<'a> {
    certificate: &'a SignedPublicKey,
    /// The subkey; `None` for the primary key itself.
    subkey: Option<(&'a SignedPublicSubKey, &'a Signature)>,
    /// The certificate's signature about this key.
    own: OwnWord<'a>,
}

/// The signature with which a primary key states its purpose and expiry.
#[derive(Clone, Copy)]
struct OwnWord<'a> {
    signature: &'a Signature,
    /// The name in it was revoked.
    revoked: bool,
}

/// The keys of a certificate that may sign and have this ID.
pub(super) fn signers<'a>(certificate: &'a SignedPublicKey, id: &KeyId) -> Vec<Signer<'a>> {
    all_signers(certificate)
        .into_iter()
        .filter(|signer| signer.key_id() == *id)
        .collect()
}

/// The keys of a certificate that may sign, subkeys last and the newest of them at the end.
pub(super) fn all_signers(certificate: &SignedPublicKey) -> Vec<Signer<'_>> {
    let Some(own) = own_word(certificate) else {
        return Vec::new();
    };
    let primary = own.signature.key_flags().sign().then_some(Signer {
        certificate,
        subkey: None,
        own,
    });
    let mut subkeys: Vec<_> = certificate
        .public_subkeys
        .iter()
        .filter_map(|subkey| Some((subkey, binding(certificate, subkey)?)))
        .filter(|(subkey, binding)| binding.key_flags().sign() && is_bound_back(certificate, subkey, binding))
        .collect();
    subkeys.sort_by_key(|(_, binding)| binding.created());
    let subkeys = subkeys.into_iter().map(|subkey| Signer {
        certificate,
        subkey: Some(subkey),
        own,
    });
    primary.into_iter().chain(subkeys).collect()
}

/// The name that counts: not revoked, marked as primary, newest.
fn own_word(certificate: &SignedPublicKey) -> Option<OwnWord<'_>> {
    let primary = &certificate.primary_key;
    if primary.version() == KeyVersion::V6 {
        let direct = certificate.details.direct_signatures.iter();
        let valid = direct.filter(|signature| signature.verify_key(primary).is_ok());
        let signature = valid.max_by_key(|signature| signature.created())?;
        return Some(OwnWord {
            signature,
            revoked: false,
        });
    }
    let words = certificate.details.users.iter().filter_map(|user| {
        let valid = |signature: &&Signature| is_own(certificate, user, signature);
        let signature = user
            .signatures
            .iter()
            .filter(valid)
            .filter(|signature| !is_revocation(signature));
        let signature = signature.max_by_key(|signature| signature.created())?;
        let revoked = user.signatures.iter().filter(valid).any(is_revocation);
        Some(OwnWord { signature, revoked })
    });
    words.max_by_key(|word| (!word.revoked, word.signature.is_primary(), word.signature.created()))
}

fn is_own(certificate: &SignedPublicKey, user: &SignedUser, signature: &Signature) -> bool {
    let key = &certificate.primary_key;
    signature.verify_certification(key, Tag::UserId, &user.id).is_ok()
}

fn is_revocation(signature: &Signature) -> bool {
    signature.typ() == Some(SignatureType::CertRevocation)
}

/// The signature with which the primary key binds a subkey.
fn binding<'a>(certificate: &SignedPublicKey, subkey: &'a SignedPublicSubKey) -> Option<&'a Signature> {
    let bindings = subkey.signatures.iter().filter(|signature| {
        signature.typ() == Some(SignatureType::SubkeyBinding)
            && signature
                .verify_subkey_binding(&certificate.primary_key, &subkey.key)
                .is_ok()
    });
    bindings.max_by_key(|signature| signature.created())
}

/// Whether the subkey has signed the binding too. Otherwise someone could bind a key of another
/// person and claim its signatures.
fn is_bound_back(certificate: &SignedPublicKey, subkey: &SignedPublicSubKey, binding: &Signature) -> bool {
    binding.embedded_signature().is_some_and(|back| {
        back.verify_primary_key_binding(&subkey.key, &certificate.primary_key)
            .is_ok()
    })
}

impl Signer<'_> {
    fn key_id(&self) -> KeyId {
        match self.subkey {
            None => self.certificate.primary_key.legacy_key_id(),
            Some((subkey, _)) => subkey.key.legacy_key_id(),
        }
    }

    /// The fingerprint of the certificate, by which people know it.
    pub(super) fn fingerprint(&self) -> String {
        self.certificate
            .primary_key
            .fingerprint()
            .to_string()
            .to_ascii_uppercase()
    }

    /// The fingerprint of this key.
    pub(super) fn key_fingerprint(&self) -> pgp::types::Fingerprint {
        match self.subkey {
            None => self.certificate.primary_key.fingerprint(),
            Some((subkey, _)) => subkey.key.fingerprint(),
        }
    }

    /// Whether this key made this signature over this text.
    pub(super) fn made(&self, signature: &Signature, text: &[u8]) -> bool {
        let verified = match self.subkey {
            None => signature.verify(&self.certificate.primary_key, text),
            Some((subkey, _)) => signature.verify(&subkey.key, text),
        };
        verified.is_ok()
    }

    /// Whether the key may be used now.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), ProvenanceError> {
        let certificate = self.certificate;
        let fingerprint = || self.fingerprint();
        let subkey_revoked = self.subkey.is_some_and(|(subkey, _)| {
            let mut signatures = subkey.signatures.iter();
            signatures.any(|signature| signature.typ() == Some(SignatureType::SubkeyRevocation))
        });
        // A revocation that does not verify counts too: its author wanted the key out of use.
        if !certificate.details.revocation_signatures.is_empty() || self.own.revoked || subkey_revoked {
            return Err(ProvenanceError::Revoked {
                fingerprint: fingerprint(),
            });
        }
        let primary_expired = is_expired(certificate.primary_key.created_at(), self.own.signature, now);
        let subkey_expired = self
            .subkey
            .is_some_and(|(subkey, binding)| is_expired(subkey.key.created_at(), binding, now));
        if primary_expired || subkey_expired {
            return Err(ProvenanceError::KeyExpired {
                fingerprint: fingerprint(),
            });
        }
        let binding = self.subkey.map(|(_, binding)| binding);
        let back = binding.and_then(Signature::embedded_signature);
        for signature in [Some(self.own.signature), binding, back].into_iter().flatten() {
            check_signature(signature, now, &self.fingerprint())?;
        }
        Ok(())
    }
}

/// Whether a key of this age has expired according to this signature.
fn is_expired(created: Timestamp, says: &Signature, now: Timestamp) -> bool {
    let (created, now) = (u64::from(created.as_secs()), u64::from(now.as_secs()));
    let lasts = says.key_expiration_time().map_or(0, |lasts| u64::from(lasts.as_secs()));
    created > now || (lasts > 0 && created + lasts < now)
}

/// Whether a signature is valid now, and contains no critical part that is not understood.
pub(super) fn check_signature(signature: &Signature, now: Timestamp, fingerprint: &str) -> Result<(), ProvenanceError> {
    let now = u64::from(now.as_secs());
    let created = signature
        .created()
        .map_or(u64::MAX, |created| u64::from(created.as_secs()));
    let lasts = signature.signature_expiration_time();
    let lasts = lasts.map_or(0, |lasts| u64::from(lasts.as_secs()));
    if created > now || (lasts > 0 && created + lasts < now) {
        return Err(ProvenanceError::SignatureExpired {
            fingerprint: fingerprint.to_owned(),
        });
    }
    let critical = |signature: &Signature| {
        let mut subpackets = signature
            .config()
            .into_iter()
            .flat_map(|config| config.hashed_subpackets());
        subpackets
            .any(|subpacket| subpacket.is_critical && matches!(subpacket.data, pgp::packet::SubpacketData::Notation(_)))
    };
    if critical(signature) {
        return Err(ProvenanceError::Weak {
            fingerprint: fingerprint.to_owned(),
            why: "it has a critical notation that Chartdrop does not support",
        });
    }
    Ok(())
}
