//! Editing: the result matches a plain model, in both forms and whatever the order of insertion.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::document::Document;
use super::scan::scan;
use super::{Added, Edit, Entry, Format, Index, IndexError};
use crate::chart::Metadata;
use crate::digest::Digest;
use crate::yaml;

pub(super) fn entry(name: &str, version: &str) -> Entry {
    entry_of(
        Metadata {
            name: name.to_owned(),
            version: version.to_owned(),
            api_version: "v2".to_owned(),
            ..Metadata::default()
        },
        version,
    )
}

pub(super) fn entry_of(metadata: Metadata, content: &str) -> Entry {
    Entry {
        url: format!("https://charts.example.io/{}-{}.tgz", metadata.name, metadata.version),
        digest: Digest::of(content.as_bytes()),
        created: time_of(&metadata.version).into(),
        metadata,
    }
}

/// Each version has a time of its own, so that an edit need not change any.
fn time_of(version: &str) -> Timestamp {
    let digits: String = Digest::of(version.as_bytes()).to_string();
    let seconds = i64::from_str_radix(&digits[..6], 16).unwrap();
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

pub(super) fn read(index: &[u8]) -> Result<Index, IndexError> {
    Index::read(Bytes::copy_from_slice(index))
}

fn edit(index: Option<&[u8]>, entries: &[Entry], now: Timestamp, format: Format) -> Result<Edit, IndexError> {
    let index = index.map_or_else(|| Ok(Index::new(format)), read)?;
    index.edit(entries, now)
}

pub(super) fn text_of(edit: Edit) -> String {
    let text = edit.text.expect("must change").to_bytes();
    String::from_utf8(text.into()).unwrap()
}

#[track_caller]
pub(super) fn written(index: Option<&[u8]>, entries: &[Entry], format: Format) -> String {
    text_of(edit(index, entries, now(), format).unwrap())
}

/// The text with each digest and time replaced, because their values do not matter for the index.
fn shown(index: Option<&[u8]>, entries: &[Entry], format: Format) -> String {
    let text = written(index, entries, format);
    entries.iter().fold(text, |text, entry| {
        text.replace(&entry.digest.to_string(), "DIGEST")
            .replace(&entry.created.time().to_string(), "CREATED")
    })
}

/// The versions of each chart in their order, as our YAML reader sees them; JSON text is YAML too.
pub(super) fn listed(index: &str) -> Vec<(String, Vec<String>)> {
    let limits = yaml::Limits::for_index(index.len());
    let value = yaml::parse(index.as_bytes(), &limits, yaml::Duplicates::Reject)
        .unwrap()
        .value;
    let charts = value
        .get("entries")
        .and_then(yaml::Value::as_mapping)
        .cloned()
        .unwrap_or_default();
    let version = |entry: &yaml::Value| {
        entry
            .get("version")
            .and_then(yaml::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    charts
        .iter()
        .map(|(name, versions)| {
            (
                name.clone(),
                versions.as_sequence().unwrap_or_default().iter().map(version).collect(),
            )
        })
        .collect()
}

#[test]
fn a_new_index_in_json_has_one_version_on_a_line() {
    insta::assert_snapshot!(shown(None, &[entry("demo", "1.0.0"), entry("demo", "1.1.0")], Format::Json), @r#"
    {"apiVersion":"v1","generated":"2027-01-15T08:00:00Z","entries":{
    "demo":[
    {"name":"demo","version":"1.1.0","apiVersion":"v2","urls":["https://charts.example.io/demo-1.1.0.tgz"],"created":"CREATED","digest":"DIGEST"},
    {"name":"demo","version":"1.0.0","apiVersion":"v2","urls":["https://charts.example.io/demo-1.0.0.tgz"],"created":"CREATED","digest":"DIGEST"}
    ]
    }}
    "#);
}

#[test]
fn a_new_index_in_yaml_looks_as_helm_writes_it() {
    let mut demo = entry("demo", "1.10");
    demo.metadata.app_version = "1.10".to_owned();
    demo.metadata.description = "says: \"hi\"\nto # all".to_owned();
    demo.metadata.keywords = vec!["yes".to_owned(), "operator".to_owned()];
    demo.metadata.annotations = BTreeMap::from([("category".to_owned(), "Database".to_owned())]);
    insta::assert_snapshot!(shown(None, &[demo], Format::Yaml), @r#"
    apiVersion: v1
    entries:
      demo:
      - annotations:
          category: Database
        apiVersion: v2
        appVersion: "1.10"
        created: "CREATED"
        description: "says: \"hi\"\nto # all"
        digest: DIGEST
        keywords:
        - "yes"
        - operator
        name: demo
        urls:
        - https://charts.example.io/demo-1.10.tgz
        version: "1.10"
    generated: "2027-01-15T08:00:00Z"
    "#);
}

#[test]
fn what_is_listed_already_is_nothing_to_do() {
    for format in [Format::Json, Format::Yaml] {
        let index = written(None, &[entry("demo", "1.0.0")], format);
        let edit = edit(Some(index.as_bytes()), &[entry("demo", "1.0.0")], now(), format).unwrap();
        assert_eq!((edit.text, edit.added, edit.versions), (None, vec![Added::Present], 1));
    }
}

#[test]
fn another_digest_for_a_listed_version_is_a_conflict_and_changes_nothing() {
    let index = written(None, &[entry("demo", "1.0.0")], Format::Json);
    let other = entry_of(entry("demo", "1.0.0").metadata, "other content");
    let edit = edit(Some(index.as_bytes()), &[other], now(), Format::Json).unwrap();
    assert_eq!(edit.text, None);
    assert!(matches!(&edit.added[..], [Added::Conflict { listed: Some(_) }]));
}

#[test]
fn versions_that_helms_merge_takes_for_one_are_all_listed() {
    let versions = ["1.0.0+a", "1.0.0+b", "1.2", "1.2.7", "1.2.0", "v1.14.0", "1.14.0"];
    let entries: Vec<Entry> = versions.iter().map(|version| entry("demo", version)).collect();
    let index = written(None, &entries, Format::Json);
    assert_eq!(read(index.as_bytes()).unwrap().versions(), versions.len());
}

#[test]
fn an_existing_index_keeps_its_form() {
    let yaml = written(None, &[entry("demo", "1.0.0")], Format::Yaml);
    assert!(written(Some(yaml.as_bytes()), &[entry("demo", "1.1.0")], Format::Json).starts_with("apiVersion: v1\n"));
    let json = written(None, &[entry("demo", "1.0.0")], Format::Json);
    assert!(written(Some(json.as_bytes()), &[entry("demo", "1.1.0")], Format::Yaml).starts_with("{\"apiVersion\""));
}

#[test]
fn what_others_wrote_keeps_its_fields_order_and_times() {
    let others = r#"{
      "apiVersion": "v1", "annotations": {"a": "b"}, "x-tool": [1.10, {"y": 1e3}],
      "entries": {"zeta": [null, {"version": "not semver"}, {"name": "zeta", "created": "2019-01-01T00:00:00.123456789+02:00",
        "x-extra": "kept", "version": "0.1.0", "urls": ["oci://x"]}, {"name": "zeta", "version": "0.9.0"}]}
    }"#;
    insta::assert_snapshot!(shown(Some(others.as_bytes()), &[entry("alpha", "1.0.0"), entry("zeta", "0.5.0")], Format::Json), @r#"
    {"apiVersion":"v1","annotations":{"a":"b"},"x-tool":[1.10,{"y":1e3}],"generated":"2027-01-15T08:00:00Z","entries":{
    "alpha":[
    {"name":"alpha","version":"1.0.0","apiVersion":"v2","urls":["https://charts.example.io/alpha-1.0.0.tgz"],"created":"CREATED","digest":"DIGEST"}
    ],
    "zeta":[
    {"name":"zeta","version":"0.5.0","apiVersion":"v2","urls":["https://charts.example.io/zeta-0.5.0.tgz"],"created":"CREATED","digest":"DIGEST"},
    null,
    {"version":"not semver"},
    {"name":"zeta","created":"2019-01-01T00:00:00.123456789+02:00","x-extra":"kept","version":"0.1.0","urls":["oci://x"]},
    {"name":"zeta","version":"0.9.0"}
    ]
    }}
    "#);
}

#[test]
fn a_text_in_no_known_layout_is_written_anew_and_says_the_same() {
    let others = "\
# kept by hand
apiVersion: v1
entries:
    alpha:
        - &first
          name: alpha
          version: 0.1.0
          description: \"one
  - two\"
        - name: alpha  # the last
          version: 0.0.9
          urls: [\"https://example.com/alpha-0.0.9.tgz\"]
    zeta:
        - *first
generated: \"2019-01-01T00:00:00Z\"
";
    assert_eq!(scan(others.as_bytes()), None);
    let index = written(Some(others.as_bytes()), &[entry("alpha", "0.0.10")], Format::Yaml);
    let versions =
        |name: &str, versions: &[&str]| (name.to_owned(), versions.iter().map(ToString::to_string).collect());
    assert_eq!(
        listed(&index),
        vec![
            versions("alpha", &["0.1.0", "0.0.10", "0.0.9"]),
            versions("zeta", &["0.1.0"])
        ]
    );
    assert_eq!(
        seen(&index).pointer("/entries/alpha/0/description").unwrap(),
        "one - two"
    );
    assert!(scan(index.as_bytes()).is_some(), "{index}");
}

#[test]
fn a_key_that_is_too_long_for_a_line_keeps_its_mark_when_it_is_written_anew() {
    let key = "long key ".repeat(150);
    let key = key.trim();
    let others = format!(
        "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n    annotations:\n      ? {key}\n      : of the longest\n"
    );
    let index = written(Some(others.as_bytes()), &[entry("a", "1.1.0")], Format::Yaml);
    assert!(
        index.contains(&format!("      ? {key}\n      : of the longest\n")),
        "{index}"
    );
    assert_eq!(
        seen(&index)
            .pointer(&format!("/entries/a/1/annotations/{key}"))
            .unwrap(),
        "of the longest"
    );
    // And once more, because no scan knows its layout.
    let again = written(Some(index.as_bytes()), &[entry("a", "1.2.0")], Format::Yaml);
    assert_eq!(
        listed(&again),
        [("a".to_owned(), ["1.2.0", "1.1.0", "1.0.0"].map(str::to_owned).to_vec())]
    );
}

#[test]
fn an_index_that_helm_could_not_load_is_rejected_and_never_replaced() {
    let long = format!("{{\"apiVersion\":\"v1\",\"entries\":{}", "[".repeat(5000));
    for (index, code) in [
        ("", "index-empty"),
        ("<html><body>502 Bad Gateway</body></html>", "index-not-an-index"),
        ("{\"apiVersion\":\"v1\",\"entries\":{\"demo\":[", "index-unreadable"),
        (
            "apiVersion: v1\nentries:\n  demo:\n  - name: 'demo\n",
            "index-unreadable",
        ),
        ("[]", "index-not-an-index"),
        ("{}", "index-not-an-index"),
        ("entries: {}\n", "index-not-an-index"),
        ("apiVersion: v2\nentries: {}\n", "index-api-version"),
        ("apiVersion: v1\nentries: []\n", "index-not-an-index"),
        ("apiVersion: v1\nentries:\n  a: x\n", "index-not-an-index"),
        ("apiVersion: v1\nsurprise: 1\n", "index-not-an-index"),
        ("apiVersion: v1\napiVersion: v1\n", "index-unreadable"),
        (
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n    surprise: 1\n",
            "index-refused-by-helm",
        ),
        (
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.10\n",
            "index-refused-by-helm",
        ),
        (
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n    created: ''\n",
            "index-refused-by-helm",
        ),
        (
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n    created: 2017-07-06 01:33:50Z\n",
            "index-refused-by-helm",
        ),
        (
            "{\"apiVersion\":\"v1\",\"entries\":{\"a\":[{\"version\":1}]}}",
            "index-refused-by-helm",
        ),
        (
            "{\"apiVersion\":\"v1\",\"entries\":{\"a\":[],\"a\":[]}}",
            "index-chart-twice",
        ),
        (long.as_str(), "index-unreadable"),
    ] {
        let error = edit(Some(index.as_bytes()), &[entry("demo", "1.0.0")], now(), Format::Json).unwrap_err();
        assert_eq!(error.code(), code, "{index:.80}: {error}");
        assert!(error.to_string().contains("The index was not changed"), "{error}");
    }
}

#[test]
fn an_empty_list_of_entries_is_an_index() {
    for index in [
        "apiVersion: v1\nentries: {}\n",
        "apiVersion: v1\n",
        "{\"apiVersion\":\"v1\",\"entries\":null}",
    ] {
        let index = written(Some(index.as_bytes()), &[entry("demo", "1.0.0")], Format::Json);
        assert_eq!(listed(&index), vec![("demo".to_owned(), vec!["1.0.0".to_owned()])]);
    }
}

/// Texts that tempt writers to omit quotes, and make readers stumble.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        "[ -~\\n\\t]{0,30}",
        prop::sample::select(vec![
            "yes",
            "~",
            "1.10",
            "0x1f",
            "1:30",
            "a: b",
            "- x",
            "#",
            "\u{85}\u{2028}",
            "\u{feff}",
            "🦀",
            "=",
            "<<",
            "|",
            "2001-01-01",
            "1_000",
            ".inf",
            "'"
        ])
        .prop_map(str::to_owned),
    ]
}

prop_compose! {
    pub(super) fn any_entry()(
        name in "[a-c]",
        version in prop::sample::select(vec!["1.0.0", "1.0.0+b", "1.0", "v2.0.0", "2.0.0-rc.1", "10.0.0", "0.1.0-a.2", "0.1.0-a.10"]),
        description in text(),
        keywords in prop::collection::vec(text(), 0..3),
        annotations in prop::collection::btree_map(text(), text(), 0..3),
    ) -> Entry {
        entry_of(Metadata {
            name, version: version.to_owned(), description, keywords, annotations, ..Metadata::default()
        }, version)
    }
}

/// What readers see in an index, as JSON: our reader with Helm's rules, and one with others.
pub(super) fn seen(index: &str) -> Value {
    let limits = yaml::Limits::for_index(index.len());
    let ours = yaml::parse(index.as_bytes(), &limits, yaml::Duplicates::Reject)
        .unwrap()
        .value
        .to_json();
    assert_eq!(serde_yaml::from_str::<Value>(index).unwrap(), ours);
    ours
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_entries_in_any_order_give_the_same_document(entries in prop::collection::vec(any_entry(), 1..8), seed: u64) {
        // The first of two entries for one version counts. There is only one, so that the order
        // does not matter.
        let mut unique: Vec<Entry> = Vec::new();
        for entry in entries {
            if !unique.iter().any(|known| known.metadata.name == entry.metadata.name && known.metadata.version == entry.metadata.version) {
                unique.push(entry);
            }
        }
        let mut shuffled = unique.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
        for format in [Format::Json, Format::Yaml] {
            let together = written(None, &unique, format);
            let one_by_one = shuffled.iter().fold(None::<String>, |index, entry| {
                Some(written(index.as_ref().map(String::as_bytes), std::slice::from_ref(entry), format))
            }).unwrap();
            prop_assert_eq!(&together, &one_by_one);
            let again = edit(Some(together.as_bytes()), &shuffled, now(), format).unwrap();
            prop_assert_eq!(again.text, None);

            let document = seen(&together);
            for entry in &unique {
                let versions = document.pointer(&format!("/entries/{}", entry.metadata.name)).unwrap().as_array().unwrap();
                let found = versions.iter().find(|found| found["version"] == entry.metadata.version.as_str()).unwrap();
                let model: Value = serde_json::from_str(&entry.to_json(entry.created.time()).unwrap()).unwrap();
                prop_assert_eq!(found, &model);
            }
        }
        prop_assert_eq!(seen(&written(None, &unique, Format::Json)), seen(&written(None, &unique, Format::Yaml)));
    }

    #[test]
    fn a_changed_or_cut_index_is_an_error_or_loses_nothing(cut in 0usize..600, at in 0usize..600, byte: u8) {
        for format in [Format::Json, Format::Yaml] {
            let index = written(None, &[entry("a", "1.0.0"), entry("a", "2.0.0"), entry("b", "1.0.0")], format).into_bytes();
            let mut changed = index.clone();
            let at = at % changed.len();
            changed[at] = byte;
            let cut = &index[..cut % index.len()];
            for damaged in [changed.as_slice(), cut] {
                match edit(Some(damaged), &[entry("c", "1.0.0")], now(), format) {
                    Err(IndexError::Empty) => prop_assert!(damaged.is_empty()),
                    Err(_) => {}
                    // What Helm would still read from the damaged text is still there, and the new
                    // entry too.
                    Ok(edited) => {
                        let before = read(damaged).unwrap().versions();
                        let after = read(text_of(edited).as_bytes()).unwrap().versions();
                        prop_assert_eq!(after, before + 1);
                    }
                }
            }
        }
    }
}

/// Every way in which Helm's writer splits texts into lines, and versions that other tools wrote
/// with other fields.
pub(super) const AS_HELM_WRITES: &str = "\
apiVersion: v1
entries:
  alpha:
  - annotations:
      category: Database
      images: |
        - name: alpha
          image: docker.io/x/alpha:1.0

        - name: shell
      empty: \"\"
      \"yes\": 'it''s'
    apiVersion: v2
    appVersion: \"1.10\"
    created: \"2024-03-15T10:11:10.123456789Z\"
    dependencies:
    - condition: a.enabled
      enabled: true
      import-values:
      - data
      - child: x
        parent: y
      name: common
      repository: https://charts.example.io
      tags:
      - one
      version: 2.x.x
    deprecated: true
    description: Gateway scalable storage source cluster relational gateway operator
      object kubernetes - cache
    digest: 6b1f00d
    home: https://example.com/#top
    keywords:
    - cluster
    maintainers:
    - email: a@example.com
      name: 'Some body: else'
    name: alpha
    urls:
    - https://example.com/alpha-1.0.0.tgz
    version: 1.0.0
  - description: \"a long text with a tab\\t and so in quotes, which are folded \\
      over two lines\"
    name: alpha
    version: 0.9.0
  - created: 2017-07-06T01:33:50.952906435Z
    description: |2-
        indented
      text
    engine: gotpl
    name: alpha
    version: 0.8.0
  beta:
  - name: beta
    version: \"1.10\"
generated: \"2019-01-01T00:00:00Z\"
serverInfo: {}
";

#[test]
fn in_an_index_as_helm_writes_it_nothing_but_the_new_version_and_the_time_changes() {
    let new = [entry("alpha", "0.9.5"), entry("beta", "1.0.0"), entry("gamma", "1.0.0")];
    assert!(scan(AS_HELM_WRITES.as_bytes()).is_some());
    let index = written(Some(AS_HELM_WRITES.as_bytes()), &new, Format::Yaml);
    let (mut kept, mut lines) = (AS_HELM_WRITES.lines().peekable(), 0);
    for line in index.lines() {
        if kept.peek() == Some(&line) || line == "generated: \"2027-01-15T08:00:00Z\"" {
            kept.next();
        } else {
            lines += 1;
        }
    }
    // Seven lines for each version, and one for the name of a chart.
    assert_eq!((kept.next(), lines), (None, 3 * 7 + 1), "{index}");
    assert_eq!(
        listed(&index),
        [
            ("alpha", vec!["1.0.0", "0.9.5", "0.9.0", "0.8.0"]),
            ("beta", vec!["1.10", "1.0.0"]),
            ("gamma", vec!["1.0.0"])
        ]
        .map(|(name, versions)| (
            name.to_owned(),
            versions.into_iter().map(str::to_owned).collect::<Vec<_>>()
        ))
    );
}

/// The first version again, before itself, with another version and digest: the second time, the
/// scan can skip what it has checked.
fn with_a_version_that_is_much_alike(index: &str) -> String {
    let (head, versions) = index.split_once("  alpha:\n").unwrap();
    let first = versions.split_inclusive("version: 1.0.0\n").next().unwrap();
    let newer = first
        .replace("version: 1.0.0\n", "version: 1.0.1\n")
        .replace("6b1f00d", "5eed");
    format!("{head}  alpha:\n{newer}{versions}")
}

/// The result of the slow path for the same edit.
fn written_slowly(index: &[u8], entries: &[Entry]) -> Result<Edit, IndexError> {
    Index::parse(index)?.edit(entries, now())
}

/// The parser must accept any text that the scan is sure of, and both must read the same from it.
pub(super) fn fast_is_slow(text: &[u8]) {
    let Some(outline) = scan(text) else { return };
    let new = [entry("alpha", "0.9.5"), entry("beta", "2.0.0"), entry("new", "1.0.0")];
    let shown = String::from_utf8_lossy(text);
    let slow = written_slowly(text, &new).unwrap_or_else(|error| panic!("{error}\n{shown}"));
    let fast = read(text).unwrap().edit(&new, now()).unwrap();
    let added = slow.added.iter().filter(|added| **added == Added::New).count();
    assert_eq!(outline.versions + added, slow.versions, "{shown}");
    assert_eq!((&fast.added, fast.versions), (&slow.added, slow.versions), "{shown}");
    let (fast, slow) = (text_of(fast), text_of(slow));
    assert_eq!(meaning(&fast), meaning(&slow), "{shown}");
    // As in Helm: valid JSON is not read as YAML, which forbids duplicate names even in fields that
    // Helm ignores.
    let value = |index: &str| serde_json::from_str(index).unwrap_or_else(|_| seen_by_us(index));
    let generated = |index: &str| value(index)["generated"].clone();
    assert_eq!(generated(&fast), generated(&slow), "{shown}");
}

/// What Helm reads from an index, without the time: the top-level fields, and the charts with their
/// versions.
fn meaning(index: &str) -> (BTreeMap<String, Value>, Vec<Value>) {
    let (document, _) = Document::read(index.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{index}"));
    let value = |text: &str| serde_json::from_str(text).unwrap();
    let top = document.top.iter().map(|(name, text)| (name.clone(), value(text)));
    let charts = document.charts.iter().map(|chart| {
        let versions = chart.versions.iter().map(|text| value(text));
        serde_json::json!({&chart.name: versions.collect::<Vec<_>>()})
    });
    (top.collect(), charts.collect())
}

pub(super) fn seen_by_us(index: &str) -> Value {
    let limits = yaml::Limits::for_index(index.len());
    let parsed = yaml::parse(index.as_bytes(), &limits, yaml::Duplicates::Reject);
    parsed
        .unwrap_or_else(|error| panic!("{error}\n{index}"))
        .value
        .to_json()
}

/// Bytes that mean something to a reader.
pub(super) fn telling_byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        prop::sample::select(b" \n\n  :-#'\"|\\>&*!%@`{}[],~yn01.+\t\r?".to_vec()),
        any::<u8>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_scan_takes_the_parser_takes_and_sees_the_same(
        json: bool,
        indented: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3u8, telling_byte()), 0..4),
    ) {
        let text = with_a_version_that_is_much_alike(AS_HELM_WRITES);
        let mut text = if json {
            let (document, _) = Document::read(text.as_bytes()).unwrap();
            let (text, _) = Format::Json.write(&document).unwrap();
            let text = String::from_utf8(text).unwrap().replace("\"generated\":\"\"", "\"generated\":\"2019-01-01T00:00:00Z\"");
            if indented {
                serde_json::to_vec_pretty(&serde_json::from_str::<Value>(&text).unwrap()).unwrap()
            } else {
                text.into_bytes()
            }
        } else {
            text.into_bytes()
        };
        if changes.is_empty() {
            prop_assert!(scan(&text).is_some());
        }
        for (at, kind, byte) in changes {
            let at = at.index(text.len());
            match kind {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => drop(text.remove(at)),
            }
        }
        fast_is_slow(&text);
    }
}
