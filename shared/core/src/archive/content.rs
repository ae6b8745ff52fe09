//! The content digest: it covers what an archive contains, not how it was packaged.

use std::collections::BTreeMap;

use crate::digest::{Digest, Hasher};

/// The content of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    /// The digest of a file's bytes or of a link's target.
    pub(super) digest: Digest,
    /// Whether it is executable, the only mode bit that matters in a chart.
    pub(super) executable: bool,
    /// Whether it is a link.
    pub(super) link: bool,
}

/// Computes the digest over all paths and their content.
///
/// It does not depend on the order of entries, times, owners, folder entries, compression, or the
/// name of the top-level folder. Every field has a fixed length or ends with a NUL, which no path
/// contains, so two different archives never hash the same bytes.
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
