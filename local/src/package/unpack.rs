//! The files of a packaged dependency, as Helm's `LoadArchiveFiles` reads them.

use std::io::{self, Read as _};

use chartdrop::size::Size;
use flate2::read::GzDecoder;

use super::file::{BOM, File};

/// The largest unpacked dependency that Helm loads.
const MOST_BYTES: u64 = 100 * 1024 * 1024;

/// Why a packaged dependency cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnpackError {
    #[error("it is not a gzip-compressed tar archive: {0}")]
    Archive(#[from] io::Error),
    #[error("the path {:?} is not valid UTF-8; rename the file and package the dependency again", String::from_utf8_lossy(.0))]
    PathEncoding(Vec<u8>),
    #[error("the path {0:?} is not inside the chart's folder; package the dependency with `helm package`")]
    Outside(String),
    #[error("it contains no files; package the dependency with `helm package`")]
    Empty,
    #[error("it is larger than {} when unpacked, the most that Helm loads", Size(MOST_BYTES))]
    TooLarge,
}

pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<File>, UnpackError> {
    let mut tar = tar::Archive::new(GzDecoder::new(bytes).take(MOST_BYTES + 1));
    let mut files = Vec::new();
    let mut total = 0;
    for entry in tar.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        total += entry.size();
        if total > MOST_BYTES {
            return Err(UnpackError::TooLarge);
        }
        let path = String::from_utf8(entry.path_bytes().into_owned())
            .map_err(|error| UnpackError::PathEncoding(error.into_bytes()))?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        if let Some(rest) = bytes.strip_prefix(BOM) {
            bytes = rest.to_vec();
        }
        files.push(File {
            path: within(&path)?,
            bytes,
        });
    }
    if files.is_empty() {
        return Err(UnpackError::Empty);
    }
    Ok(files)
}

/// The path without the archive's top-level folder.
fn within(path: &str) -> Result<String, UnpackError> {
    let outside = || UnpackError::Outside(path.to_owned());
    // Archives packaged on Windows may hold backslashes.
    let delimiter = if path.contains('\\') { '\\' } else { '/' };
    let (first, below) = path.split_once(delimiter).ok_or_else(outside)?;
    let below = below.replace(delimiter, "/");
    if below.starts_with('/') || first == "Chart.yaml" {
        return Err(outside());
    }
    let mut parts = Vec::new();
    for part in below.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or_else(outside)?),
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err(outside());
    }
    Ok(parts.join("/"))
}
