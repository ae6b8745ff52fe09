//! One pass over gzip and tar, under limits.

use std::collections::btree_map::Entry as MapEntry;
use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;
use tar::{EntryType, Header, PaxExtensions};

use super::content::Content;
use super::files::{Files, is_kept};
use super::limits::Budget;
use super::path::{self, ChartPath};
use super::{ArchiveError, Limits};
use crate::digest::{Digest, Hasher};

/// Extension headers (long names, pax records) larger than this are refused, as Go's tar reader does
/// (`maxSpecialFileSize`, <https://github.com/golang/go/blob/master/src/archive/tar/format.go>).
const MAX_EXTENSION_BYTES: u64 = 1 << 20;

/// Reads the whole archive once and keeps what the loader needs.
pub(super) fn walk(bytes: &[u8], limits: &Limits, budget: &mut Budget) -> Result<Files, ArchiveError> {
    let size = bytes.len() as u64;
    if size > limits.packed_bytes {
        return Err(ArchiveError::TooLarge {
            size,
            limit: limits.packed_bytes,
        });
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(ArchiveError::NotGzip);
    }
    let mut unpacked = Bounded {
        // Helm reads all members of a gzip file, so a second one must not hide anything from us.
        inner: MultiGzDecoder::new(bytes),
        left: &mut budget.bytes,
        seen: 0,
        exceeded: false,
    };
    let mut walk = Walk {
        limits,
        entries: &mut budget.entries,
        kept_bytes: &mut budget.kept_bytes,
        files: Files::default(),
        extension: Extension::default(),
        entries_seen: 0,
    };
    let walked = walk.archive(&mut unpacked);
    let files = walk.files;
    let read_to_the_end = walked.and_then(|()| drain(&mut unpacked));
    if unpacked.exceeded {
        return Err(ArchiveError::UnpackedTooLarge {
            limit: limits.unpacked_bytes,
        });
    }
    read_to_the_end?;
    if files.contents.is_empty() {
        return Err(ArchiveError::Empty);
    }
    Ok(files)
}

/// What follows the tar archive must be there and intact: the gzip trailer proves that nothing was cut or changed.
fn drain(unpacked: &mut impl Read) -> Result<(), ArchiveError> {
    io::copy(unpacked, &mut io::sink()).map(drop).map_err(damaged)
}

/// A reader that fails, rather than ends, when it has given out its budget.
struct Bounded<'a, R> {
    inner: R,
    left: &'a mut u64,
    seen: u64,
    exceeded: bool,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.seen += read as u64;
        match self.left.checked_sub(read as u64) {
            Some(left) => *self.left = left,
            None => {
                *self.left = 0;
                self.exceeded = true;
                return Err(io::Error::other("more bytes than accepted"));
            }
        }
        Ok(read)
    }
}

struct Walk<'a> {
    limits: &'a Limits,
    entries: &'a mut u64,
    kept_bytes: &'a mut u64,
    files: Files,
    extension: Extension,
    entries_seen: u64,
}

