//! An index and the archives of its repository, side by side.

use std::collections::{BTreeMap, HashMap};

use crate::index::ListedVersion;
use crate::keys::{Repository, StagedKey};
use crate::publish::{IndexState, Publisher};
use crate::store::{Listed, StoreError};
use crate::unpublished::Unpublished;

/// What is compared: for each archive name what the index lists of it, and what lies there.
#[derive(Debug)]
pub(super) struct Survey {
    /// By key of the archive.
    pub(super) subjects: BTreeMap<String, Subject>,
    /// Entries that point elsewhere.
    pub(super) elsewhere: Vec<ListedVersion>,
    /// Entries that point to archives here.
    pub(super) entries: usize,
    /// Archives that lie here.
    pub(super) archives: usize,
    /// The versions that were taken back, by archive name.
    pub(super) unpublished: BTreeMap<String, Unpublished>,
    /// Under how many archive names a version is listed, where it is more than one.
    pub(super) names: HashMap<(String, String), usize>,
}

/// One archive name.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) staged: StagedKey,
    /// What the index lists of it, in its order.
    pub(super) listed: Vec<ListedVersion>,
    /// What lies there.
    pub(super) object: Option<Listed>,
}

impl Publisher {
    /// Looks at the archives of a repository whose index was read before. In this order, since an archive is there before
    /// an index lists it: what is listed and not there was removed, and is not about to come.
    pub(super) async fn survey(&self, repository: &Repository, state: &IndexState) -> Result<Survey, StoreError> {
        let archives = self.archives(repository).await?;
        let mut survey = Survey {
            subjects: BTreeMap::new(),
            elsewhere: Vec::new(),
            entries: 0,
            archives: archives.len(),
            unpublished: state.unpublished.clone(),
            names: HashMap::new(),
        };
        for (staged, object) in archives {
            survey.subject(&staged).object = Some(object);
        }
        for listed in state.index.listed_versions() {
            let named = format!("{}-{}.tgz", listed.chart, listed.version);
            let staged = match &listed.url {
                Some(url) => self.settings.archive_at(repository, url),
                // Without a URL it can mean only the archive of its name.
                None => StagedKey::of_archive(repository, &named),
            };
            let version = (listed.chart.clone(), listed.version.clone());
            let Some(staged) = staged else {
                *survey.names.entry(version).or_default() += 1;
                survey.elsewhere.push(listed);
                continue;
            };
            survey.entries += 1;
            let subject = survey.subject(&staged);
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

impl Survey {
    fn subject(&mut self, staged: &StagedKey) -> &mut Subject {
        self.subjects.entry(staged.archive_key()).or_insert_with(|| Subject {
            staged: staged.clone(),
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
