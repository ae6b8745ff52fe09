//! Compares the verdicts on one index: it is read, and two versions are added.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use chartdrop::chart::Metadata;
use chartdrop::digest::Digest;
use chartdrop::index::{Added, Edit, Entry, Index, IndexError, Spliced};
use jiff::Timestamp;
use serde_json::Value;

use super::oracle::{self, Answer};
use super::why_slow::why_slow;
use super::{Difference, EditPath, Facts, Kind, Oracle, Verdict, difference};

/// How often each entry is listed, by its chart and its fields.
type Entries = BTreeMap<(String, String), usize>;

pub(super) fn compare(helms: &mut [Oracle; 2], path: &Path, bytes: Bytes, scratch: &Path) -> (Vec<Difference>, Facts) {
    let answers = oracle::ask(helms, Kind::Index, path);
    let labels = helms.each_ref().map(|helm| helm.label);
    let read = Index::read(bytes.clone());
    let verdict = Verdict::of(answers.each_ref().map(|answer| answer.rejected.is_none()), read.is_ok());
    let mut differences = verdicts(verdict, &read, labels, &answers);
    let largest = answers.iter().find_map(|answer| largest(answer.index.as_ref()?));
    let mut edit_path = None;
    let mut versions = 0;
    if let Ok(index) = &read
        && verdict == Verdict::AllAccept
    {
        versions = index.versions();
        differences.extend(listed(index, labels, &answers));
        let edited = edited(index, &answers);
        match edited {
            Err(error) => differences.push(difference("index: cannot be edited", error.to_string())),
            Ok((edit, new)) => {
                let text = edit.text.expect("two versions are new");
                let kept = kept(&bytes, &text);
                differences.extend(kept.problem);
                edit_path = Some(match kept.in_place {
                    true => EditPath::Fast,
                    false => EditPath::Slow(why_slow(&bytes)),
                });
                differences.extend(loaded_after(helms, &answers, &text.to_bytes(), &new, scratch));
            }
        }
    }
    let facts = Facts::Index {
        verdict,
        versions,
        largest,
        path: edit_path,
    };
    (differences, facts)
}

