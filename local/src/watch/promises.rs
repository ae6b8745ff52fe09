//! Checks the promises: those that every change of the bucket must keep, and those that must hold
//! when the system is idle.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use chartdrop::digest::Digest;
use chartdrop::index::Index;
use percent_encoding::percent_decode_str;
use serde_yaml::Value;

use crate::aws::s3::store::Change;
use crate::aws::s3::{Object, Store};
use crate::http::client;
use crate::sync::lock;
use crate::watch::outcomes::{Outcome, OutcomeKind, Outcomes};

/// How many digits of a digest a message shows.
const SHOWN_DIGITS: usize = 12;

/// Checks every change of the bucket. Clones share the same state.
#[derive(Clone)]
pub(crate) struct Promises {
    /// The beginning of absolute URLs in indexes, without a slash at the end.
    repository_url: Arc<str>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The digests of the archives under `charts/`, by key.
    archives: BTreeMap<String, String>,
    /// By key of the index.
    indexes: BTreeMap<String, Listed>,
    broken: BTreeSet<String>,
}

/// The entries of an index, by chart name and version.
type Listed = BTreeMap<(String, String), Entry>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    digest: String,
    /// The key of the archive that its URL points to.
    key: String,
}

impl Promises {
    pub(crate) fn new(repository_url: &str) -> Self {
        Self {
            repository_url: repository_url.trim_end_matches('/').into(),
            state: Arc::default(),
        }
    }

    /// Checks a change while the bucket is locked.
    pub(crate) fn see(&self, change: &Change<'_>) {
        let Some(path) = change.key.strip_prefix("charts/") else {
            return;
        };
        let mut state = lock(&self.state);
        if path == "index.yaml" || path.ends_with("/index.yaml") {
            match change.object {
                Some(object) => match self.read(change.key, &object.bytes) {
                    Ok(listed) => state.index_written(change.key, listed),
                    Err(problem) => state.break_one(format!("{} cannot be read: {problem}", change.key)),
                },
                None => state.break_one(format!("{} was removed", change.key)),
            }
        } else if path.ends_with(".tgz") {
            match change.object {
                Some(object) => state.archive_written(change.key, object),
                None => state.archive_removed(change.key),
            }
        }
    }

    /// Reads an index twice: with the reader of the functions, and with another YAML parser, whose
    /// result is returned.
    fn read(&self, key: &str, bytes: &bytes::Bytes) -> Result<Listed, String> {
        Index::read(bytes.clone()).map_err(|error| error.to_string())?;
        let index: Value = serde_yaml::from_slice(bytes).map_err(|error| error.to_string())?;
        let charts = index.get("entries").and_then(Value::as_mapping);
        let entries = charts
            .into_iter()
            .flatten()
            .filter_map(|(_, versions)| versions.as_sequence());
        let text = |entry: &Value, field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(entries
            .flatten()
            .map(|entry| {
                let url = entry
                    .get("urls")
                    .and_then(|urls| urls.get(0))
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let listed = Entry {
                    digest: text(entry, "digest"),
                    key: self.key_behind(key, url),
                };
                ((text(entry, "name"), text(entry, "version")), listed)
            })
            .collect())
    }

    /// The key of the archive that a URL in the index under the key `index` points to.
    fn key_behind(&self, index: &str, url: &str) -> String {
        let path = match url.strip_prefix(&*self.repository_url) {
            Some(path) => format!("charts{path}"),
            None if url.contains("://") => url.to_owned(),
            None => index.replace("index.yaml", url),
        };
        percent_decode_str(&path).decode_utf8_lossy().into_owned()
    }

