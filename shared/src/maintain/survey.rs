//! An index and the archives of its repository, side by side.

use std::collections::{BTreeMap, HashMap};

use super::Maintainer;
use crate::digest::Digest;
use crate::index::ListedVersion;
use crate::keys::{ChartFile, Repository};
use crate::repository::IndexState;
use crate::store::{Listed, StoreError};
use crate::unpublished::Unpublished;

/// What is compared: for each archive name what the index lists of it, and what lies there.
#[derive(Debug)]
pub(super) struct Survey {
    /// By key of the archive.
    pub(super) subjects: BTreeMap<String, Subject>,
    /// Entries that point elsewhere.
    pub(super) elsewhere: Vec<ListedVersion>,
    /// The digests of these entries, by the key that the archive of their version has here.
    pub(super) elsewhere_digests: HashMap<String, Digest>,
    /// Entries that point to archives here.
    pub(super) entries: usize,
    /// Archives that lie in the repository's folder.
    pub(super) archives: usize,
    /// The versions that were unpublished, by each key where an archive of theirs was.
    pub(super) unpublished: BTreeMap<String, UnpublishedVersion>,
    /// Under how many archive names a version is listed, where it is more than one.
    pub(super) names: HashMap<(String, String), usize>,
}

/// A version that was unpublished.
#[derive(Debug, Clone)]
pub(super) struct UnpublishedVersion {
    /// `NAME-VERSION.tgz`.
    pub(super) file_name: String,
    pub(super) note: Unpublished,
}

/// One archive name.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) key: String,
    /// The upload that it would come from, if it lies in the repository's own folder. An entry may
    /// point to any other.
    pub(super) own: Option<ChartFile>,
    /// What the index lists of it, in its order.
    pub(super) listed: Vec<ListedVersion>,
    /// What lies there.
    pub(super) object: Option<Listed>,
}

impl Maintainer {
    /// Looks at the archives of a repository whose index was read before. In this order, since an
    /// archive is there before an index lists it: what is listed and not there was removed, and is
    /// not about to come.
    pub(super) async fn survey(&self, repository: &Repository, state: &IndexState) -> Result<Survey, StoreError> {
        let archives = self.repositories.archives(repository).await?;
        let mut survey = Survey {
            subjects: BTreeMap::new(),
            elsewhere: Vec::new(),
            elsewhere_digests: HashMap::new(),
            entries: 0,
            archives: archives.len(),
            unpublished: taken_back(repository, &state.unpublished),
            names: HashMap::new(),
        };
        for (staged, object) in archives {
            survey.subject(repository, &staged.archive_key()).object = Some(object);
        }
        for key in state.unpublished.values().flat_map(|note| &note.archives) {
            survey.subject(repository, key);
        }
        for listed in state.index.listed_versions() {
            let own = ChartFile::of_version(repository, &listed.chart, &listed.version);
            let own_key = || own.as_ref().map(ChartFile::archive_key);
            let key = match &listed.url {
                Some(url) => self.settings.key_at(repository, url),
                // Without a URL it can mean only the archive of its name.
                None => own_key(),
            };
            let version = (listed.chart.clone(), listed.version.clone());
            let Some(key) = key else {
                *survey.names.entry(version).or_default() += 1;
                survey.elsewhere_digests.extend(own_key().zip(listed.comparable()));
                survey.elsewhere.push(listed);
                continue;
            };
            survey.entries += 1;
            let subject = survey.subject(repository, &key);
            let is_known = subject
                .listed
                .iter()
                .any(|other| other.chart == listed.chart && other.version == listed.version);
            subject.listed.push(listed);
            if !is_known {
                *survey.names.entry(version).or_default() += 1;
            }
        }
        Ok(survey)
    }
}

/// The upload that the archive of this key comes from, if it is one of this repository.
fn own(repository: &Repository, key: &str) -> Option<ChartFile> {
    ChartFile::new(repository, key.strip_prefix(&repository.charts_prefix())?)
}

fn taken_back(repository: &Repository, notes: &BTreeMap<String, Unpublished>) -> BTreeMap<String, UnpublishedVersion> {
    let mut taken_back = BTreeMap::new();
    for (file_name, note) in notes {
        let own = ChartFile::new(repository, file_name).map(|staged| staged.archive_key());
        for key in own.iter().chain(&note.archives) {
            let taken = UnpublishedVersion {
                file_name: file_name.clone(),
                note: note.clone(),
            };
            taken_back.insert(key.clone(), taken);
        }
    }
    taken_back
}

impl Subject {
    /// The file name: the last part of the key.
    pub(super) fn file_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }
}

impl Survey {
    fn subject(&mut self, repository: &Repository, key: &str) -> &mut Subject {
        self.subjects.entry(key.to_owned()).or_insert_with(|| Subject {
            key: key.to_owned(),
            own: own(repository, key),
            listed: Vec::new(),
            object: None,
        })
    }

    /// Under how many archive names, here or elsewhere, the index lists a version.
    pub(super) fn names_of(&self, chart: &str, version: &str) -> usize {
        let version = (chart.to_owned(), version.to_owned());
        self.names.get(&version).copied().unwrap_or_default()
    }
}
