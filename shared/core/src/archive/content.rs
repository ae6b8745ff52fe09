//! The digest over what is in an archive, not how it was packed.

use std::collections::BTreeMap;

use crate::digest::{Digest, Hasher};

/// What one path of the archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    /// Digest of a file's bytes, or of a link's target.
    pub(super) digest: Digest,
    /// Whether anyone may execute it: the only mode bit that means something in a chart.
    pub(super) executable: bool,
    /// Whether it is a link.
    pub(super) link: bool,
}

/// The digest over all paths with their contents.
///
/// Independent of the entries' order, times, owners, folder entries, compression and of the name of
/// the top folder. Every field has a fixed length or ends with a NUL, which no path holds, so that
/// two different archives never hash the same text.
pub(super) fn digest(contents: &BTreeMap<String, Content>) -> Digest {
    let mut hasher = Hasher::default();
    hasher.update(b"chartdrop content 1\0");
    for (path, content) in contents {
        hasher.update(path.as_bytes());
        hasher.update(&[0, u8::from(content.executable), u8::from(content.link)]);
        hasher.update(content.digest.as_bytes());
    }
    hasher.finish()
}
