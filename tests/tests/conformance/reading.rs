//! Every YAML reader reads from an index of Chartdrop exactly what was put in.
//!
//! The tests edit indexes in both forms, with the fast and the slow half of the engine, and add
//! entries with texts that are hard to read. Then they compare what each reader sees with a simple
//! model: the old document with the new entries. The readers have their default settings.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use chartdrop::chart::Version;
use chartdrop::index::{Entry, Format, Index};
use chartdrop::yaml;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tests::ChartArchive;

use crate::foreign;
use crate::hard;
use crate::helm::{self, Helm};
use crate::readers::{self, Reader};

/// An index before and after an edit.
struct Edited {
    name: String,
    before: String,
    after: String,
    new: Vec<Entry>,
    /// Whether the new text contains the old text unchanged, so that the reading of old entries is
    /// not Chartdrop's responsibility.
    stands: bool,
}

const FORMATS: [Format; 2] = [Format::Json, Format::Yaml];

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

impl Edited {
    /// A new index.
    fn new(name: &str, format: Format, new: Vec<Entry>) -> Self {
        let before = r#"{"apiVersion":"v1","entries":{}}"#.to_owned();
        let after = edit(&Index::new(format), &new);
        Edited {
            name: format!("{name}, new {format:?}"),
            before,
            after,
            new,
            stands: false,
        }
    }

    /// An index that is edited in place.
    fn fast(name: &str, before: String, new: Vec<Entry>) -> Self {
        let edited = Edited::existing(name, before, new);
        assert!(
            edited.stands,
            "{name}: the engine did not know the layout\n{}",
            edited.before
        );
        edited
    }

    /// An index that is written again completely.
    fn slow(name: &str, before: String, new: Vec<Entry>) -> Self {
        let edited = Edited::existing(name, before, new);
        assert!(!edited.stands, "{name}: the engine knew the layout\n{}", edited.before);
        edited
    }

    fn existing(name: &str, before: String, new: Vec<Entry>) -> Self {
        let index =
            Index::read(Bytes::from(before.clone())).unwrap_or_else(|error| panic!("{name}: {error}\n{before}"));
        let after = edit(&index, &new);
        let stands = stands_in(&before, &after);
        Edited {
            name: name.to_owned(),
            before,
            after,
            new,
            stands,
        }
    }
}

fn edit(index: &Index, new: &[Entry]) -> String {
    let text = index
        .edit(new, now())
        .expect("can be edited")
        .text
        .expect("must change");
    String::from_utf8(text.to_bytes().into()).expect("text")
}

/// Whether another text has all lines of a text in the same order, except for the line of
/// `generated` and the line of an empty mapping.
fn stands_in(before: &str, after: &str) -> bool {
    let mut after = after.lines();
    let goes = |line: &str| line.contains("generated") || line == "entries: {}";
    before
        .lines()
        .filter(|line| !goes(line))
        // In JSON, a comma may be added to a line.
        .all(|line| after.any(|other| other == line || other.strip_suffix(',') == Some(line)))
}

/// The document as Helm reads it.
fn model(text: &str) -> Value {
    if let Ok(document) = serde_json::from_str(text) {
        return document;
    }
    let limits = yaml::Limits::for_index(text.len());
    let parsed = yaml::parse(text.as_bytes(), &limits, yaml::Duplicates::Reject);
    parsed.unwrap_or_else(|error| panic!("{error}\n{text}")).value.to_json()
}

/// The document with new entries, each before the first older version.
fn with(mut document: Value, new: &[Entry]) -> Value {
    document["generated"] = now().to_string().into();
    if document["entries"].is_null() {
        document["entries"] = json!({});
    }
    let charts = document["entries"].as_object_mut().expect("entries");
    for versions in charts.values_mut().filter(|versions| versions.is_null()) {
        *versions = json!([]);
    }
    for entry in new {
        let versions = charts.entry(entry.metadata.name.clone()).or_insert_with(|| json!([]));
        let versions = versions.as_array_mut().expect("versions");
        let at = versions.iter().position(|other| is_newer(entry, other));
        versions.insert(at.unwrap_or(versions.len()), fields(entry));
    }
    document
}

fn is_newer(entry: &Entry, than: &Value) -> bool {
    let version = Version::parse(&entry.metadata.version).expect("a version");
    let Some(Ok(other)) = than["version"].as_str().map(Version::parse) else {
        return true;
    };
    let created = than["created"]
        .as_str()
        .map(|time| time.parse::<Timestamp>().expect("a time"));
    let order = version
        .cmp_precedence(&other)
        .then_with(|| Some(entry.created.time()).cmp(&created))
        .then_with(|| version.cmp_text(&other));
    order.is_gt()
}

