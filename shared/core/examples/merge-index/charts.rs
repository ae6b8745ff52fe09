//! From chart archives on disk to index entries.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use chartdrop_core::archive::{self, Limits};
use chartdrop_core::chart;
use chartdrop_core::index::Entry;
use chartdrop_core::keys::{relative_url, url_path};
use jiff::Timestamp;

use crate::MergeError;

/// The entries of these archives, each checked as publish-chart checks an upload.
pub(crate) fn entries(charts: &[PathBuf], url: &str, created: Timestamp) -> Result<Vec<Entry>, MergeError> {
    let url = url.trim_end_matches('/');
    charts.iter().map(|path| entry(path, url, created)).collect()
}

fn entry(path: &Path, url: &str, created: Timestamp) -> Result<Entry, MergeError> {
    if path.is_dir() {
        return Err(MergeError::Folder(path.to_owned()));
    }
    let limits = Limits::default();
    let bytes = read(path, &limits).map_err(|error| MergeError::Unreadable(path.to_owned(), error))?;
    let archive = archive::read(&bytes, &limits).map_err(|error| MergeError::Archive(path.to_owned(), error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    chart::check_file_name(&name, &archive.metadata).map_err(|error| MergeError::FileName(path.to_owned(), error))?;
    Ok(Entry {
        metadata: archive.metadata,
        digest: archive.digest,
        url: match url {
            "" => relative_url(&name),
            url => format!("{url}/{}", url_path(&name)),
        },
        created: created.into(),
    })
}

/// No more than it takes to see that an archive is too large.
fn read(path: &Path, limits: &Limits) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limits.packed_bytes + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
