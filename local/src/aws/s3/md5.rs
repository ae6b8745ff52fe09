//! MD5 (for ETags) and hexadecimal text.

use std::fmt::Write as _;

use s3s::crypto::{Checksum as _, Md5};

pub(super) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::checksum(bytes)
}

pub(super) fn md5_hex(bytes: &[u8]) -> String {
    hex(&md5(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
