//! The signing keys of the secret, and the public keyring.

use std::sync::Arc;

use bytes::Bytes;

use crate::digest::Digest;
use crate::keys::{Headers, KEYRING};
use crate::provenance::{Keyring, ProvenanceMode, SigningKey};
use crate::publish::{PublishError, Publisher};
use crate::secret::{Secret, SecretError};
use crate::store::{Got, Replaced};

/// A larger object was not written by Chartdrop.
const MAX_KEYRING_BYTES: u64 = 8 * 1024 * 1024;

/// The keys of the secret as it is now.
pub(super) struct Keys {
    pub(super) secret: Arc<Secret>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) signing: Option<Arc<SigningKey>>,
}

impl Publisher {
    /// Publishes the public keyring, once for each state of the secret.
    pub(super) async fn publish_keyring(&self) -> Result<(), PublishError> {
        let keys = self.keys().await?;
        let bytes = keys.keyring.to_bytes();
        let bytes = Bytes::from(bytes.map_err(|problem| self.wrong_key("keyring", problem))?);
        let digest = Digest::of(&bytes);
        if self.keyring.get() == Some(digest) {
            return Ok(());
        }
        let published = match self.store.get(KEYRING, MAX_KEYRING_BYTES).await? {
            Got::Found(object) if object.bytes == bytes => {
                self.keyring.set(digest);
                return Ok(());
            }
            Got::Found(object) => Some(object.etag),
            Got::TooLarge { etag, .. } => Some(etag),
            Got::Missing => None,
        };
        let headers = Headers::keyring(self.settings.index_max_age);
        let replaced = self
            .store
            .replace(KEYRING, vec![bytes], &headers, published.as_ref())
            .await?;
        // The winner may have known an older secret; the next chart tries again.
        if replaced == Replaced::Done {
            self.keyring.set(digest);
        }
        Ok(())
    }

    pub(super) async fn keys(&self) -> Result<Keys, PublishError> {
        let secret = self.secrets()?.get().await?;
        Ok(self.keys_in(secret)?)
    }

    pub(super) fn keys_in(&self, secret: Arc<Secret>) -> Result<Keys, SecretError> {
        let mode = self.settings.provenance;
        let wrong = |problem| match self.secrets() {
            Ok(secrets) => secrets.wrong(problem),
            Err(error) => error,
        };
        let signing = match mode {
            ProvenanceMode::Sign => Some(secret.signing_key(mode.setting()).map_err(wrong)?),
            _ => None,
        };
        let keyring = match &signing {
            None => secret.keyring(mode.setting()).map_err(wrong)?,
            Some(signing) => {
                let others = match secret.has_keyring() {
                    true => secret.keyring(mode.setting()).map_err(wrong)?,
                    false => Arc::default(),
                };
                Arc::new(Keyring::clone(&others).with(signing.certificate()))
            }
        };
        Ok(Keys {
            secret,
            keyring,
            signing,
        })
    }
}
