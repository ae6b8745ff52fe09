//! The note in an index that it was lost and rebuilt from the archives, without the entries that
//! pointed elsewhere.
//!
//! It is an annotation at the top of the index, added in the same write that creates the new index.
//! `verify` reports it until a person has looked at the result and run a reindex.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The name of the annotation.
const ANNOTATION: &str = "chartdrop.io/rebuilt";

/// An index that was missing and was rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// When it was rebuilt.
    pub at: Timestamp,
    /// The number of archives that it was rebuilt from.
    pub archives: usize,
    /// Whether a person has confirmed it since.
    pub seen: bool,
}

impl Rebuilt {
    /// The annotation.
    pub fn annotation(&self) -> (String, String) {
        let seen = if self.seen { " seen" } else { "" };
        let value = format!("at:{} archives:{}{seen}", self.at, self.archives);
        (ANNOTATION.to_owned(), value)
    }

    /// Reads the annotations of an index. A value that was edited by hand counts as far as it is
    /// understandable.
    pub fn in_annotations(annotations: &BTreeMap<String, String>) -> Option<Self> {
        let value = annotations.get(ANNOTATION)?;
        let part = |name: &str| value.split(' ').find_map(|part| part.strip_prefix(name));
        Some(Self {
            at: part("at:").and_then(|at| at.parse().ok()).unwrap_or_default(),
            archives: part("archives:")
                .and_then(|count| count.parse().ok())
                .unwrap_or_default(),
            seen: value.split(' ').any(|part| part == "seen"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_says_what_it_was_made_of() {
        for seen in [false, true] {
            let rebuilt = Rebuilt {
                at: "2026-11-23T12:00:00.123456789Z".parse().unwrap(),
                archives: 2,
                seen,
            };
            assert_eq!(Rebuilt::in_annotations(&[rebuilt.annotation()].into()), Some(rebuilt));
        }
        assert_eq!(Rebuilt::in_annotations(&BTreeMap::new()), None);
    }
}