/// What extension headers say of the entry that follows them.
#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl Walk<'_> {
    fn archive<R: Read>(&mut self, unpacked: &mut Bounded<'_, R>) -> Result<(), ArchiveError> {
        let mut archive = tar::Archive::new(unpacked);
        // Raw: the tar crate would read long names and pax records of any size into memory.
        let entries = archive.entries().map_err(damaged)?.raw(true);
        for entry in entries {
            let mut entry = entry.map_err(|error| self.reading_failed(error))?;
            self.entries_seen += 1;
            *self.entries = self.entries.checked_sub(1).ok_or(ArchiveError::TooManyEntries {
                limit: self.limits.entries,
            })?;
            self.entry(&mut entry)?;
        }
        Ok(())
    }

    fn entry<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), ArchiveError> {
        let kind = entry.header().entry_type();
        match kind {
            EntryType::XHeader => self.pax(entry),
            EntryType::GNULongName => {
                self.extension.path = Some(self.long_name(entry)?);
                Ok(())
            }
            EntryType::GNULongLink => {
                self.extension.link = Some(self.long_name(entry)?);
                Ok(())
            }
            // Helm skips it too; `git archive` puts the commit there.
            EntryType::XGlobalHeader => Ok(()),
            _ => {
                let extension = std::mem::take(&mut self.extension);
                let raw_path = extension
                    .path
                    .unwrap_or_else(|| entry.header().path_bytes().into_owned());
                let path = path::check(&raw_path, self.limits.path_bytes)?;
                self.member(kind, path, extension.link, entry)
            }
        }
    }

    fn member<R: Read>(
        &mut self,
        kind: EntryType,
        path: ChartPath,
        long_link: Option<Vec<u8>>,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<(), ArchiveError> {
        let shown = format!("{}/{}", path.folder, path.within);
        self.same_folder(&path)?;
        match kind {
            EntryType::Directory => Ok(()),
            EntryType::Regular | EntryType::Continuous => {
                // A folder in the oldest tar format is a file whose name ends with a slash.
                if path.within.is_empty() {
                    return self.file_at_the_top(path, entry.header());
                }
                let size = size_of(entry.header(), &shown)?;
                let file = self.file(&path.within, size, entry)?;
                self.keep(path.within, file)
            }
            EntryType::Symlink | EntryType::Link => {
                let target = long_link.or_else(|| entry.header().link_name_bytes().map(|name| name.into_owned()));
                let target = String::from_utf8_lossy(&target.unwrap_or_default()).into_owned();
                // A hard link's target is a path of the archive, a symbolic one's is relative to the link.
                let stays = match kind {
                    EntryType::Link => path::check(target.as_bytes(), self.limits.path_bytes)
                        .is_ok_and(|target| target.folder == path.folder),
                    _ => path::link_stays(&path.within, &target),
                };
                if !stays {
                    return Err(ArchiveError::LinkLeaves { path: shown, target });
                }
                self.files.links.push(path.within.clone());
                let link = Content {
                    digest: Digest::of(target.as_bytes()),
                    executable: false,
                    link: true,
                };
                self.keep(path.within, link)
            }
            EntryType::GNUSparse => Err(ArchiveError::Headers {
                path: shown,
                detail: "a sparse file",
            }),
            EntryType::Char => Err(not_a_file(shown, "a character device")),
            EntryType::Block => Err(not_a_file(shown, "a block device")),
            EntryType::Fifo => Err(not_a_file(shown, "a named pipe")),
            _ => Err(not_a_file(shown, "an entry of a type that Helm does not know")),
        }
    }

    /// One archive is one chart: everything lies in one folder.
    fn same_folder(&mut self, path: &ChartPath) -> Result<(), ArchiveError> {
        if self.files.folder.is_empty() {
            self.files.folder.clone_from(&path.folder);
        }
        if self.files.folder == path.folder {
            return Ok(());
        }
        if path.within.is_empty() && path.folder == "Chart.yaml" || self.files.folder == "Chart.yaml" {
            return Err(ArchiveError::ChartYamlElsewhere {
                path: "Chart.yaml".to_owned(),
            });
        }
        Err(ArchiveError::TwoCharts {
            first: self.files.folder.clone(),
            second: path.folder.clone(),
        })
    }

    /// A file that lies beside the chart's folder instead of in it.
    fn file_at_the_top(&self, path: ChartPath, header: &Header) -> Result<(), ArchiveError> {
        if header.path_bytes().ends_with(b"/") {
            return Ok(());
        }
        if path.folder == "Chart.yaml" {
            return Err(ArchiveError::ChartYamlElsewhere { path: path.folder });
        }
        Err(ArchiveError::Path {
            path: path.folder,
            problem: "which is a file outside of the chart's folder",
        })
    }

    fn file<R: Read>(
        &mut self,
        within: &str,
        size: u64,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<Content, ArchiveError> {
        if size > self.limits.file_bytes {
            return Err(ArchiveError::FileTooLarge {
                path: format!("{}/{within}", self.files.folder),
                size,
                limit: self.limits.file_bytes,
            });
        }
        let executable = entry.header().mode().map_err(|_| ArchiveError::Headers {
            path: format!("{}/{within}", self.files.folder),
            detail: "the mode is no number",
        })? & 0o111
            != 0;
        let mut hasher = Hasher::default();
        if is_kept(within) {
            *self.kept_bytes = self.kept_bytes.checked_sub(size).ok_or(ArchiveError::KeptTooLarge {
                limit: self.limits.kept_bytes,
            })?;
            let mut bytes = Vec::new();
            entry
                .read_to_end(&mut bytes)
                .map_err(|error| self.reading_failed(error))?;
            self.complete(bytes.len() as u64, size)?;
            hasher.update(&bytes);
            // Helm cuts a byte order mark off every file that it loads.
            if bytes.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
            self.files.kept.insert(within.to_owned(), bytes);
        } else {
            let read = io::copy(entry, &mut hasher).map_err(|error| self.reading_failed(error))?;
            self.complete(read, size)?;
        }
        Ok(Content {
            digest: hasher.finish(),
            executable,
            link: false,
        })
    }

    /// The tar crate ends a file early without an error where the stream ends.
    fn complete(&self, read: u64, size: u64) -> Result<(), ArchiveError> {
        if read == size {
            return Ok(());
        }
        Err(ArchiveError::Damaged {
            detail: "it ends within a file".to_owned(),
        })
    }

    fn keep(&mut self, within: String, content: Content) -> Result<(), ArchiveError> {
        match self.files.contents.entry(within) {
            MapEntry::Vacant(vacant) => {
                vacant.insert(content);
                Ok(())
            }
            // The same bytes again are harmless, and some packers do it.
            MapEntry::Occupied(same) if *same.get() == content => Ok(()),
            MapEntry::Occupied(other) => Err(ArchiveError::Twice {
                path: format!("{}/{}", self.files.folder, other.key()),
            }),
        }
    }

    fn pax<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), ArchiveError> {
        let records = self.extension_bytes(entry)?;
        for record in PaxExtensions::new(&records) {
            let record = record.map_err(|_| headers("a pax record is malformed"))?;
            match record.key_bytes() {
                b"path" => self.extension.path = Some(record.value_bytes().to_vec()),
                b"linkpath" => self.extension.link = Some(record.value_bytes().to_vec()),
                // Only files over 8 GiB need it; readers that disagree about it see different archives.
                b"size" => return Err(headers("the size is given in a pax record")),
                key if key.starts_with(b"GNU.sparse.") => return Err(headers("a sparse file")),
                _ => {}
            }
        }
        Ok(())
    }

    fn long_name<R: Read>(&self, entry: &mut tar::Entry<'_, R>) -> Result<Vec<u8>, ArchiveError> {
        let mut name = self.extension_bytes(entry)?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        name.truncate(end);
        Ok(name)
    }

    fn extension_bytes<R: Read>(&self, entry: &mut tar::Entry<'_, R>) -> Result<Vec<u8>, ArchiveError> {
        let size = size_of(entry.header(), "an extension header")?;
        if size > MAX_EXTENSION_BYTES {
            return Err(headers("an extension header of more than 1 MiB"));
        }
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .map_err(|error| self.reading_failed(error))?;
        self.complete(bytes.len() as u64, size)?;
        Ok(bytes)
    }

    /// A reader's error before the first entry means "no tar", after it "damaged".
    fn reading_failed(&self, error: io::Error) -> ArchiveError {
        // flate2 reports a bad stream as InvalidInput or InvalidData, a short one as UnexpectedEof; the tar crate uses Other.
        if self.entries_seen == 0 && error.kind() == io::ErrorKind::Other {
            return ArchiveError::NotTar {
                detail: printable(&error),
            };
        }
        damaged(error)
    }
}

fn size_of(header: &Header, path: &str) -> Result<u64, ArchiveError> {
    header.entry_size().map_err(|_| ArchiveError::Headers {
        path: path.to_owned(),
        detail: "the size is no number",
    })
}

fn headers(detail: &'static str) -> ArchiveError {
    ArchiveError::Headers {
        path: "an entry".to_owned(),
        detail,
    }
}

fn not_a_file(path: String, kind: &'static str) -> ArchiveError {
    ArchiveError::NotAFile { path, kind }
}

fn damaged(error: io::Error) -> ArchiveError {
    ArchiveError::Damaged {
        detail: printable(&error),
    }
}

/// The tar crate quotes paths from the archive in its messages.
fn printable(error: &io::Error) -> String {
    error
        .to_string()
        .chars()
        .flat_map(char::escape_debug)
        .take(200)
        .collect()
}
