//! For whom an archive is read.

/// Which archives are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// An upload: what both Helms load, and what every unpacker reads alike. A version that is
    /// published is spent.
    Upload,
    /// An archive that users can install today: whatever a Helm loads, with the content that Helm
    /// gives it.
    Published,
}
