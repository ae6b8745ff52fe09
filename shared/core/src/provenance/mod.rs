//! Helm's provenance files: who packaged an archive, and that it is unchanged. No I/O, no clock.
//!
//! A provenance file is a cleartext-signed OpenPGP text of two documents: the chart's `Chart.yaml`,
//! and the digest of its archive ([`message`]; <https://helm.sh/docs/topics/provenance/>).
//! [`Keyring::verify`] is stricter than `helm verify` of Helm 3.22 and 4.3 with the same keyring:
//! Helm also accepts signatures over SHA-1, text around the signed part, and the names of other
//! charts. [`SigningKey::sign`] makes what `helm package --sign` makes.
//!
//! The crate `pgp` reads the packets and does the cryptography. Which signatures count is decided
//! here, by the rules of `CheckDetachedSignature` in ProtonMail's go-crypto 1.4, which both Helms
//! call.

mod certificate;
mod error;
mod keyring;
mod message;
mod mode;
mod signing;
#[cfg(test)]
mod tests;

pub use error::{KeyError, ProvenanceError};
pub use keyring::Keyring;
pub use mode::{NoProvenanceMode, ProvenanceMode};
pub use signing::SigningKey;

use jiff::Timestamp;
use pgp::types::Timestamp as PgpTime;

use crate::chart::Metadata;
use crate::digest::Digest;

/// A provenance file is a `Chart.yaml`, a digest and a signature. Larger files are not read.
pub const MAX_BYTES: u64 = 1024 * 1024;

/// The archive that a provenance file is for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// `NAME-VERSION.tgz`.
    pub file_name: &'a str,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// The chart in it.
    pub metadata: &'a Metadata,
}

/// OpenPGP counts seconds from 1970 to 2106.
fn pgp_time(time: Timestamp) -> PgpTime {
    PgpTime::from_secs(u32::try_from(time.as_second()).unwrap_or_default())
}
