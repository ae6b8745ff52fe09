//! Objects that are not uploads, although they are where uploads belong or look like one. Without a
//! report they would go unnoticed.

use crate::brief;
use crate::keys::{ARCHIVE_SUFFIX, CHARTS, MIRROR, PROVENANCE_SUFFIX, RECEIPTS, REJECTED, STAGING, StagedKey};
use crate::printable::printable;
use crate::size::counted;

/// The most objects that a message names; the others are counted.
const MAX_NAMED_OBJECTS: usize = 20;
/// The longest part of a key that is shown, in bytes.
const SHOWN_KEY_BYTES: usize = 200;

/// The foreign objects that a sweep found.
#[derive(Debug, Default)]
pub struct Foreign {
    /// Their number. A folder beside `staging/` counts as one.
    pub count: u64,
    /// The first of them.
    pub first: Vec<ForeignObject>,
}

/// An object that is not an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignObject {
    /// Its key or, for a folder, its prefix.
    pub key: String,
    /// What is wrong with it and what to do.
    pub hint: &'static str,
}

impl Foreign {
    pub(in crate::publish) fn add(&mut self, key: &str, hint: &'static str) {
        self.count += 1;
        if self.first.len() < MAX_NAMED_OBJECTS {
            self.first.push(ForeignObject {
                key: key.to_owned(),
                hint,
            });
        }
    }

    /// One message about all of them.
    pub fn message(&self) -> Option<String> {
        let named = self.first.iter().map(|ForeignObject { key, hint }| {
            let key = printable(key);
            format!("{} ({hint})", brief::text(&key, SHOWN_KEY_BYTES))
        });
        let named: Vec<String> = named.collect();
        let more = self.count.saturating_sub(named.len() as u64);
        let more = if more > 0 {
            format!("; and {more} more")
        } else {
            String::new()
        };
        (self.count > 0).then(|| {
            format!(
                "{} in the bucket cannot be published, because {}: {}{more}",
                counted(usize::try_from(self.count).unwrap_or(usize::MAX), "object"),
                if self.count == 1 {
                    "it is not an upload"
                } else {
                    "they are not uploads"
                },
                named.join("; ")
            )
        })
    }
}

/// What is wrong with an object below `staging/`. `None` if it is an upload, a provenance file that
/// is used, or a folder marker of the S3 console.
pub(in crate::publish) fn in_staging(key: &str, uses_provenance: bool) -> Option<&'static str> {
    if StagedKey::new(key).is_some() || key.ends_with('/') {
        return None;
    }
    if StagedKey::of_provenance(key).is_some() {
        return (!uses_provenance)
            .then_some("PROVENANCE is off, so provenance files are ignored: delete it, or set Provenance");
    }
    let lower = key.to_ascii_lowercase();
    Some(if lower.ends_with(ARCHIVE_SUFFIX) {
        "an upload must be called NAME-VERSION.tgz, with .tgz in lower case: copy it to that name, and delete this object"
    } else if lower.ends_with(".tar.gz") {
        "an upload must be called NAME-VERSION.tgz, as `helm package` names it: copy it to that name, and delete this object"
    } else if lower.ends_with(PROVENANCE_SUFFIX) {
        "a provenance file must be called NAME-VERSION.tgz.prov: copy it to that name, and delete this object"
    } else {
        "an upload must be called NAME-VERSION.tgz or NAME-VERSION.tgz.prov: delete it"
    })
}

/// What is wrong with an object in the root of the bucket, where no object belongs.
pub(in crate::publish) fn in_root(key: &str) -> &'static str {
    if key == STAGING.trim_end_matches('/') {
        "this is an object, not a folder, because the target lacked the slash: upload to s3://BUCKET/staging/, and delete this object"
    } else {
        "uploads must be below staging/: copy it there if it is one, and delete this object"
    }
}

/// What is wrong with a folder beside `staging/`. `None` if it belongs to the layout or does not
/// look like a misspelled `staging/`.
pub(in crate::publish) fn folder(prefix: &str) -> Option<&'static str> {
    if [STAGING, CHARTS, RECEIPTS, REJECTED, MIRROR].contains(&prefix) {
        return None;
    }
    if prefix == "/" {
        return Some("the key begins with a slash: upload to s3://BUCKET/staging/, with one slash after the bucket");
    }
    prefix
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("stag"))
        .then_some("uploads must be below staging/, in lower case: copy it there, and delete this object")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_and_the_marks_of_folders_are_not_foreign() {
        for key in [
            "staging/a-1.tgz",
            "staging/team-a/a-1.tgz",
            "staging/",
            "staging/team-a/",
        ] {
            assert_eq!(in_staging(key, false), None, "{key}");
        }
        assert_eq!(in_staging("staging/a-1.tgz.prov", true), None);
        for prefix in [
            "staging/",
            "charts/",
            "receipts/",
            "rejected/",
            "mirror/",
            "stats/",
            "web/",
        ] {
            assert_eq!(folder(prefix), None, "{prefix}");
        }
    }

    #[test]
    fn what_is_named_wrongly_gets_a_hint_of_its_own() {
        for (key, word) in [
            ("staging/a-1.TGZ", "lower case"),
            ("staging/a-1.tar.gz", "helm package"),
            ("staging/.tgz", "NAME-VERSION.tgz"),
            ("staging/a-1.prov", ".tgz.prov"),
            ("staging/a-1.tgz.prov", "PROVENANCE"),
            ("staging/notes.txt", "delete"),
        ] {
            let hint = in_staging(key, false).unwrap_or_else(|| panic!("{key} is foreign"));
            assert!(hint.contains(word), "{key}: {hint}");
        }
        for prefix in ["Staging/", "STAGING/", "stagging/", "/"] {
            assert!(folder(prefix).is_some(), "{prefix}");
        }
        assert!(in_root("staging").contains("slash"));
    }

    #[test]
    fn a_line_names_a_few_and_counts_the_others() {
        let mut foreign = Foreign::default();
        assert_eq!(foreign.message(), None);
        for number in 0..30 {
            foreign.add(&format!("staging/{number}\u{1b}{}", "x".repeat(900)), "h");
        }
        let message = foreign.message().unwrap_or_default();
        assert!(
            message.starts_with("30 objects") && message.ends_with("; and 10 more"),
            "{message}"
        );
        assert!(
            message.len() < 6_000 && !message.contains('\u{1b}'),
            "{}",
            message.len()
        );
    }
}
