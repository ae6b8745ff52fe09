//! User metadata: what an object says of itself, beside its bytes.

/// User metadata of an upload: the tag of the release that it belongs to.
pub(super) const RELEASE_METADATA: &str = "release";
/// User metadata of a published archive: which upload it came from.
pub(super) const UPLOAD_METADATA: &str = "chartdrop-upload";
/// User metadata of an archive whose version had been taken back: which removal the publisher knew of when it stored it.
///
/// An archive without it, or with another removal's, is the one that was taken back and is about to be deleted. An index
/// that listed it would soon promise bytes that are gone.
pub(crate) const RETURNED_METADATA: &str = "chartdrop-returned-after";
/// User metadata of an archive that was repaired: by which upload.
pub(super) const REPAIRED_METADATA: &str = "chartdrop-repaired-by";
