//! Signing by Chartdrop.

use jiff::Timestamp;
use pgp::composed::{ArmorOptions, CleartextSignedMessage, PublicOrSecret, SignedPublicKey, SignedSecretKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::types::{KeyDetails as _, KeyVersion, Password, SigningKey as Signs};

use super::keyring::read_keys;
use super::message::Message;
use super::{KeyError, Subject, certificate, pgp_time};

/// An unlocked private key that may sign. The `pgp` crate wipes its secret numbers from memory when
/// it is dropped.
pub struct SigningKey {
    key: SignedSecretKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// Reads a private key, armored or in base64 of the binary form, and unlocks it.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if it is not a private key, or this passphrase does not unlock it.
    pub fn read(text: &str, passphrase: Option<&str>) -> Result<Self, KeyError> {
        let mut keys = read_keys(text)?.into_iter();
        let mut key = match (keys.next(), keys.next()) {
            (None, _) => return Err(KeyError::Empty),
            (Some(_), Some(_)) => return Err(KeyError::Several),
            (Some(PublicOrSecret::Public(_)), None) => return Err(KeyError::Public),
            (Some(PublicOrSecret::Secret(key)), None) => key,
        };
        // Only once: deriving a key from the passphrase is slow on purpose, and a burst of charts
        // would do it each time. The passphrase is in memory as long as the key anyhow.
        let password = Password::from(passphrase.unwrap_or_default());
        let locked = |_| match passphrase {
            None => KeyError::NoPassphrase,
            Some(_) => KeyError::WrongPassphrase,
        };
        // A primary key that is stored elsewhere (`gpg --export-secret-subkeys`) has no secret part
        // and cannot be unlocked.
        let primary = key.primary_key.remove_password(&password);
        let mut opened = primary.is_ok();
        for subkey in &mut key.secret_subkeys {
            opened |= subkey.key.remove_password(&password).is_ok();
        }
        if !opened {
            primary.map_err(locked)?;
        }
        Ok(Self { key })
    }

    /// The public half, for the keyring.
    pub fn certificate(&self) -> SignedPublicKey {
        self.key.to_public_key()
    }

    /// The fingerprint of the certificate.
    pub fn fingerprint(&self) -> String {
        self.key.primary_key.fingerprint().to_string().to_ascii_uppercase()
    }

    /// Makes the provenance file of an archive.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the key may not sign now.
    pub fn sign(&self, subject: Subject<'_>, now: Timestamp) -> Result<String, KeyError> {
        let certificate = self.certificate();
        let text = Message::text(subject);
        // The newest subkey, as gpg does, or else the primary key.
        let usable = certificate::all_signers(&certificate).into_iter().rev();
        for signer in usable.filter(|signer| signer.check(pgp_time(now)).is_ok()) {
            let fingerprint = signer.key_fingerprint();
            let subkey = self
                .key
                .secret_subkeys
                .iter()
                .find(|subkey| subkey.key.fingerprint() == fingerprint);
            let signed = match subkey {
                Some(subkey) => sign_with(&subkey.key, &text, now),
                None if self.key.primary_key.fingerprint() == fingerprint => {
                    sign_with(&self.key.primary_key, &text, now)
                }
                None => continue,
            };
            if let Ok(signed) = signed {
                return Ok(signed);
            }
        }
        Err(KeyError::CannotSign)
    }
}

fn sign_with(key: &impl Signs, text: &str, now: Timestamp) -> Result<String, KeyError> {
    let failed = |_| KeyError::Failed;
    let made_at = pgp_time(now);
    // Helm's choice. A small elliptic-curve key signs a digest that is cut to its size.
    let hash = HashAlgorithm::Sha512;
    let mut config = match key.version() {
        KeyVersion::V6 => {
            SignatureConfig::v6(rand::thread_rng(), SignatureType::Text, key.algorithm(), hash).map_err(failed)?
        }
        _ => SignatureConfig::v4(SignatureType::Text, key.algorithm(), hash),
    };
    config.hashed_subpackets = vec![
        Subpacket::regular(SubpacketData::SignatureCreationTime(made_at)).map_err(failed)?,
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint())).map_err(failed)?,
    ];
    if key.version() <= KeyVersion::V4 {
        // go-crypto identifies the signer by it.
        let id = SubpacketData::IssuerKeyId(key.legacy_key_id());
        config.unhashed_subpackets = vec![Subpacket::regular(id).map_err(failed)?];
    }
    let signed = CleartextSignedMessage::new(text, config, key, &Password::empty()).map_err(failed)?;
    signed.to_armored_string(ArmorOptions::default()).map_err(failed)
}