    /// The promises that were broken so far, and those that are broken now that the system is idle.
    pub(crate) async fn broken(&self, store: &Store, outcomes: &Outcomes, edge: SocketAddr) -> Vec<String> {
        let mut broken: Vec<String> = lock(&self.state).broken.iter().cloned().collect();
        let staged = store.list("staging/");
        broken.extend(staged.iter().map(|key| format!("{key} was never removed")));
        let open = outcomes.open();
        broken.extend(open.iter().map(|upload| format!("{} has no outcome", upload.key)));
        for outcome in outcomes.all() {
            broken.extend(self.contradiction(&outcome, store));
        }
        let indexes: Vec<String> = lock(&self.state).indexes.keys().cloned().collect();
        for key in indexes {
            let path = key.trim_start_matches("charts");
            let answer = client::get(edge, path, None).await;
            let served = answer.ok().map(http::Response::into_body);
            let written = store.get(&key).map(|object| object.bytes.clone());
            if served != written {
                broken.push(format!("the edge serves another {key} than the one in the bucket"));
            }
        }
        broken
    }

    /// The promise that is broken if the bucket contradicts the outcome of an upload.
    fn contradiction(&self, outcome: &Outcome, store: &Store) -> Option<String> {
        let upload = &outcome.upload.key;
        let receipt = &outcome.receipt;
        let chart = (
            receipt.chart.clone().unwrap_or_default(),
            receipt.version.clone().unwrap_or_default(),
        );
        let folder = match receipt.repository.as_str() {
            "" => String::new(),
            repository => format!("{}/", repository.trim_matches('/')),
        };
        let listed = lock(&self.state)
            .indexes
            .get(&format!("charts/{folder}index.yaml"))
            .and_then(|listed| listed.get(&chart).cloned());
        match outcome.kind {
            OutcomeKind::Published => {
                let digest = listed.map(|entry| entry.digest);
                (digest != receipt.digest).then(|| match digest {
                    Some(digest) => format!(
                        "{upload} was published, but the index lists {} {} with another digest: {}",
                        chart.0,
                        chart.1,
                        digest.get(..SHOWN_DIGITS).unwrap_or(&digest)
                    ),
                    None => format!(
                        "{upload} was published, but the index does not list {} {}",
                        chart.0, chart.1
                    ),
                })
            }
            OutcomeKind::Unchanged => listed.is_none().then(|| {
                format!(
                    "{upload} is unchanged, but the index does not list {} {}",
                    chart.0, chart.1
                )
            }),
            OutcomeKind::Rejected => {
                let kept = upload.replacen("staging/", "rejected/", 1);
                store
                    .get(&kept)
                    .is_none()
                    .then(|| format!("{upload} was rejected, but {kept} does not exist"))
            }
            OutcomeKind::Failed => Some(format!(
                "{upload} failed: {}",
                receipt.reason.as_deref().unwrap_or_default()
            )),
            OutcomeKind::Held => None,
        }
    }
}

impl State {
    fn break_one(&mut self, problem: String) {
        self.broken.insert(problem);
    }

    fn archive_written(&mut self, key: &str, object: &Object) {
        let digest = Digest::of(&object.bytes).to_string();
        let before = self.archives.insert(key.to_owned(), digest.clone());
        if before.is_some_and(|before| before != digest) {
            self.break_one(format!("{key} was overwritten with different bytes"));
        }
    }

    fn archive_removed(&mut self, key: &str) {
        self.archives.remove(key);
        let is_listed = self
            .indexes
            .values()
            .flat_map(BTreeMap::values)
            .any(|entry| entry.key == key);
        if is_listed {
            self.break_one(format!("{key} was removed while an index listed it"));
        }
    }

