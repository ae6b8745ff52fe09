//! The uploads of a run: the charts named on the command line, or the example.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::package::{PackageError, package};

/// Why a chart cannot be uploaded.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The path does not exist.
    #[error(
        "no such file or folder: {}; expected a chart folder, a packaged chart (NAME-VERSION.tgz) or an option \
         (see --help)",
        .0.display()
    )]
    Missing(PathBuf),
    /// A file whose name the bucket's notifications would not match.
    #[error(
        "{} is neither a chart folder nor a packaged chart; a packaged chart is named NAME-VERSION.tgz, and its \
         provenance file NAME-VERSION.tgz.prov",
        .0.display()
    )]
    NoArchive(PathBuf),
    /// A file that cannot be read.
    #[error("cannot read {}: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, in the words of the operating system.
        error: std::io::Error,
    },
    /// A folder that cannot be packaged.
    #[error(transparent)]
    Package(#[from] PackageError),
}

/// An object that is ready to be uploaded.
pub(crate) struct Prepared {
    pub(crate) key: String,
    pub(crate) bytes: Bytes,
    /// User metadata.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// The named charts. Without any, the example: below the current folder if it is there, otherwise
/// in the sources that this program was built from.
pub(crate) fn charts(named: &[PathBuf]) -> Vec<PathBuf> {
    const EXAMPLE: &str = "examples/kube9-operator";
    if !named.is_empty() {
        return named.to_vec();
    }
    let here = PathBuf::from(EXAMPLE);
    if here.exists() {
        return vec![here];
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    vec![sources.join(EXAMPLE)]
}

/// Packages folders and reads archives. The release tag becomes metadata of each upload.
pub(crate) fn prepare(charts: &[PathBuf], release: Option<&str>) -> Result<Vec<Prepared>, UploadError> {
    let mut uploads: Vec<Prepared> = charts.iter().map(|path| prepare_one(path)).collect::<Result<_, _>>()?;
    for upload in &mut uploads {
        let release = release.map(|tag| ("release".to_owned(), tag.to_owned()));
        upload.metadata.extend(release);
    }
    // Provenance files go first, so that each one is there when its archive is announced.
    uploads.sort_by_key(|upload| !upload.key.ends_with(".prov"));
    Ok(uploads)
}

fn prepare_one(path: &Path) -> Result<Prepared, UploadError> {
    let kind = std::fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => UploadError::Missing(path.to_owned()),
        _ => UploadError::Unreadable {
            path: path.to_owned(),
            error,
        },
    })?;
    if kind.is_dir() {
        let archive = package(path)?;
        return Ok(Prepared {
            key: format!("staging/{}", archive.file_name),
            bytes: archive.bytes.into(),
            metadata: BTreeMap::new(),
        });
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !name.ends_with(".tgz") && !name.ends_with(".tgz.prov") {
        return Err(UploadError::NoArchive(path.to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| UploadError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    Ok(Prepared {
        key: format!("staging/{name}"),
        bytes: bytes.into(),
        metadata: BTreeMap::new(),
    })
}
