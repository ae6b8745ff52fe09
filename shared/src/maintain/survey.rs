//! An index and the archives of its repository, side by side.

use std::collections::{BTreeMap, HashMap};

use super::Maintainer;
use crate::digest::Digest;
use crate::index::ListedVersion;
use crate::keys::{ChartFile, Repository};
use crate::repository::IndexState;
use crate::store::{Listed, StoreError};
use crate::unpublished::Unpublished;

/// For each archive name, what the index lists and what is stored.
#[derive(Debug)]
pub(super) struct Survey {
    /// By the key of the archive.
    pub(super) subjects: BTreeMap<String, Subject>,
    /// Entries that point elsewhere.
    pub(super) elsewhere: Vec<ListedVersion>,
    /// The digests of these entries, by the key that their archive would have here.
    pub(super) elsewhere_digests: HashMap<String, Digest>,
    /// The number of entries that point to archives here.
    pub(super) entries: usize,
    /// The number of archives in the repository's folder.
    pub(super) archives: usize,
    /// The versions that were unpublished, by each key that their archives had.
    pub(super) unpublished: BTreeMap<String, UnpublishedVersion>,
    /// How many archive names list a version, if more than one.
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
    /// The upload that the archive would come from, if it is in the repository's own folder. An
    /// entry may point to any other folder.
    pub(super) own: Option<ChartFile>,
    /// The entries that point to it, in the order of the index.
    pub(super) listed: Vec<ListedVersion>,
    /// The stored archive.
    pub(super) object: Option<Listed>,
}

impl Maintainer {
    /// Lists the archives of a repository after its index was read. An archive is stored before it
    /// is listed, so in this order a missing archive was removed and is not about to arrive.
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
                // An entry without a URL can only mean the archive with its name.
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

/// The upload that the archive of this key comes from, if it belongs to this repository.
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
    /// The file name, the last part of the key.
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

    /// How many archive names, here or elsewhere, the index has for a version.
    pub(super) fn names_of(&self, chart: &str, version: &str) -> usize {
        let version = (chart.to_owned(), version.to_owned());
        self.names.get(&version).copied().unwrap_or_default()
    }
}
