//! Compares the verdicts on one chart archive.

use std::path::Path;

use bytes::Bytes;
use chartdrop::archive::{self, Archive, ArchiveError, Limits};
use chartdrop::chart;
use chartdrop::index::{Entry, Format, Index};
use chartdrop::keys;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::oracle::{self, Answer};
use super::{Difference, Facts, Kind, Oracle, Verdict, difference};

const URL: &str = "https://charts.example.com/";

/// Why Chartdrop rejects an archive: a stable code and the message.
type Rejection = (&'static str, String);

pub(super) fn compare(helms: &mut [Oracle; 2], path: &Path, bytes: &[u8]) -> (Vec<Difference>, Facts) {
    let answers = oracle::ask(helms, Kind::Archive, path);
    let labels = helms.each_ref().map(|helm| helm.label);
    let file_name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    let own = accepts(file_name, bytes).and_then(|archive| entry(file_name, &archive));
    let verdict = Verdict::of(answers.each_ref().map(is_of_use), own.is_ok());
    let mut differences = Vec::new();
    match (&own, verdict) {
        (Err((code, message)), Verdict::Stricter) => {
            differences.push(difference(format!("archive: {code}"), message.clone()));
        }
        (Ok(entry), _) => {
            for (label, answer) in labels.into_iter().zip(&answers) {
                differences.extend(against(label, answer, entry));
            }
        }
        _ => {}
    }
    for (label, answer) in labels.into_iter().zip(&answers) {
        differences.extend(published(label, answer, file_name, bytes));
    }
    let facts = Facts::Archive {
        verdict,
        entry_bytes: own.as_ref().ok().map(|entry| entry.to_string().len()),
    };
    (differences, facts)
}

/// Compares how a published archive is read. `verify` and `reindex` read it as Helm does, even if
/// an upload of it would be rejected.
fn published(label: &str, answer: &Answer, file_name: &str, bytes: &[u8]) -> Vec<Difference> {
    let Some(their) = &answer.entry else { return Vec::new() };
    match archive::read_published(bytes, &Limits::of_published()) {
        Ok(archive) => match entry(file_name, &archive) {
            Ok(own) => named("published entry", label, their, &own),
            Err((code, message)) => vec![difference(format!("published: {code}"), message)],
        },
        Err(error) if error.stops_helm() => vec![difference(
            "published: called one that no Helm loads",
            format!("{label} does; {error}"),
        )],
        Err(error) => vec![difference(format!("published: {}", code(&error)), error.to_string())],
    }
}

/// Whether `helm show chart`, `helm template` and `helm repo index` can use the archive.
fn is_of_use(answer: &Answer) -> bool {
    answer.rejected.is_none() && answer.not_rendered.is_none() && answer.not_indexed.is_none()
}

/// Applies the checks for an upload with this name.
fn accepts(file_name: &str, bytes: &[u8]) -> Result<Archive, Rejection> {
    let limits = Limits::default();
    if bytes.len() as u64 > limits.packed_bytes {
        return Err(("too-large", format!("{} bytes", bytes.len())));
    }
    let archive = archive::read(bytes, &limits).map_err(|error| (code(&error), error.to_string()))?;
    chart::check_file_name(file_name, &archive.metadata).map_err(|error| ("file-name", error.to_string()))?;
    Ok(archive)
}

/// The code of the underlying error.
fn code(error: &ArchiveError) -> &'static str {
    match error {
        ArchiveError::Dependency { problem, .. } => code(problem),
        _ => error.code(),
    }
}

/// The entry that Chartdrop writes, read back from the index.
fn entry(file_name: &str, archive: &Archive) -> Result<Value, Rejection> {
    let entry = Entry {
        metadata: archive.metadata.clone(),
        digest: archive.digest,
        url: format!("{URL}{}", keys::url_path(file_name)),
        created: Timestamp::UNIX_EPOCH.into(),
    };
    let edit = Index::new(Format::Json)
        .edit(&[entry], Timestamp::UNIX_EPOCH)
        .map_err(|error| (error.code(), error.to_string()))?;
    let text: Bytes = edit.text.expect("a new index").to_bytes();
    let mut index: Value = serde_json::from_slice(&text).expect("what we write is JSON");
    Ok(index["entries"][&archive.metadata.name][0].take())
}

/// The differences from a Helm for an archive that Chartdrop publishes.
fn against(label: &str, answer: &Answer, own: &Value) -> Vec<Difference> {
    if let Some(reason) = &answer.rejected {
        return vec![difference(format!("archive: {label} does not load it"), reason.clone())];
    }
    let mut differences = Vec::new();
    if let Some(reason) = &answer.not_rendered {
        differences.push(difference(
            format!("archive: {label} does not render it"),
            reason.clone(),
        ));
    }
    match &answer.entry {
        None => differences.push(difference(
            format!("archive: {label} does not index it"),
            answer.not_indexed.clone().unwrap_or_default(),
        )),
        Some(entry) => differences.extend(named("entry", label, entry, own)),
    }
    differences
}

/// One difference for each field that differs.
fn named(what: &str, label: &str, their: &Value, own: &Value) -> Vec<Difference> {
    fields_that_differ(their, own)
        .into_iter()
        .map(|(field, detail)| difference(format!("{what}: {field}"), format!("{label}: {detail}")))
        .collect()
}

fn fields_that_differ(their: &Value, own: &Value) -> Vec<(String, String)> {
    let (their, own) = (comparable(their), comparable(own));
    let names: std::collections::BTreeSet<&String> = their.keys().chain(own.keys()).collect();
    names
        .into_iter()
        .filter(|name| their.get(*name) != own.get(*name))
        .map(|name| {
            let shown = |fields: &Map<String, Value>| fields.get(name).map_or("nothing".to_owned(), Value::to_string);
            (name.clone(), format!("{} there, {} here", shown(&their), shown(&own)))
        })
        .collect()
}

/// An entry without the parts that always differ: `created` is the time of indexing, and Chartdrop
/// escapes a `+` in a URL because S3 reads it as a space.
fn comparable(entry: &Value) -> Map<String, Value> {
    let mut entry = entry.as_object().expect("an entry").clone();
    entry.remove("created");
    if let Some(url) = entry["urls"][0].as_str() {
        let url = url.replace('+', "%2B");
        entry.insert("urls".to_owned(), json!([url]));
    }
    entry
}
