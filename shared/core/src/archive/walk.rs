//! One pass over gzip and tar, under limits.

use std::cell::Cell;
use std::collections::btree_map::Entry as MapEntry;
use std::io::{self, Read};

use tar::{EntryType, Header, PaxExtensions};

use super::content::Content;
use super::files::{Files, is_kept};
use super::gzip::{Bounded, Members};
use super::limits::Budget;
use super::path::{self, ChartPath};
use super::rules::Rules;
use super::{ArchiveError, Limits};
use crate::digest::{Digest, Hasher};

/// Larger extension headers (long names, pax records) are rejected, as Go's tar reader does
/// (`maxSpecialFileSize`, <https://github.com/golang/go/blob/master/src/archive/tar/format.go>).
const MAX_EXTENSION_BYTES: u64 = 1 << 20;

/// Reads the whole archive once and keeps what the loader needs.
pub(super) fn walk(bytes: &[u8], limits: &Limits, budget: &mut Budget, rules: Rules) -> Result<Files, ArchiveError> {
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
    let mut members = Members::new(bytes);
    let seen = Cell::new(0);
    let mut unpacked = Bounded {
        inner: &mut members,
        left: &mut budget.bytes,
        seen: &seen,
        exceeded: false,
    };
    let mut walk = Walk {
        limits,
        rules,
        entries: &mut budget.entries,
        kept_bytes: &mut budget.kept_bytes,
        files: Files::default(),
        extension: Extension::default(),
        entries_seen: 0,
        end_of_last: 0,
    };
    let walked = walk.archive(&mut unpacked);
    let Walk { files, end_of_last, .. } = walk;
    let is_marked = seen.get() > end_of_last;
    let read_to_the_end = walked
        .and_then(|()| {
            if is_marked {
                end_of_archive(&mut unpacked)
            } else {
                Ok(())
            }
        })
        // Helm reads no further. What follows the end of the archive is checked before the chart
        // can be installed: the gzip trailer proves that nothing was cut or changed.
        .and_then(|()| {
            if rules == Rules::Upload {
                drain(&mut unpacked)
            } else {
                Ok(())
            }
        });
    if unpacked.exceeded {
        return Err(ArchiveError::UnpackedTooLarge {
            limit: limits.unpacked_bytes,
        });
    }
    read_to_the_end?;
    if !is_marked && members.is_padded {
        return Err(ArchiveError::Damaged {
            detail: "the tar archive has no end, and zeros follow the gzip stream".to_owned(),
        });
    }
    if files.contents.is_empty() {
        return Err(ArchiveError::Empty);
    }
    Ok(files)
}

/// After the block of zeros at which the tar crate stops, Go's reader requires another one or the
/// end.
fn end_of_archive(unpacked: &mut impl Read) -> Result<(), ArchiveError> {
    let mut block = Vec::with_capacity(512);
    unpacked.by_ref().take(512).read_to_end(&mut block).map_err(damaged)?;
    if block.iter().all(|byte| *byte == 0) && matches!(block.len(), 0 | 512) {
        return Ok(());
    }
    Err(ArchiveError::Damaged {
        detail: "a block of zeros ends the tar archive, but more data follows".to_owned(),
    })
}

fn drain(unpacked: &mut impl Read) -> Result<(), ArchiveError> {
    io::copy(unpacked, &mut io::sink()).map(drop).map_err(damaged)
}

struct Walk<'a> {
    limits: &'a Limits,
    rules: Rules,
    entries: &'a mut u64,
    kept_bytes: &'a mut u64,
    files: Files,
    extension: Extension,
    entries_seen: u64,
    /// The end of the last entry with its padding; what is read beyond it is the archive's end
    /// mark.
    end_of_last: u64,
}

