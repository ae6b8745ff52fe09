//! Layouts and field names of other writers: an edit keeps every byte of theirs.

use proptest::prelude::*;

use super::scan::scan;
use super::tests::{entry, fast_is_slow, listed, now, read, seen_by_us, telling_byte, written};
use super::{Added, Format, Index, ListedDigest};
use crate::digest::Digest;

/// The same index, as the libraries write it that programs make indexes with
/// (`tests/corpus/README.md`).
const LAYOUTS: [(&str, &str); 14] = [
    (
        "go-yaml-v2",
        include_str!("../../../../tests/corpus/index-layouts/go-yaml-v2.yaml"),
    ),
    (
        "go-yaml-v3",
        include_str!("../../../../tests/corpus/index-layouts/go-yaml-v3.yaml"),
    ),
    (
        "go-yaml-v3-2",
        include_str!("../../../../tests/corpus/index-layouts/go-yaml-v3-2.yaml"),
    ),
    (
        "go-yaml-v3-compact",
        include_str!("../../../../tests/corpus/index-layouts/go-yaml-v3-compact.yaml"),
    ),
    ("sigs", include_str!("../../../../tests/corpus/index-layouts/sigs.yaml")),
    (
        "js-yaml-4",
        include_str!("../../../../tests/corpus/index-layouts/js-yaml-4.yaml"),
    ),
    (
        "js-yaml-5",
        include_str!("../../../../tests/corpus/index-layouts/js-yaml-5.yaml"),
    ),
    (
        "js-yaml-noindent",
        include_str!("../../../../tests/corpus/index-layouts/js-yaml-noindent.yaml"),
    ),
    (
        "pyyaml-sorted",
        include_str!("../../../../tests/corpus/index-layouts/pyyaml-sorted.yaml"),
    ),
    (
        "pyyaml-unsorted",
        include_str!("../../../../tests/corpus/index-layouts/pyyaml-unsorted.yaml"),
    ),
    (
        "psych",
        include_str!("../../../../tests/corpus/index-layouts/psych.yaml"),
    ),
    (
        "helm-json",
        include_str!("../../../../tests/corpus/index-layouts/helm-json.json"),
    ),
    (
        "python-json",
        include_str!("../../../../tests/corpus/index-layouts/python-json.json"),
    ),
    (
        "python-json-4",
        include_str!("../../../../tests/corpus/index-layouts/python-json-4.json"),
    ),
];

/// Whether all lines of one text except `generated` are in another one, in their order.
#[track_caller]
fn assert_stands(before: &str, after: &str) {
    let mut lines = after.lines();
    let is_time = |line: &str| {
        ["generated:", "\"generated\":"]
            .iter()
            .any(|name| line.trim_start().starts_with(name))
    };
    for line in before.lines().filter(|line| !is_time(line)) {
        assert!(lines.any(|other| other == line), "{line:?} does not stand in\n{after}");
    }
}

