//! Reading an index into memory, once.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use memmap2::MmapMut;

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    match usize::try_from(metadata.len()) {
        Ok(length) if metadata.is_file() && length > 0 => read_exactly(&mut file, length),
        _ => {
            // A pipe has no length.
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes.into())
        }
    }
}

/// Fresh memory is what costs most here: the kernel clears it and maps it page by page, and for a
/// vector of 4 KiB pages that takes longer than all the rest of the copying. Pages of 2 MiB take a
/// quarter of it.
fn read_exactly(file: &mut File, length: usize) -> io::Result<Bytes> {
    let mut memory = MmapMut::map_anon(length)?;
    #[cfg(target_os = "linux")]
    // Advice only: a kernel without large pages goes on without.
    let _ = memory.advise(memmap2::Advice::HugePage);
    file.read_exact(&mut memory)?;
    if file.read(&mut [0])? > 0 {
        return Err(io::Error::other("it grew while it was read"));
    }
    Ok(Bytes::from_owner(memory))
}
