//! The rules for reading an archive: those for an upload, or those for a published archive.

/// Which archives are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// An upload: what both Helms load, and what every unpacker reads alike. It pays to be strict,
    /// because a published version can never be corrected.
    Upload,
    /// A published archive, which users can install: whatever a Helm loads, with the content that
    /// Helm sees.
    Published,
}
