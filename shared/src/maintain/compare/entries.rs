//! The entries that point to one stored archive: which of them is right, and what is wrong with the
//! others.

use super::comparison::Comparison;
use crate::archive::Archive;
use crate::chart::{self, Metadata};
use crate::digest::{Digest, short};
use crate::index::{Created, Entry, ListedVersion};
use crate::maintain::difference::{Difference, Kind, Repair};
use crate::repository::{command, entry};

impl Comparison<'_> {
    /// Finds the entry of this archive; every other one is a difference.
    pub(super) fn judge(&self, archive: &Archive) -> Vec<Difference> {
        let is_right = |listed: &ListedVersion| {
            is_of(listed, archive) && listed.url.is_some() && listed.comparable() == Some(archive.digest)
        };
        let right = self.subject.listed.iter().find(|listed| is_right(listed));
        let mut has_entry = right.is_some();
        let mut differences = Vec::new();
        for listed in &self.subject.listed {
            if right.is_some_and(|right| right.place == listed.place) {
                differences.extend(self.under_several_names(listed));
                differences.extend(self.oddly_named(listed, archive));
                continue;
            }
            let (kind, message) = self.wrong(listed, archive, right.is_some());
            // Users can install what such an entry names, or the archive is not what was published.
            let is_left = matches!(kind, Kind::OtherChart | Kind::Digest) && !self.accept_changed;
            let repair = match (is_left, has_entry) {
                (true, _) => Repair::None,
                (false, true) => Repair::Remove(listed.place),
                (false, false) => Repair::Replace(listed.place, Box::new(self.entry(archive, listed))),
            };
            has_entry = has_entry || !is_left;
            differences.push(self.of(listed, kind, message, repair));
        }
        differences
    }

    /// The difference for an entry that does not belong to the archive.
    fn wrong(&self, listed: &ListedVersion, archive: &Archive, has_right: bool) -> (Kind, String) {
        let (chart, version) = (&listed.chart, &listed.version);
        let reindex = command::reindex(self.repository);
        if !is_of(listed, archive) {
            let Metadata { name, version: of, .. } = &archive.metadata;
            let message = format!(
                "the entry of {chart} {version} points to an archive of {name} {of}, so users who ask for {chart} {version} install \
                 that. Correct the entry by hand, unpublish {chart} {version}, or run {} to list the archive as {name} {of}",
                command::accept_changed(self.repository)
            );
            return (Kind::OtherChart, message);
        }
        if has_right {
            let message = format!("the index lists {chart} {version} twice. Run {reindex}");
            return (Kind::ListedTwice, message);
        }
        if listed.comparable().is_some_and(|listed| listed != archive.digest) {
            return (Kind::Digest, self.changed(listed, archive.digest));
        }
        if listed.url.is_none() {
            let message = format!("the entry of {chart} {version} has no URL. Run {reindex}");
            return (Kind::NoUrl, message);
        }
        let found = archive.digest.short();
        let message = match &listed.digest {
            None => {
                format!("the index lists {chart} {version} without a digest; its archive has {found}. Run {reindex}")
            }
            Some(digest) => format!(
                "the index lists {chart} {version} with {}, which is not a SHA-256 digest; its archive has {found}. Run {reindex}",
                short(digest)
            ),
        };
        (Kind::NoDigest, message)
    }

    /// The difference for an archive that is not the one that was published.
    pub(super) fn changed(&self, listed: &ListedVersion, found: Digest) -> String {
        let (chart, version) = (&listed.chart, &listed.version);
        let digest = listed.digest.as_deref().unwrap_or_default();
        let restore = self
            .maintainer
            .how_to_restore(self.repository, &self.subject.key, digest);
        format!(
            "the index lists {chart} {version} with the digest {}, but its archive has {}. {restore}",
            short(digest),
            found.short()
        )
    }

    fn oddly_named(&self, listed: &ListedVersion, archive: &Archive) -> Option<Difference> {
        let error = chart::check_file_name(self.subject.file_name(), &archive.metadata).err()?;
        Some(self.of(
            listed,
            Kind::FileName,
            format!(
                "the archive is called {:?} instead of {:?}. It can be installed, and nothing has to be done",
                error.found, error.expected
            ),
            Repair::None,
        ))
    }

    pub(super) fn under_several_names(&self, listed: &ListedVersion) -> Option<Difference> {
        let (chart, version) = (&listed.chart, &listed.version);
        (self.survey.names_of(chart, version) > 1).then(|| {
            let message = format!(
                "the index lists {chart} {version} more than once, with different URLs, and it depends on Helm which one users get. \
                 Remove all but one by hand"
            );
            self.of(listed, Kind::ListedTwice, message, Repair::None)
        })
    }

    /// The entry that follows from the archive, with the URL and time of the present entry.
    fn entry(&self, archive: &Archive, listed: &ListedVersion) -> Entry {
        let modified = self.subject.object.as_ref().map(|object| object.modified);
        let stored = || Created::at(modified.unwrap_or_else(|| self.maintainer.repositories.now()));
        let created = listed.created.as_deref().and_then(Created::kept).unwrap_or_else(stored);
        let own = || {
            let own = self.subject.own.as_ref()?;
            Some(self.maintainer.settings.archive_url(own))
        };
        // A URL that leads here stays as it is written.
        let url = listed.url.clone().or_else(own).unwrap_or_default();
        entry(archive, url, created)
    }
}

/// Whether an archive is of the version that an entry names.
fn is_of(listed: &ListedVersion, archive: &Archive) -> bool {
    let metadata = &archive.metadata;
    listed.chart == metadata.name
        && listed.version == metadata.version
        && listed.name.as_ref().is_none_or(|name| *name == listed.chart)
}
