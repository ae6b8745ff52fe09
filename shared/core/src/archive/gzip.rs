//! Decompression of a gzip file, up to a budget.

use std::cell::Cell;
use std::io::{self, Read};

use flate2::bufread::GzDecoder;

/// Reads all members of a gzip file, as Helm does, so that a second one cannot hide anything. Zero
/// bytes after the last member are padding of tools that write in whole blocks.
pub(super) struct Members<'a> {
    decoder: GzDecoder<&'a [u8]>,
    /// Whether zeros follow the last member.
    pub(super) is_padded: bool,
}

impl<'a> Members<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Members {
            decoder: GzDecoder::new(bytes),
            is_padded: false,
        }
    }
}

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.decoder.read(buffer)?;
            let rest = *self.decoder.get_ref();
            if read > 0 || buffer.is_empty() || rest.is_empty() || self.is_padded {
                return Ok(read);
            }
            if rest.iter().all(|byte| *byte == 0) {
                self.is_padded = true;
                return Ok(0);
            }
            self.decoder = GzDecoder::new(rest);
        }
    }
}

/// A reader that fails, rather than ends, when its budget is used up.
pub(super) struct Bounded<'a, R> {
    pub(super) inner: R,
    /// The remaining budget in bytes.
    pub(super) left: &'a mut u64,
    /// The bytes that were read.
    pub(super) seen: &'a Cell<u64>,
    /// Whether there were more bytes than the budget.
    pub(super) exceeded: bool,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.seen.set(self.seen.get() + read as u64);
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