fn verdicts(
    verdict: Verdict,
    read: &Result<Index, IndexError>,
    labels: [&str; 2],
    answers: &[Answer; 2],
) -> Vec<Difference> {
    match (verdict, read) {
        (Verdict::Stricter, Err(error)) => vec![difference(format!("index: {}", error.code()), error.to_string())],
        (Verdict::Laxer, _) => labels
            .into_iter()
            .zip(answers)
            .filter_map(|(label, answer)| {
                let reason = answer.rejected.as_deref()?;
                Some(difference(format!("index: {label} does not load it"), reason))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Compares the entries that Chartdrop and both Helms find. Helm omits entries that it considers
/// invalid.
fn listed(index: &Index, labels: [&str; 2], answers: &[Answer; 2]) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut own: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    for version in index.listed_versions() {
        own.entry((version.chart, version.version))
            .or_default()
            .push(serde_json::json!({
                "digest": version.digest,
                "url": version.url,
                "created": version.created.as_deref().and_then(instant),
            }));
    }
    for (label, answer) in labels.into_iter().zip(answers) {
        for (chart, entry) in entries(answer.index.as_ref()) {
            let text = |field: &str| entry[field].as_str().filter(|text| !text.is_empty());
            let version = text("version").unwrap_or_default();
            let their = serde_json::json!({
                "digest": text("digest"),
                "url": entry["urls"][0].as_str(),
                "created": text("created").and_then(instant),
            });
            let found = own.get(&(chart.to_owned(), version.to_owned()));
            if !found.is_some_and(|found| found.contains(&their)) {
                differences.push(difference(
                    "index: a listed version is read otherwise",
                    format!("{label}: {chart} {version}: {their} there, {found:?} here"),
                ));
            }
        }
    }
    differences
}

/// A time in a form that can be compared. Helm returns Go's zero time for a missing one.
fn instant(text: &str) -> Option<String> {
    let time: Timestamp = text.parse().ok()?;
    (time.to_string() != "0001-01-01T00:00:00Z").then(|| time.to_string())
}

/// The index with a new chart and a new version of an existing chart.
fn edited(index: &Index, answers: &[Answer; 2]) -> Result<(Edit, Vec<Entry>), IndexError> {
    let [three, _] = answers;
    let listed = entries(three.index.as_ref())
        .find(|(chart, entry)| entry["name"] == **chart && is_plain(chart))
        .map(|(chart, _)| chart.to_owned());
    let new: Vec<Entry> = listed
        .into_iter()
        .chain(["compare-verdicts-new-chart".to_owned()])
        .map(|chart| new_entry(&chart))
        .collect();
    let edit = index.edit(&new, Timestamp::UNIX_EPOCH)?;
    assert!(edit.added.iter().all(|added| *added == Added::New), "{:?}", edit.added);
    Ok((edit, new))
}

fn is_plain(chart: &str) -> bool {
    chart.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

pub(super) fn new_entry(chart: &str) -> Entry {
    let version = "0.0.0-compare-verdicts";
    let text = format!("apiVersion: v2\nname: {chart}\nversion: {version}\ndescription: '# x: y'\n");
    Entry {
        metadata: Metadata::from_chart_yaml(text.as_bytes()).expect("a chart").metadata,
        digest: Digest::of(b""),
        url: format!("https://charts.example.com/{chart}-{version}.tgz"),
        created: Timestamp::UNIX_EPOCH.into(),
    }
}

/// The parts of the old text that the new text contains unchanged.
struct Kept {
    in_place: bool,
    problem: Option<Difference>,
}

/// Finds the unchanged parts. An edit in place shares them with the old text; everything between
/// two of them was replaced.
fn kept(before: &Bytes, after: &Spliced) -> Kept {
    let mut end = 0;
    let mut replaced: Vec<&[u8]> = Vec::new();
    let in_place = is_edited_in_place(before, after);
    for kept in after.pieces().iter().filter_map(|piece| place(before, piece)) {
        replaced.push(before.get(end..kept.start).unwrap_or(b"(in another order)"));
        end = kept.end;
    }
    replaced.push(before.get(end..).unwrap_or_default());
    let lost = replaced.into_iter().find(|text| !may_be_replaced(text));
    Kept {
        in_place,
        problem: lost.filter(|_| in_place).map(|text| {
            let text = String::from_utf8_lossy(text).into_owned();
            difference("index: bytes of others are gone", text)
        }),
    }
}

pub(super) fn is_edited_in_place(before: &Bytes, after: &Spliced) -> bool {
    after.pieces().iter().any(|piece| place(before, piece).is_some())
}

/// The range of a piece in a text, if it shares the memory of the text.
fn place(text: &Bytes, piece: &Bytes) -> Option<std::ops::Range<usize>> {
    let at = (piece.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    (at + piece.len() <= text.len()).then(|| at..at + piece.len())
}

/// Whether an edit may replace this text: the time of generation, or an empty list or mapping.
fn may_be_replaced(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    matches!(text, "" | "{}" | "[]" | "null")
        || (text.len() < 64
            && text
                .trim_matches(['"', '\''])
                .starts_with(|first: char| first.is_ascii_digit()))
}

/// Checks that both Helms load the edited text, with all old entries and the new ones.
fn loaded_after(
    helms: &mut [Oracle; 2],
    before: &[Answer; 2],
    text: &[u8],
    new: &[Entry],
    scratch: &Path,
) -> Vec<Difference> {
    let path = scratch.join("index.yaml");
    std::fs::write(&path, text).expect("written");
    let labels = helms.each_ref().map(|helm| helm.label);
    let after = oracle::ask(helms, Kind::Index, &path);
    let mut differences = Vec::new();
    for ((label, before), after) in labels.into_iter().zip(before).zip(&after) {
        if let Some(reason) = &after.rejected {
            differences.push(difference(
                "index: not loaded after the edit",
                format!("{label}: {reason}"),
            ));
            continue;
        }
        let mut expected = counted(before.index.as_ref());
        for entry in new {
            *expected.entry(as_helm_loads(entry)).or_default() += 1;
        }
        let found = counted(after.index.as_ref());
        let missing = expected.iter().find(|(entry, count)| found.get(*entry) != Some(*count));
        let more = found.iter().find(|(entry, count)| expected.get(*entry) != Some(*count));
        if missing.is_some() || more.is_some() {
            differences.push(difference(
                "index: other entries after the edit",
                format!("{label}: {missing:?} should be there, {more:?} is"),
            ));
        }
    }
    differences
}

fn as_helm_loads(entry: &Entry) -> (String, String) {
    let mut fields = serde_json::to_value(&entry.metadata).expect("metadata");
    fields["urls"] = serde_json::json!([entry.url]);
    fields["created"] = entry.created.time().to_string().into();
    fields["digest"] = entry.digest.to_string().into();
    (entry.metadata.name.clone(), fields.to_string())
}

fn counted(index: Option<&Value>) -> Entries {
    let mut entries_by_text = Entries::new();
    for (chart, entry) in entries(index) {
        *entries_by_text
            .entry((chart.to_owned(), entry.to_string()))
            .or_default() += 1;
    }
    entries_by_text
}

fn entries(index: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let charts = index.and_then(|index| index["entries"].as_object());
    charts.into_iter().flatten().flat_map(|(chart, versions)| {
        let versions = versions.as_array().into_iter().flatten();
        versions.map(move |entry| (chart.as_str(), entry))
    })
}

fn largest(index: &Value) -> Option<(usize, String)> {
    entries(Some(index))
        .map(|(chart, entry)| (entry.to_string().len(), format!("{chart} {}", entry["version"])))
        .max_by_key(|(bytes, _)| *bytes)
}
