//! The annotations at the top of an index, Helm's place for data of other programs.
//!
//! They are texts by name, in every form and for every strict reader. Only the few lines around the
//! entries are read and written, so they are parsed.

use std::collections::BTreeMap;

use super::Index;
use super::spliced::Splice;

/// The name of the field.
pub(super) const FIELD: &str = "annotations";

/// Annotations as an index has them; one may have no value.
pub(super) type Annotations = BTreeMap<String, Option<String>>;

impl Index {
    /// The annotations that have a value.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let all = self.outline.layout.annotations(&self.text, &self.outline);
        let all = all.unwrap_or_default().into_iter();
        all.filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The splice that adds these annotations to the text. `None` if their place cannot be
    /// determined.
    pub(super) fn annotate(&self, more: &[(String, String)]) -> Option<Vec<Splice>> {
        let known = self.annotations();
        let is_new = |(name, value): &&(String, String)| known.get(name) != Some(value);
        let more: Vec<_> = more.iter().filter(is_new).cloned().collect();
        if more.is_empty() {
            return Some(Vec::new());
        }
        let splice = self.outline.layout.annotate(&self.text, &self.outline, more)?;
        Some(vec![splice])
    }
}