    fn index_written(&mut self, key: &str, listed: Listed) {
        let before = self.indexes.get(key).cloned().unwrap_or_default();
        for ((name, version), entry) in &before {
            match listed.get(&(name.clone(), version.clone())) {
                None => self.break_one(format!("{name} {version} disappeared from {key}")),
                Some(now) if now.digest != entry.digest => {
                    self.break_one(format!("{name} {version} changed in {key}"));
                }
                Some(_) => {}
            }
        }
        for ((name, version), entry) in &listed {
            let is_there = self.archives.get(&entry.key) == Some(&entry.digest);
            if !is_there && before.get(&(name.clone(), version.clone())) != Some(entry) {
                self.break_one(format!(
                    "{key} lists {name} {version} before its archive {} exists",
                    entry.key
                ));
            }
        }
        self.indexes.insert(key.to_owned(), listed);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "http://charts.example.com";

    fn watched() -> (Store, Promises) {
        let store = Store::in_memory();
        let promises = Promises::new(URL);
        let watching = promises.clone();
        store.observe(move |change| watching.see(change));
        (store, promises)
    }

    fn put(store: &Store, key: &str, bytes: &str) {
        store
            .put(key, bytes.to_owned(), BTreeMap::new())
            .expect("a bucket in memory accepts every write");
    }

    fn index(versions: &[(&str, &str)]) -> String {
        let entries: Vec<_> = versions
            .iter()
            .map(|(version, archive)| {
                json!({
                    "apiVersion": "v2",
                    "name": "demo",
                    "version": version,
                    "created": "2026-01-01T00:00:00Z",
                    "digest": Digest::of(archive.as_bytes()).to_string(),
                    "urls": [format!("{URL}/demo-{version}.tgz")],
                })
            })
            .collect();
        json!({"apiVersion": "v1", "entries": {"demo": entries}, "generated": "2026-01-01T00:00:00Z"}).to_string()
    }

    fn broken(promises: &Promises) -> Vec<String> {
        lock(&promises.state).broken.iter().cloned().collect()
    }

    #[test]
    fn an_index_that_grows_after_its_archives_breaks_no_promise() {
        let (store, promises) = watched();
        put(&store, "charts/demo-1.0.0.tgz", "one");
        put(&store, "charts/index.yaml", &index(&[("1.0.0", "one")]));
        put(&store, "charts/demo-1.1.0+a.tgz", "two");
        put(
            &store,
            "charts/index.yaml",
            &index(&[("1.1.0+a", "two"), ("1.0.0", "one")]),
        );
        assert_eq!(broken(&promises), Vec::<String>::new());
    }

    #[test]
    fn a_version_that_disappears_or_changes_breaks_a_promise() {
        let (store, promises) = watched();
        put(&store, "charts/demo-1.0.0.tgz", "one");
        put(&store, "charts/index.yaml", &index(&[("1.0.0", "one")]));
        put(&store, "charts/index.yaml", &index(&[("1.0.0", "other")]));
        put(&store, "charts/index.yaml", &index(&[]));
        let broken = broken(&promises);
        assert!(
            broken.iter().any(|problem| problem.contains("1.0.0 changed")),
            "{broken:?}"
        );
        assert!(
            broken.iter().any(|problem| problem.contains("1.0.0 disappeared")),
            "{broken:?}"
        );
    }

    #[test]
    fn an_index_written_before_its_archive_breaks_a_promise() {
        let (store, promises) = watched();
        put(&store, "charts/index.yaml", &index(&[("1.0.0", "one")]));
        put(&store, "charts/demo-1.0.0.tgz", "one");
        assert_eq!(
            broken(&promises),
            ["charts/index.yaml lists demo 1.0.0 before its archive charts/demo-1.0.0.tgz exists"]
        );
    }

    #[test]
    fn an_overwritten_archive_and_a_truncated_index_break_promises() {
        let (store, promises) = watched();
        put(&store, "charts/demo-1.0.0.tgz", "one");
        put(&store, "charts/demo-1.0.0.tgz", "two");
        let whole = index(&[("1.0.0", "two")]);
        put(
            &store,
            "charts/index.yaml",
            whole.get(..whole.len() / 2).unwrap_or_default(),
        );
        let broken = broken(&promises);
        assert_eq!(broken.len(), 2, "{broken:?}");
    }
}
