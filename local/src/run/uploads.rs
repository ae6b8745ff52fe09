//! What a run uploads: charts that are named, or the example.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::package::{PackageError, package};

/// Why a chart cannot be uploaded.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The path does not exist.
    #[error("there is no {}", .0.display())]
    Missing(PathBuf),
    /// A file, but none that the bucket's notifications would pick up.
    #[error(
        "{} is neither a chart folder nor a chart archive: an archive is named NAME-VERSION.tgz, \
         its provenance file NAME-VERSION.tgz.prov",
        .0.display()
    )]
    NoArchive(PathBuf),
    /// A file that cannot be read.
    #[error("{} cannot be read: {error}", .path.display(), error = .error)]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// A folder that cannot be packed.
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

/// The charts that are named, or the example: of the current folder, else of the sources.
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

/// Packs folders and reads archives, with the tag of their release as metadata.
pub(crate) fn prepare(charts: &[PathBuf], release: Option<&str>) -> Result<Vec<Prepared>, UploadError> {
    let mut uploads: Vec<Prepared> = charts.iter().map(|path| prepare_one(path)).collect::<Result<_, _>>()?;
    for upload in &mut uploads {
        let release = release.map(|tag| ("release".to_owned(), tag.to_owned()));
        upload.metadata.extend(release);
    }
    // Provenance lies beside its archive before anybody is told of the archive.
    uploads.sort_by_key(|upload| !upload.key.ends_with(".prov"));
    Ok(uploads)
}

fn prepare_one(path: &Path) -> Result<Prepared, UploadError> {
    let Ok(kind) = std::fs::metadata(path) else {
        return Err(UploadError::Missing(path.to_owned()));
    };
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