#[test]
fn in_the_layouts_of_others_nothing_but_the_new_versions_and_the_time_changes() {
    for (name, text) in LAYOUTS {
        assert!(scan(text.as_bytes()).is_some(), "{name} is not known");
        let new = [entry("alpha", "0.9.5"), entry("beta", "0.1.0"), entry("gamma", "1.0.0")];
        let after = written(Some(text.as_bytes()), &new, Format::Yaml);
        assert_stands(text, &after);
        assert!(
            scan(after.as_bytes()).is_some(),
            "{name}: its own layout is kept\n{after}"
        );
        assert_eq!(
            listed(&after),
            [
                ("alpha", vec!["1.0.0", "0.9.5", "0.9.0"]),
                ("beta", vec!["1.10", "0.1.0"]),
                ("gamma", vec!["1.0.0"])
            ]
            .map(|(chart, versions)| (
                chart.to_owned(),
                versions.into_iter().map(str::to_owned).collect::<Vec<_>>()
            )),
            "{name}"
        );
        fast_is_slow(text.as_bytes());
        fast_is_slow(after.as_bytes());
        let alpha = read(text.as_bytes()).unwrap().digest_of("alpha", "1.0.0");
        assert_eq!(alpha, ListedDigest::Written("6b1f00d".to_owned()), "{name}");
        let versions: Vec<_> = read(text.as_bytes()).unwrap().listed_versions().collect();
        assert_eq!(
            versions[2].url.as_deref(),
            Some("https://example.com/beta-1.10.tgz"),
            "{name}"
        );
        // Removed again, with a note added: the layout may begin with a mark.
        let places: Vec<_> = read(after.as_bytes())
            .unwrap()
            .listed_versions()
            .filter(|listed| ["0.9.5", "0.1.0"].contains(&listed.version.as_str()) || listed.chart == "gamma")
            .map(|listed| listed.place)
            .collect();
        let note = [("note".to_owned(), "1".to_owned())];
        let removal = read(after.as_bytes()).unwrap().remove(&places, &note, now()).unwrap();
        let removed = String::from_utf8(removal.text.unwrap().to_bytes().into()).unwrap();
        assert_stands(text, &removed);
        assert_eq!(seen_by_us(&removed)["annotations"]["note"], "1", "{name}");
    }
}