fn fields(entry: &Entry) -> Value {
    let mut fields = serde_json::to_value(&entry.metadata).expect("a chart's metadata");
    fields["urls"] = json!([entry.url]);
    fields["created"] = entry.created.time().to_string().into();
    fields["digest"] = entry.digest.to_string().into();
    fields
}

/// The document with every number as a floating-point number, the only kind that JavaScript and
/// Helm have.
fn with_floats(document: Value) -> Value {
    match document {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(with_floats).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, with_floats(value)))
            .collect(),
        other => other,
    }
}

/// New indexes, whose entries have hard texts in many fields.
fn new_indexes() -> Vec<Edited> {
    let of = |name: &'static str, entries: Vec<Entry>| FORMATS.map(|format| Edited::new(name, format, entries.clone()));
    [
        of("texts", hard::texts()),
        of("names", hard::names()),
        of("versions", hard::versions()),
        of("characters", hard::characters()),
        of("long texts", hard::long_texts()),
        of("imported values", hard::imported_values()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Indexes of Chartdrop with every second entry, to which the other entries are added.
fn own_indexes() -> Vec<Edited> {
    let entries = [hard::texts(), hard::names(), hard::versions(), hard::long_texts()].concat();
    let half = |rest: usize| -> Vec<Entry> {
        let numbered = entries.iter().enumerate();
        numbered
            .filter(|(number, _)| number % 2 == rest)
            .map(|(_, entry)| entry.clone())
            .collect()
    };
    FORMATS
        .map(|format| {
            let before = edit(&Index::new(format), &half(0));
            Edited::fast(&format!("our own {format:?}"), before, half(1))
        })
        .into()
}

/// Indexes of other tools, to which hard entries are added.
fn foreign_indexes() -> Vec<Edited> {
    let new = || [hard::some_texts(), hard::for_charts_of_others()].concat();
    let known = foreign::in_known_layout().into_iter();
    let known = known.map(|(name, text)| Edited::fast(name, text, new()));
    let unknown = foreign::in_unknown_layout().into_iter();
    let unknown = unknown.map(|(name, text)| Edited::slow(name, text, new()));
    known.chain(unknown).collect()
}

/// Indexes of the real Helm: one with ordinary charts, in a known layout, and one with all charts,
/// whose keys are hard to read.
async fn helms_indexes(helm: &Helm) -> Vec<Edited> {
    let new = || [hard::some_texts(), hard::for_charts_of_others()].concat();
    let (hard, ordinary): (Vec<_>, Vec<_>) = crate::indexes::charts()
        .into_iter()
        .partition(|chart| chart.file_name().starts_with("text-"));
    let folder = helm.folder("archives");
    let name = |what: &str| format!("{}, {what}", helm.label);
    let ordinary_yaml = index(helm, &folder, &ordinary, false).await;
    let ordinary_json = index(helm, &folder, &[], true).await;
    let yaml = index(helm, &folder, &hard, false).await;
    let json = index(helm, &folder, &[], true).await;
    vec![
        Edited::fast(&name("YAML of ordinary charts"), ordinary_yaml, new()),
        Edited::fast(&name("JSON of ordinary charts"), ordinary_json, new()),
        Edited::existing(&name("YAML"), yaml, new()),
        Edited::existing(&name("JSON"), json, new()),
    ]
}

/// Adds these charts to a folder, and runs `helm repo index`.
async fn index(helm: &Helm, folder: &Path, charts: &[ChartArchive], json: bool) -> String {
    for chart in charts {
        std::fs::write(folder.join(chart.file_name()), chart.bytes()).expect("written");
    }
    let url = "https://charts.example.com";
    let mut arguments = vec![
        "repo".as_ref(),
        "index".as_ref(),
        folder.as_os_str(),
        "--url".as_ref(),
        url.as_ref(),
    ];
    if json {
        arguments.push("--json".as_ref());
    }
    helm.run(arguments).await;
    std::fs::read_to_string(folder.join("index.yaml")).expect("an index")
}

async fn all() -> Vec<Edited> {
    let mut all: Vec<Edited> = [new_indexes(), own_indexes(), foreign_indexes()]
        .into_iter()
        .flatten()
        .collect();
    for helm in helm::both() {
        all.extend(helms_indexes(&helm).await);
    }
    all
}

/// Writes a text into a numbered file.
fn put(folder: &TempDir, number: usize, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(format!("{number}-{name}.yaml"));
    std::fs::write(&path, text).expect("written");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn the_yaml_readers_of_other_tools_read_what_was_put_in() {
    let folder = TempDir::new().expect("a temporary folder");
    let all = all().await;
    let write = |name: &str, text: fn(&Edited) -> &str| -> Vec<PathBuf> {
        let numbered = all.iter().enumerate();
        numbered
            .map(|(number, edited)| put(&folder, number, name, text(edited)))
            .collect()
    };
    let before = write("before", |edited| &edited.before);
    let after = write("after", |edited| &edited.after);
    let readers = readers::all();
    let problems: Vec<String> = std::thread::scope(|scope| {
        let (all, before, after) = (&all, &before, &after);
        let read = |reader| scope.spawn(move || problems_of(reader, all, before, after));
        let reading: Vec<_> = readers.iter().map(read).collect();
        reading
            .into_iter()
            .flat_map(|reading| reading.join().expect("read"))
            .collect()
    });
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

fn problems_of(reader: &Reader, all: &[Edited], before: &[PathBuf], after: &[PathBuf]) -> Vec<String> {
    let read = |paths: &[PathBuf]| {
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        reader.read(&paths)
    };
    let (before, after) = (read(before), read(after));
    let answers = before.into_iter().zip(after);
    let problems = all.iter().zip(answers).filter_map(|(edited, (before, after))| {
        // An unchanged old text must be read as before the edit.
        let before = if edited.stands {
            before
        } else {
            Ok(model(&edited.before))
        };
        let expected = before.map(|before| with_floats(with(before, &edited.new)));
        let problem = match (expected, after.map(with_floats)) {
            (Ok(expected), Ok(after)) => difference("", &expected, &after)?,
            (Err(error), _) => format!("does not read what was there: {error}"),
            (_, Err(error)) => format!("does not read it: {error}"),
        };
        Some(format!("{}, {}: {problem}", reader.label, edited.name))
    });
    problems.collect()
}

/// The first difference between two documents.
fn difference(at: &str, expected: &Value, found: &Value) -> Option<String> {
    let empty = Map::new();
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) if expected.keys().eq(found.keys()) => {
            let fields = expected.iter().zip(found.values());
            fields
                .into_iter()
                .find_map(|((name, expected), found)| difference(&format!("{at}/{name}"), expected, found))
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let items = expected.iter().zip(found).enumerate();
            items
                .into_iter()
                .find_map(|(number, (expected, found))| difference(&format!("{at}/{number}"), expected, found))
        }
        _ if expected == found => None,
        _ => {
            let names = |value: &Value| value.as_object().unwrap_or(&empty).keys().cloned().collect::<Vec<_>>();
            let (expected_names, found_names) = (names(expected), names(found));
            if expected_names != found_names {
                let missing: Vec<_> = expected_names
                    .iter()
                    .filter(|name| !found_names.contains(name))
                    .collect();
                let more: Vec<_> = found_names
                    .iter()
                    .filter(|name| !expected_names.contains(name))
                    .collect();
                return Some(format!(
                    "at {at:?}: the names {missing:?} are missing, {more:?} should not be there"
                ));
            }
            Some(format!("at {at:?}: should be {expected:?}, is {found:?}"))
        }
    }
}

/// Helm reads JSON with the JSON parser of Go.
#[tokio::test(flavor = "multi_thread")]
async fn both_helms_read_what_was_put_in() {
    let folder = TempDir::new().expect("a temporary folder");
    for (number, edited) in all().await.iter().enumerate() {
        let expected = with(model(&edited.before), &edited.new);
        let before = put(&folder, number, "model", &expected.to_string());
        let after = put(&folder, number, "after", &edited.after);
        for helm in helm::both() {
            let expected = in_any_order(helm.reads_index(&before).await);
            let found = in_any_order(helm.reads_index(&after).await);
            if let Some(difference) = difference("", &expected, &found) {
                panic!("{}, {}: {difference}", helm.label, edited.name);
            }
            assert_takes(&helm, edited, &found);
        }
    }
}

/// The index with sorted entries: Helm sorts versions, and some have no defined order.
fn in_any_order(mut index: Value) -> Value {
    index.as_object_mut().expect("an index").remove("generated");
    for versions in index["entries"].as_object_mut().expect("entries").values_mut() {
        let versions = versions.as_array_mut().expect("versions");
        versions.sort_by_cached_key(ToString::to_string);
    }
    index
}

/// Asserts that Helm reads all entries. It omits those that it considers invalid, and a comparison
/// without them would prove nothing.
fn assert_takes(helm: &Helm, edited: &Edited, index: &Value) {
    for entry in &edited.new {
        let versions = index["entries"][&entry.metadata.name].as_array();
        let found = versions.is_some_and(|versions| {
            versions
                .iter()
                .any(|version| version["version"] == *entry.metadata.version)
        });
        assert!(
            found,
            "{}, {}: {} {:?} is not there",
            helm.label, edited.name, entry.metadata.name, entry.metadata.version
        );
    }
}