/// What extension headers say about the entry that follows them.
#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl Walk<'_> {
    fn archive<R: Read>(&mut self, unpacked: &mut Bounded<'_, R>) -> Result<(), ArchiveError> {
        let mut archive = tar::Archive::new(unpacked);
        // Raw, because the tar crate would read long names and pax records of any size into memory.
        let entries = archive.entries().map_err(damaged)?.raw(true);
        for entry in entries {
            let mut entry = entry.map_err(|error| self.reading_failed(error))?;
            self.entries_seen += 1;
            *self.entries = self.entries.checked_sub(1).ok_or(ArchiveError::TooManyEntries {
                limit: self.limits.entries,
            })?;
            self.entry(&mut entry)?;
            let size = entry.header().entry_size().unwrap_or_default();
            let padded = size.checked_next_multiple_of(512).unwrap_or(size);
            self.end_of_last = entry.raw_file_position().saturating_add(padded);
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
            // Helm skips it too; `git archive` stores the commit there.
            EntryType::XGlobalHeader => Ok(()),
            _ => {
                let extension = std::mem::take(&mut self.extension);
                let raw_path = extension
                    .path
                    .unwrap_or_else(|| entry.header().path_bytes().into_owned());
                if is_folder(entry.header(), &raw_path) {
                    return self.folder(kind, &raw_path);
                }
                let path = match self.rules {
                    Rules::Upload => path::for_upload(&raw_path, self.limits.path_bytes)?,
                    Rules::Published => path::as_helm(&raw_path)?,
                };
                self.member(kind, path, extension.link, entry)
            }
        }
    }

    /// Helm skips folders without checking their paths.
    fn folder(&self, kind: EntryType, raw_path: &[u8]) -> Result<(), ArchiveError> {
        if self.rules == Rules::Published {
            return Ok(());
        }
        path::no_hazard(raw_path, self.limits.path_bytes)?;
        if kind == EntryType::Directory || raw_path.ends_with(b"/") {
            return Ok(());
        }
        Err(ArchiveError::Headers {
            path: String::from_utf8_lossy(raw_path).into_owned(),
            detail: "a file has the mode of a folder",
        })
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
        match (kind, self.rules) {
            (EntryType::Regular | EntryType::Continuous, _) => self.regular(path.within, &shown, entry),
            (EntryType::Symlink | EntryType::Link, rules) => {
                let target = long_link.or_else(|| entry.header().link_name_bytes().map(|name| name.into_owned()));
                let target = String::from_utf8_lossy(&target.unwrap_or_default()).into_owned();
                if rules == Rules::Upload && !self.stays(kind, &path, &target) {
                    return Err(ArchiveError::LinkLeaves { path: shown, target });
                }
                self.link(path.within, &target)
            }
            (EntryType::GNUSparse, _) => Err(ArchiveError::Headers {
                path: shown,
                detail: "it is a sparse file",
            }),
            // Helm reads any such entry as a file, usually an empty one.
            (_, Rules::Published) => self.regular(path.within, &shown, entry),
            (EntryType::Char, _) => Err(not_a_file(shown, "a character device")),
            (EntryType::Block, _) => Err(not_a_file(shown, "a block device")),
            (EntryType::Fifo, _) => Err(not_a_file(shown, "a named pipe")),
            _ => Err(not_a_file(shown, "an entry of an unknown type")),
        }
    }

    fn regular<R: Read>(
        &mut self,
        within: String,
        shown: &str,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<(), ArchiveError> {
        let size = size_of(entry.header(), shown)?;
        let file = self.file(&within, size, entry)?;
        self.keep(within, file);
        Ok(())
    }

    /// A hard link's target is a path of the archive; a symbolic link's is relative to the link.
    fn stays(&self, kind: EntryType, path: &ChartPath, target: &str) -> bool {
        match kind {
            EntryType::Link => path::for_upload(target.as_bytes(), self.limits.path_bytes)
                .is_ok_and(|target| target.folder == path.folder),
            _ => path::link_stays(&path.within, target),
        }
    }

    fn link(&mut self, within: String, target: &str) -> Result<(), ArchiveError> {
        self.files.links.push(within.clone());
        // If a file of that path came before, Helm now has the empty one.
        if let Some(kept) = self.files.kept.get_mut(&within) {
            kept.push(Vec::new());
        }
        let link = Content {
            digest: Digest::of(target.as_bytes()),
            executable: false,
            link: true,
        };
        self.keep(within, link);
        Ok(())
    }

    /// One archive is one chart: everything is in one folder, except what macOS adds.
    fn same_folder(&mut self, path: &ChartPath) -> Result<(), ArchiveError> {
        if path.is_of_macos() {
            return Ok(());
        }
        if self.files.folder.is_empty() {
            self.files.folder.clone_from(&path.folder);
        }
        // Helm merges all top-level folders.
        if self.rules == Rules::Published || self.files.folder == path.folder {
            return Ok(());
        }
        Err(ArchiveError::TwoCharts {
            first: self.files.folder.clone(),
            second: path.folder.clone(),
        })
    }

    fn file<R: Read>(
        &mut self,
        within: &str,
        size: u64,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<Content, ArchiveError> {
        // Helm 4 has no such limit.
        if self.rules == Rules::Upload && size > self.limits.file_bytes {
            return Err(ArchiveError::FileTooLarge {
                path: format!("{}/{within}", self.files.folder),
                size,
                limit: self.limits.file_bytes,
            });
        }
        let mode = entry.header().mode().map_err(|_| ArchiveError::Headers {
            path: format!("{}/{within}", self.files.folder),
            detail: "the mode is not a number",
        })?;
        let executable = mode & 0o111 != 0;
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
            // Helm removes a byte order mark from every file that it loads.
            if bytes.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
            let kept = self.files.kept.entry(within.to_owned()).or_default();
            if kept.last() != Some(&bytes) {
                kept.push(bytes);
            }
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

    /// The tar crate ends a file early, without an error, where the stream ends.
    fn complete(&self, read: u64, size: u64) -> Result<(), ArchiveError> {
        if read == size {
            return Ok(());
        }
        Err(ArchiveError::Damaged {
            detail: "it ends inside a file".to_owned(),
        })
    }

    /// Repeated equal bytes are harmless, and some packers write them. If they differ, the last
    /// count.
    fn keep(&mut self, within: String, content: Content) {
        match self.files.contents.entry(within) {
            MapEntry::Vacant(vacant) => {
                vacant.insert(content);
            }
            MapEntry::Occupied(mut earlier) => {
                if *earlier.get() != content {
                    self.files.twice.get_or_insert_with(|| earlier.key().clone());
                    earlier.insert(content);
                }
            }
        }
    }

    fn pax<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), ArchiveError> {
        let records = self.extension_bytes(entry)?;
        for record in PaxExtensions::new(&records) {
            let record = record.map_err(|_| headers("a pax record is malformed"))?;
            match record.key_bytes() {
                b"path" => self.extension.path = Some(record.value_bytes().to_vec()),
                b"linkpath" => self.extension.link = Some(record.value_bytes().to_vec()),
                // Only files over 8 GiB need it. Readers that disagree about it see different
                // archives.
                b"size" => return Err(headers("the size is given in a pax record")),
                key if key.starts_with(b"GNU.sparse.") => return Err(headers("it is a sparse file")),
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
            return Err(headers("an extension header is larger than 1 MiB"));
        }
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .map_err(|error| self.reading_failed(error))?;
        self.complete(bytes.len() as u64, size)?;
        Ok(bytes)
    }

    /// A reader's error before the first entry means "not a tar archive", and "damaged" after it.
    fn reading_failed(&self, error: io::Error) -> ArchiveError {
        // flate2 reports a bad stream as InvalidInput or InvalidData, a short one as UnexpectedEof;
        // the tar crate uses Other.
        if self.entries_seen == 0 && error.kind() == io::ErrorKind::Other {
            return ArchiveError::NotTar {
                detail: printable(&error),
            };
        }
        damaged(error)
    }
}

/// Whether Go's `FileInfo().IsDir()` is true: by the type, by a mode that says so, and by a slash
/// at the end in the oldest format.
fn is_folder(header: &Header, path: &[u8]) -> bool {
    const KIND: u32 = 0o170_000;
    const FOLDER: u32 = 0o040_000;
    header.entry_type() == EntryType::Directory
        || header.mode().is_ok_and(|mode| mode & KIND == FOLDER)
        || header.as_old().linkflag == [0] && path.ends_with(b"/")
}

fn size_of(header: &Header, path: &str) -> Result<u64, ArchiveError> {
    header.entry_size().map_err(|_| ArchiveError::Headers {
        path: path.to_owned(),
        detail: "the size is not a number",
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
