//! OpenPGP keys for the tests, generated in each run.

use chartdrop::chart::Metadata;
use chartdrop::digest::Digest;
use chartdrop::provenance::{SigningKey, Subject};
use jiff::Timestamp;
use pgp::composed::{ArmorOptions, KeyType, SecretKeyParamsBuilder};
use serde_json::json;

use crate::ChartArchive;

/// A key and its public half, both armored.
pub struct Key {
    /// The private key, for `signingKey`.
    pub private: String,
    /// The public key, for `keyring`.
    pub public: String,
}

impl Key {
    /// Generates a key.
    pub fn new() -> Self {
        let params = SecretKeyParamsBuilder::default()
            .key_type(KeyType::Ed25519Legacy)
            .can_certify(true)
            .can_sign(true)
            .primary_user_id("Charts <charts@example.com>".to_owned())
            .build()
            .expect("good parameters");
        let key = params.generate(rand::thread_rng()).expect("a key");
        let armored = |text: Result<String, _>| text.expect("a key can be written");
        Key {
            private: armored(key.to_armored_string(ArmorOptions::default())),
            public: armored(key.to_public_key().to_armored_string(ArmorOptions::default())),
        }
    }

    /// A secret that verifies uploads with this key.
    pub fn secret_to_verify(&self) -> String {
        json!({"keyring": self.public}).to_string()
    }

    /// A secret that signs charts with this key.
    pub fn secret_to_sign(&self) -> String {
        json!({"signingKey": self.private}).to_string()
    }

    /// The provenance file of a chart, signed with this key.
    pub fn sign(&self, chart: &ChartArchive) -> String {
        let bytes = chart.bytes();
        let metadata = chartdrop::archive::read(&bytes, &chartdrop::archive::Limits::default());
        let metadata: Metadata = metadata.expect("a chart").metadata;
        let subject = Subject {
            file_name: &chart.file_name(),
            digest: Digest::of(&bytes),
            metadata: &metadata,
        };
        let key = SigningKey::read(&self.private, None).expect("a key that signs");
        key.sign(subject, Timestamp::now()).expect("a signature")
    }
}

impl Default for Key {
    fn default() -> Self {
        Key::new()
    }
}
