//! Writing an index: all of it or nothing.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// Writes the pieces to a temporary file beside `path`, which then takes its place: no reader ever
/// sees half an index, and `path` may be the index that the pieces come from.
pub(crate) fn write(pieces: &[Bytes], path: &Path) -> io::Result<()> {
    // Through a link the file behind it is replaced, not the link.
    let (path, permissions) = match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return write_all(&mut OpenOptions::new().write(true).open(path)?, pieces);
        }
        Ok(metadata) => (path.canonicalize()?, metadata.permissions()),
        Err(_) => (path.to_owned(), Permissions::from_mode(0o666)),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".index")
        .permissions(permissions)
        .tempfile_in(folder(&path))?;
    write_all(file.as_file_mut(), pieces)?;
    file.persist(path)?;
    Ok(())
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// As few system calls as there are: a piece may be as short as one line.
fn write_all(file: &mut File, pieces: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut rest = slices.as_mut_slice();
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