/// What go-yaml writes without quotes, what means null, and numbers that Helm accepts as text.
const SCALARS: &str = "\
apiVersion: '1.0'
entries:
  alpha:
  - annotations:
      nothing:
      range: ~1.2.3
    appVersion: ~1
    checksum: 12
    dependencies:
    - name: a
      repository: \"\"
      version: < 2.0
    - name: b
      repository: \"\"
      version: =1.0.0
    description: --flag and more
    digest:
    engine: true
    home: null
    keywords:
    - <<
    - ~x
    - --y
    kubeVersion: '>=1.20'
    name: alpha
    sources: [\"https://example.com\", 'two']
    tillerVersion: 2.0
    urls:
    - 7
    version: 1.0.0
  - description: >-
      folded
      text
    digest: ~
    name: alpha
    version: '0.9.0'
";

#[test]
fn scalars_that_helm_takes_stay_what_they_are() {
    assert!(scan(SCALARS.as_bytes()).is_some());
    let after = written(Some(SCALARS.as_bytes()), &[entry("alpha", "0.9.5")], Format::Yaml);
    assert_stands(SCALARS, &after);
    assert!(after.ends_with("generated: \"2027-01-15T08:00:00Z\"\n"), "{after}");
    fast_is_slow(SCALARS.as_bytes());
    let index = read(SCALARS.as_bytes()).unwrap();
    assert_eq!(index.digest_of("alpha", "1.0.0"), ListedDigest::Absent);
    assert_eq!(index.digest_of("alpha", "0.9.0"), ListedDigest::Absent);
    let urls: Vec<_> = index.listed_versions().map(|listed| listed.url).collect();
    assert_eq!(urls, [Some("7".to_owned()), None]);
}

#[test]
fn a_key_that_merges_is_not_text() {
    let text = "apiVersion: v1\nentries:\n  a:\n  - annotations:\n      <<: text\n    name: a\n    version: 1.0.0\n";
    assert_eq!(scan(text.as_bytes()), None);
}

#[test]
fn an_index_without_a_time_gets_one_and_keeps_its_bytes() {
    for (text, after) in [
        (
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 2.0.0\n",
            "  - name: a\n    version: 2.0.0\n",
        ),
        (
            "{\"apiVersion\":\"v1\",\"entries\":{\n\"a\":[\n{\"name\":\"a\",\"version\":\"2.0.0\"}\n]\n}}\n",
            "{\"generated\":\"2027-01-15T08:00:00Z\",\"apiVersion\":\"v1\",",
        ),
    ] {
        assert!(scan(text.as_bytes()).is_some(), "{text}");
        let index = written(Some(text.as_bytes()), &[entry("a", "1.0.0")], Format::Json);
        assert!(index.contains(after), "{index}");
        assert_eq!(seen_by_us(&index)["generated"], "2027-01-15T08:00:00Z", "{index}");
        fast_is_slow(text.as_bytes());
    }
}

/// The entry with names in another case, in both forms, as charts.openshift.io has it.
const OTHER_CASES: [&str; 2] = [
    "apiVersion: v1\nentries:\n  alpha:\n  - Digest: c0de\n    Maintainers:\n    - Name: m\n    Urls:\n    - https://example.com/a.tgz\n    \
     VERSION: 1.0.0\n    apiversion: v2\n    name: alpha\ngenerated: \"2019-01-01T00:00:00Z\"\n",
    "{\"apiversion\":\"v1\",\"generated\":\"2019-01-01T00:00:00Z\",\"entries\":{\n\"alpha\":[\n{\"Digest\":\"c0de\",\
     \"Maintainers\":[{\"Name\":\"m\"}],\"Urls\":[\"https://example.com/a.tgz\"],\"VERSION\":\"1.0.0\",\"apiversion\":\"v2\",\"name\":\"alpha\"}\n]\n}}\n",
];

#[test]
fn names_of_fields_are_known_in_any_case() {
    for text in OTHER_CASES {
        assert!(scan(text.as_bytes()).is_some(), "{text}");
        for index in [read(text.as_bytes()).unwrap(), Index::parse(text.as_bytes()).unwrap()] {
            assert_eq!(
                index.digest_of("alpha", "1.0.0"),
                ListedDigest::Written("c0de".to_owned())
            );
            let listed: Vec<_> = index.listed_versions().collect();
            assert_eq!(listed.len(), 1);
            assert_eq!(
                (listed[0].name.as_deref(), listed[0].version.as_str()),
                (Some("alpha"), "1.0.0")
            );
            assert_eq!(listed[0].url.as_deref(), Some("https://example.com/a.tgz"));
            // It is listed once, and stays listed once.
            let again = index.edit(&[entry("alpha", "1.0.0")], now()).unwrap();
            let listed = Some("c0de".to_owned());
            assert_eq!((again.added, again.text), (vec![Added::Conflict { listed }], None));
        }
        let after = written(Some(text.as_bytes()), &[entry("alpha", "0.1.0")], Format::Json);
        assert!(after.contains("Digest") && after.contains("VERSION"), "{after}");
        fast_is_slow(text.as_bytes());
    }
}

/// The results of Helm 3.22 and 4.3 for each.
#[test]
fn an_index_is_loaded_where_helm_loads_it() {
    let of = |entry: &str| format!("{{\"apiVersion\":\"v1\",\"entries\":{{\"a\":[{{\"name\":\"a\",{entry}}}]}}}}");
    for (text, loads) in [
        (of("\"version\":\"1.0.0\",\"Urls\":\"x\""), false),
        (of("\"version\":\"1.0.0\",\"Deprecated\":\"yes\""), false),
        (of("\"version\":\"1.0.0\",\"DIGEST\":1"), false),
        (of("\"version\":\"1.0.0\",\"Dependencies\":[{\"Tags\":\"x\"}]"), false),
        (of("\"version\":\"1.0.0\",\"Unknown\":[{\"Tags\":\"x\"}]"), true),
        (of("\"version\":\"1.0.0\",\"version\":\"2.0.0\",\"VERSION\":null"), true),
        (of("\"version\":1,\"Version\":\"2.0.0\""), false),
        (of("\"version\":\"1.0.0\",\"home\":\"\\ud83d\""), true),
        ("{\"apiVersion\":\"v1\",\"Entries\":[]}".to_owned(), false),
        (
            "{\"APIVERSION\":\"v1\",\"entries\":{},\"Generated\":\"no time\"}".to_owned(),
            false,
        ),
        ("{\"apiVersion\":\"v1\",\"apiVersion\":null}".to_owned(), true),
        ("{\"apiVersion\":\"v1\",\"ApiVersion\":\"\"}".to_owned(), false),
        ("apiVersion: 1.0\nentries: {}\n".to_owned(), true),
        ("apiVersion: ''\nentries: {}\n".to_owned(), false),
        (
            "apiversion: v1\nEntries: {a: []}\nentries: {b: []}\nGenerated: 2019-01-01T00:00:00Z\n".to_owned(),
            true,
        ),
        (
            "apiVersion: v1\nannotations: {a: 1, b: yes}\npublicKeys: [1]\n".to_owned(),
            true,
        ),
        (
            "apiVersion: v1\nentries: {a: [{name: a, annotations: {name: 1.10, Version: true}}]}\n".to_owned(),
            true,
        ),
        (
            "apiVersion: v1\nentries: {a: [{name: a, annotations: {other: 1.10}}]}\n".to_owned(),
            false,
        ),
        (
            "apiVersion: v1\nentries: {a: [{name: a, Name: b, version: 1.0.0}]}\n".to_owned(),
            true,
        ),
        (
            "apiVersion: v1\nentries: {a: [{name: a, name: b, version: 1.0.0}]}\n".to_owned(),
            false,
        ),
        (
            "apiVersion: v1\nentries: {a: [{name: a, Version: 1.10}]}\n".to_owned(),
            false,
        ),
        (
            "apiVersion: v1\nentries: {a: [{maintainers: [{Name: x, Twitter: y}]}]}\n".to_owned(),
            false,
        ),
    ] {
        let read = read(text.as_bytes());
        assert_eq!(read.is_ok(), loads, "{text}: {:?}", read.err());
    }
}

#[test]
fn of_fields_that_are_one_for_helm_the_last_one_counts_in_the_order_of_the_text_or_of_the_keys() {
    let digest = Digest::of(b"").to_string();
    for (text, version) in [
        (
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 1.0.0\n    Version: 2.0.0\n",
            "1.0.0",
        ),
        (
            "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: null\n    VERSION: 2.0.0\n",
            "2.0.0",
        ),
        (
            "{\"apiVersion\":\"v1\",\"entries\":{\"a\":[{\"name\":\"a\",\"version\":\"1.0.0\",\"Version\":\"2.0.0\"}]}}",
            "2.0.0",
        ),
        (
            "{\"apiVersion\":\"v1\",\"entries\":{\"a\":[{\"name\":\"a\",\"version\":\"1.0.0\",\"ver\\u017fion\":\"2.0.0\"}]}}",
            "2.0.0",
        ),
    ] {
        let index = read(text.as_bytes()).unwrap();
        let listed: Vec<_> = index.listed_versions().map(|listed| listed.version).collect();
        assert_eq!(listed, [version], "{text}");
        assert_eq!(index.digest_of("a", version), ListedDigest::Absent, "{text} {digest}");
        let after = written(Some(text.as_bytes()), &[entry("a", "3.0.0")], Format::Json);
        assert_eq!(read(after.as_bytes()).unwrap().versions(), 2, "{after}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_scan_takes_in_a_layout_of_others_the_parser_takes_and_sees_the_same(
        (_, text) in prop::sample::select(LAYOUTS.iter().copied().chain([("scalars", SCALARS), ("cases", OTHER_CASES[0]), ("cases", OTHER_CASES[1])]).collect::<Vec<_>>()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, telling_byte()), 1..4),
    ) {
        let mut text = text.as_bytes().to_vec();
        for (at, kind, byte) in changes {
            let at = at.index(text.len());
            match kind {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                2 => drop(text.remove(at)),
                // A line again, or gone.
                _ => {
                    let start = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                    let end = text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |length| at + length + 1);
                    let line = text[start..end].to_vec();
                    if byte.is_ascii_punctuation() {
                        text.drain(start..end);
                    } else {
                        text.splice(start..start, line);
                    }
                }
            }
            if text.is_empty() {
                return Ok(());
            }
        }
        fast_is_slow(&text);
    }
}
