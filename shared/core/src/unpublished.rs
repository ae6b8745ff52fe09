//! The note about an unpublished version: only the same content may ever be published under its
//! name again.
//!
//! It is an annotation at the top of the index, added by the same compare-and-swap that removes the
//! version, so neither exists without the other. A publish finds it in the index that it reads
//! anyway, and later edits keep it. The receipt has the same note, because an index can be lost; a
//! lost or damaged index is rebuilt from both. Receipts alone would not be enough, because a
//! publish would have to read one before it stores the archive.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::archive::Archive;
use crate::digest::Digest;
use crate::keys::{self, url_path};

/// The prefix of the annotations, before `NAME-VERSION.tgz`.
const ANNOTATION: &str = "chartdrop.io/unpublished/";

/// An unpublished version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unpublished {
    /// SHA-256 of the archive, if it was known.
    pub digest: Option<Digest>,
    /// The content digest, which recognises another packaging of the same content, if it was known.
    pub content_digest: Option<Digest>,
    /// The keys of archives that its entry named, if they are not `NAME-VERSION.tgz` in the
    /// repository's own folder. They are deleted too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<String>,
    /// When it was unpublished. An archive that was stored with the knowledge of it names this
    /// time.
    pub at: Timestamp,
}

impl Unpublished {
    /// Whether an archive has the unpublished content, in any packaging.
    pub fn allows(&self, archive: &Archive) -> bool {
        self.digest == Some(archive.digest) || self.content_digest == Some(archive.content_digest)
    }

    /// Identifies one of several removals of a version.
    pub fn id(&self) -> String {
        self.at.to_string()
    }

    /// The annotation for the version with this archive name.
    pub fn annotation(&self, file_name: &str) -> (String, String) {
        let digest = self.digest.map(|digest| format!("sha256:{digest} "));
        let content = self.content_digest.map(|digest| format!("content:{digest} "));
        // Without a space in it.
        let archives = self.archives.iter().map(|key| format!("key:{} ", url_path(key)));
        let value = format!(
            "{}{}{}at:{}",
            digest.unwrap_or_default(),
            content.unwrap_or_default(),
            archives.collect::<String>(),
            self.at
        );
        (format!("{ANNOTATION}{file_name}"), value)
    }

    /// The versions that were unpublished according to an index's annotations, by archive name.
    pub fn in_annotations(annotations: &BTreeMap<String, String>) -> BTreeMap<String, Self> {
        let unpublished = |(name, value): (&String, &String)| {
            let file_name = name.strip_prefix(ANNOTATION)?;
            Some((file_name.to_owned(), Self::of_annotation(value)))
        };
        annotations.iter().filter_map(unpublished).collect()
    }

    /// A value that was edited by hand counts as far as it is understandable. Content that cannot
    /// be compared is not allowed.
    fn of_annotation(value: &str) -> Self {
        let part = |name: &str| value.split(' ').find_map(|part| part.strip_prefix(name));
        Self {
            digest: part("sha256:").and_then(|digest| digest.parse().ok()),
            content_digest: part("content:").and_then(|digest| digest.parse().ok()),
            archives: value
                .split(' ')
                .filter_map(|part| percent_decode_str(part.strip_prefix("key:")?).decode_utf8().ok())
                .map(Cow::into_owned)
                // An edited note must not cause other objects to be deleted.
                .filter(|key| keys::is_published(key))
                .collect(),
            at: part("at:").and_then(|at| at.parse().ok()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_says_what_it_was_made_of() {
        for (digest, content_digest) in [
            (Some(Digest::of(b"a")), Some(Digest::of(b"b"))),
            (None, Some(Digest::of(b"b"))),
            (Some(Digest::of(b"a")), None),
            (None, None),
        ] {
            let unpublished = Unpublished {
                digest,
                content_digest,
                archives: vec!["charts/packages/a 1.0.0+b.tgz".to_owned(), "charts/x/y.tgz".to_owned()],
                at: "2026-11-23T12:00:00.123456789Z".parse().unwrap(),
            };
            let annotation = unpublished.annotation("a-1.0.0+b.tgz");
            assert_eq!(annotation.0, "chartdrop.io/unpublished/a-1.0.0+b.tgz");
            let others = ("artifacthub.io/x".to_owned(), "y".to_owned());
            let read = Unpublished::in_annotations(&[annotation, others].into());
            assert_eq!(read, [("a-1.0.0+b.tgz".to_owned(), unpublished)].into());
        }
    }

    #[test]
    fn an_annotation_that_was_changed_by_hand_allows_nothing() {
        let unpublished = Unpublished::of_annotation("sha256:abc content:");
        let archive = Archive {
            metadata: crate::chart::Metadata::default(),
            digest: Digest::of(b"a"),
            content_digest: Digest::of(b"b"),
            listed_bytes: 0,
            warnings: Vec::new(),
        };
        assert!(!unpublished.allows(&archive));
    }
}
