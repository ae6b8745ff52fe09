//! Stands in for [`crc-fast`](https://crates.io/crates/crc-fast) in this workspace
//! (`[patch.crates-io]` in the root's `Cargo.toml`).
//!
//! The AWS SDK uses three checksums of that crate, and it brings the tables and the code of more
//! than fifty: 0.7 MiB, a tenth of a whole function, which no linker can leave out because the
//! algorithm is chosen when the program runs. This crate has the same names for those three. What
//! they compute is left to `crc32fast`, which is in the functions anyway, and to `crc`. An
//! algorithm that the SDK asks for some day and that is not here is an error of the compiler.

use std::fmt;

use crc::{CRC_32_ISCSI, CRC_64_NVME, Crc, Table};

/// With one table of 256 words: S3 sends these two only to who asks for them, and we do not.
static CRC_32C: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);
static CRC_64: Crc<u64, Table<1>> = Crc::<u64, Table<1>>::new(&CRC_64_NVME);

/// The checksums of S3, by their names in the
/// [catalogue](https://reveng.sourceforge.io/crc-catalogue/all.htm).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// `x-amz-checksum-crc32`, also of gzip and zip.
    Crc32IsoHdlc,
    /// `x-amz-checksum-crc32c`
    Crc32Iscsi,
    /// `x-amz-checksum-crc64nvme`
    Crc64Nvme,
}

#[derive(Clone)]
enum State {
    Crc32IsoHdlc(crc32fast::Hasher),
    Crc32Iscsi(crc::Digest<'static, u32, Table<1>>),
    Crc64Nvme(crc::Digest<'static, u64, Table<1>>),
}

/// A checksum of bytes that come piece by piece.
#[derive(Clone)]
pub struct Digest(State);

impl Digest {
    /// The checksum of nothing yet.
    #[must_use]
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        Self(match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => State::Crc32IsoHdlc(crc32fast::Hasher::new()),
            CrcAlgorithm::Crc32Iscsi => State::Crc32Iscsi(CRC_32C.digest()),
            CrcAlgorithm::Crc64Nvme => State::Crc64Nvme(CRC_64.digest()),
        })
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Crc32IsoHdlc(hasher) => hasher.update(bytes),
            State::Crc32Iscsi(digest) => digest.update(bytes),
            State::Crc64Nvme(digest) => digest.update(bytes),
        }
    }

    /// The checksum; those of 32 bits in the lower half.
    #[must_use]
    pub fn finalize(self) -> u64 {
        match self.0 {
            State::Crc32IsoHdlc(hasher) => hasher.finalize().into(),
            State::Crc32Iscsi(digest) => digest.finalize().into(),
            State::Crc64Nvme(digest) => digest.finalize(),
        }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            State::Crc32IsoHdlc(_) => "Digest(Crc32IsoHdlc)",
            State::Crc32Iscsi(_) => "Digest(Crc32Iscsi)",
            State::Crc64Nvme(_) => "Digest(Crc64Nvme)",
        })
    }
}

/// The checksum of all of `bytes`.
#[must_use]
pub fn checksum(algorithm: CrcAlgorithm, bytes: &[u8]) -> u64 {
    let mut digest = Digest::new(algorithm);
    digest.update(bytes);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [CrcAlgorithm; 3] = [
        CrcAlgorithm::Crc32IsoHdlc,
        CrcAlgorithm::Crc32Iscsi,
        CrcAlgorithm::Crc64Nvme,
    ];

    /// The check values of the catalogue: the checksum of the nine digits.
    #[test]
    fn each_algorithm_gives_its_published_check_value() {
        assert_eq!(checksum(CrcAlgorithm::Crc32IsoHdlc, b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(CrcAlgorithm::Crc32Iscsi, b"123456789"), 0xe306_9283);
        assert_eq!(checksum(CrcAlgorithm::Crc64Nvme, b"123456789"), 0xae8b_1486_0a79_9888);
    }

    /// What RFC 3720, B.4 gives for CRC-32C, of a length that is no multiple of a step.
    #[test]
    fn crc32c_of_the_examples_of_iscsi() {
        assert_eq!(checksum(CrcAlgorithm::Crc32Iscsi, &[0; 32]), 0x8a91_36aa);
        assert_eq!(checksum(CrcAlgorithm::Crc32Iscsi, &[0xff; 32]), 0x62a8_ab43);
    }

    #[test]
    fn nothing_has_the_checksum_zero() {
        for algorithm in ALL {
            assert_eq!(checksum(algorithm, b""), 0, "{algorithm:?}");
        }
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let bytes: Vec<u8> = (0..=255_u8).cycle().take(10_000).collect();
        for algorithm in ALL {
            for length in [1, 7, 64, 4096] {
                let mut digest = Digest::new(algorithm);
                bytes.chunks(length).for_each(|piece| digest.update(piece));
                assert_eq!(
                    digest.finalize(),
                    checksum(algorithm, &bytes),
                    "{algorithm:?} in pieces of {length}"
                );
            }
        }
    }
}
