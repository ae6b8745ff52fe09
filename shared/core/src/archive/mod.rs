//! Reading a chart archive: bytes in, a checked chart out. No I/O, nothing is ever unpacked to
//! disk.
//!
//! An archive is hostile until it has passed. [`read`] walks it once ([`gzip`], [`walk`]) under
//! [`Limits`], holds each path against the rules ([`path`]), keeps only the few files whose text
//! matters ([`files`]) and hashes the rest on the way ([`content`]); then it loads the chart from
//! these files the way Helm's loader does ([`load`]).

mod content;
mod error;
mod files;
mod gzip;
mod limits;
mod listing;
mod load;
mod path;
mod rules;
mod side_files;
#[cfg(test)]
mod tests;
mod twice;
mod walk;

pub use error::ArchiveError;
pub use limits::Limits;
pub use listing::Unlistable;
pub use twice::DependencyTwice;

use self::rules::Rules;
use crate::chart::{Metadata, Values};
use crate::digest::Digest;

/// A chart archive that has passed every check.
#[derive(Debug, Clone)]
pub struct Archive {
    /// What Helm knows of the chart, from `Chart.yaml` (and `requirements.yaml` in old charts).
    pub metadata: Metadata,
    /// SHA-256 of the archive's bytes: the `digest` of its index entry.
    pub digest: Digest,
    /// SHA-256 over paths, executable bits and contents, not over times, owners or compression: two
    /// packagings of the same chart folder have the same one.
    pub content_digest: Digest,
    /// Bytes that the metadata takes in an index.
    pub listed_bytes: usize,
    /// What the packager should know although the chart is accepted, one sentence each.
    pub warnings: Vec<String>,
}

/// Reads and checks an archive that somebody wants to publish: both Helms must be able to load it,
/// and every unpacker must find the same in it.
///
/// # Errors
///
/// [`ArchiveError`] says what is wrong with the archive in words for the person who packaged it.
/// The same bytes always give the same answer, so trying again is pointless.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Archive, ArchiveError> {
    read_with_values(bytes, limits).map(|(archive, _)| archive)
}

/// Does the same as [`read`], and returns the values of the chart as well.
///
/// # Errors
///
/// Those of [`read`].
pub fn read_with_values(bytes: &[u8], limits: &Limits) -> Result<(Archive, Values), ArchiveError> {
    read_by(Rules::Upload, bytes, limits)
}

/// Reads an archive that is published already, by any tool: what a Helm loads is read,
/// with the content that Helm gives it (if a path occurs twice, the last one), however wrong
/// it would be in an upload. There are no warnings.
///
/// # Errors
///
/// [`ArchiveError`]; [`ArchiveError::stops_helm`] says whether Helm cannot load it either.
pub fn read_published(bytes: &[u8], limits: &Limits) -> Result<Archive, ArchiveError> {
    read_by(Rules::Published, bytes, limits).map(|(archive, _)| archive)
}

fn read_by(rules: Rules, bytes: &[u8], limits: &Limits) -> Result<(Archive, Values), ArchiveError> {
    let mut budget = limits.budget();
    let mut files = walk::walk(bytes, limits, &mut budget, rules)?;
    let loaded = load::load(&files, limits, &mut budget, rules)?;
    let archive = Archive {
        listed_bytes: listing::check_size(&loaded.metadata, limits)?,
        metadata: loaded.metadata,
        digest: Digest::of(bytes),
        content_digest: files.content_digest(),
        warnings: loaded.warnings,
    };
    let values = files.kept.remove("values.yaml").and_then(|mut values| values.pop());
    Ok((archive, Values::new(values)))
}
