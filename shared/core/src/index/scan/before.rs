//! Comparison with the previous version: text that both have in common was already checked there.
//!
//! Versions of one chart are very similar. A scan reads the fields of a version from left to right,
//! and the result for a field depends only on its text and on the fields before it. So where the
//! same bytes occur again, up to and including the first byte of the next field, the result is the
//! same, and comparing is enough.

/// The fields of the previous version and of the one being read.
#[derive(Debug, Default)]
pub(in crate::index) struct Before {
    last: Vec<Start>,
    /// The field to compare with what follows.
    next: usize,
    this: Vec<Start>,
}

/// The start of a field, and its position in the order of names.
type Start = (usize, u8);

/// Fields that are the same as in the previous version.
#[derive(Debug, Clone, Copy)]
pub(in crate::index) struct Same {
    /// The start of the field after them.
    pub(in crate::index) end: usize,
    /// One bit for each of them, by position.
    pub(in crate::index) fields: u32,
}

impl Before {
    /// A version begins.
    pub(in crate::index) fn begin(&mut self) {
        std::mem::swap(&mut self.last, &mut self.this);
        self.this.clear();
        self.next = 0;
    }

    /// A field begins at `at`. Returns it and the following fields that are the same as in the
    /// previous version, if any.
    pub(in crate::index) fn same(&mut self, text: &[u8], at: usize) -> Option<Same> {
        let candidates = self.last.get(self.next..)?;
        let (first, (last, _)) = (candidates.first()?.0, candidates.last()?);
        let common = common_prefix(text.get(first..=*last)?, text.get(at..)?);
        let behind = candidates.iter().skip(1);
        // The end of a field's value is visible only from what follows, so the next field must
        // begin in the same way.
        let same = behind.take_while(|(start, _)| start - first < common).count();
        let (skipped, rest) = candidates.split_at(same);
        let end = at + (rest.first()?.0 - first);
        let mut fields = 0;
        for (start, place) in skipped {
            self.this.push((at + (start - first), *place));
            fields |= 1 << place;
        }
        self.next += same;
        (same > 0).then_some(Same { end, fields })
    }

    /// A field begins at `at` that differs.
    pub(in crate::index) fn differs(&mut self, at: usize, place: u8) {
        self.this.push((at, place));
        let candidates = self.last.get(self.next..).unwrap_or_default();
        if let Some(found) = candidates.iter().position(|(_, other)| *other == place) {
            self.next += found + 1;
        }
    }
}

/// The number of bytes that two texts have in common at their start. Usually few, so comparing word
/// by word is fastest.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let (a_words, _) = a.as_chunks::<8>();
    let (b_words, _) = b.as_chunks::<8>();
    let mut common = 0;
    for (a, b) in a_words.iter().zip(b_words) {
        let different = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if different != 0 {
            return common + different.trailing_zeros() as usize / 8;
        }
        common += 8;
    }
    let rest = a.iter().zip(b).skip(common);
    common + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_prefix_is_counted_to_the_byte() {
        let a = b"0123456789abcdefghijk";
        for at in 0..a.len() {
            let mut b = *a;
            b[at] = b'-';
            assert_eq!(common_prefix(a, &b), at);
            assert_eq!(common_prefix(a, &a[..at]), at);
        }
        assert_eq!(common_prefix(a, a), a.len());
    }
}
