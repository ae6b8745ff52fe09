//! Removal, and salvage of a damaged index: exactly what was meant is removed, and nothing else.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::scan::scan;
use super::tests::{AS_HELM_WRITES, any_entry, entry, listed, now, read, seen, seen_by_us, text_of, written};
use super::{Entry, EntryPosition, Format, Index, IndexError, Removal};

/// The positions of these versions.
fn places(index: &Index, wanted: &[(&str, &str)]) -> Vec<EntryPosition> {
    let versions = index.listed_versions();
    let wanted = |chart: &str, version: &str| wanted.contains(&(chart, version));
    versions
        .filter(|listed| wanted(&listed.chart, &listed.version))
        .map(|listed| listed.place)
        .collect()
}

fn removal(index: &[u8], versions: &[(&str, &str)], notes: &[(&str, &str)]) -> Result<Removal, IndexError> {
    let index = read(index)?;
    let notes: Vec<(String, String)> = notes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    index.remove(&places(&index, versions), &notes, now())
}

#[track_caller]
fn without(index: &str, versions: &[(&str, &str)]) -> String {
    noted(index, versions, &[])
}

#[track_caller]
fn noted(index: &str, versions: &[(&str, &str)], notes: &[(&str, &str)]) -> String {
    let removal = removal(index.as_bytes(), versions, notes).unwrap();
    let text = String::from_utf8(removal.text.expect("must change").to_bytes().into()).unwrap();
    let after = read(text.as_bytes()).unwrap();
    assert_eq!(after.versions(), removal.versions, "{text}");
    text
}

/// The text with only the time changed.
fn at_that_time(index: &str) -> String {
    index.replace("2019-01-01T00:00:00Z", "2027-01-15T08:00:00Z")
}

#[test]
fn the_last_version_takes_its_chart_along_and_the_last_chart_leaves_an_empty_index() {
    for format in [Format::Json, Format::Yaml] {
        let two = written(None, &[entry("a", "1.0.0"), entry("b", "1.0.0")], format);
        let one = written(None, &[entry("a", "1.0.0")], format);
        assert_eq!(without(&two, &[("b", "1.0.0")]), one);
        assert_eq!(
            without(&two, &[("a", "1.0.0")]),
            written(None, &[entry("b", "1.0.0")], format)
        );
        let none = text_of(Index::new(format).edit(&[], now()).unwrap());
        assert_eq!(without(&one, &[("a", "1.0.0")]), none);
        assert_eq!(without(&two, &[("a", "1.0.0"), ("b", "1.0.0")]), none);
        assert!(scan(none.as_bytes()).is_some(), "{none}");
    }
}

#[test]
fn every_choice_of_versions_can_be_removed_at_once() {
    let versions = [
        ("a", "1.0.0"),
        ("a", "2.0.0"),
        ("a", "3.0.0"),
        ("b", "1.0.0"),
        ("c", "1.0.0"),
        ("c", "2.0.0"),
    ];
    let entries = |wanted: &dyn Fn(usize) -> bool| -> Vec<Entry> {
        let chosen = versions.iter().enumerate().filter(|(number, _)| wanted(*number));
        chosen.map(|(_, (name, version))| entry(name, version)).collect()
    };
    for format in [Format::Json, Format::Yaml] {
        let all = written(None, &entries(&|_| true), format);
        for choice in 1..1_usize << versions.len() {
            let is_chosen = |number: usize| choice & (1 << number) != 0;
            let chosen: Vec<(&str, &str)> = (0..versions.len())
                .filter(|n| is_chosen(*n))
                .map(|n| versions[n])
                .collect();
            let kept = text_of(Index::new(format).edit(&entries(&|n| !is_chosen(n)), now()).unwrap());
            assert_eq!(without(&all, &chosen), kept, "{chosen:?}");
        }
    }
}

#[test]
fn versions_that_others_wrote_are_cut_at_their_lines() {
    let index = without(AS_HELM_WRITES, &[("alpha", "0.9.0")]);
    let start = AS_HELM_WRITES.find("  - description: \"a long text").unwrap();
    let end = AS_HELM_WRITES.find("  - created: 2017").unwrap();
    let expected = [&AS_HELM_WRITES[..start], &AS_HELM_WRITES[end..]].concat();
    assert_eq!(index, at_that_time(&expected));
}

#[test]
fn a_version_that_is_listed_twice_can_go_once() {
    let twice = AS_HELM_WRITES.replace("version: 0.8.0", "version: 0.9.0");
    let index = read(twice.as_bytes()).unwrap();
    let second = places(&index, &[("alpha", "0.9.0")])[1];
    let removal = index.remove(&[second], &[], now()).unwrap();
    let text = removal.text.unwrap().to_bytes();
    let text = std::str::from_utf8(&text).unwrap();
    assert!(text.contains("a long text") && !text.contains("gotpl"), "{text}");
}

#[test]
fn nothing_to_remove_is_nothing_to_do() {
    for index in [AS_HELM_WRITES, "apiVersion: v1\nentries: {}\n"] {
        assert_eq!(
            removal(index.as_bytes(), &[("alpha", "7.0.0")], &[]).unwrap().text,
            None
        );
    }
}

#[test]
fn a_note_is_left_in_the_same_write_and_the_next_one_beside_it() {
    for format in [Format::Json, Format::Yaml] {
        let index = written(None, &[entry("a", "1.0.0"), entry("a", "2.0.0")], format);
        let once = noted(&index, &[("a", "1.0.0")], &[("x.io/a", "first: \"one\" # \\")]);
        let twice = noted(&once, &[("a", "2.0.0")], &[("x.io/b", "second")]);
        assert!(scan(twice.as_bytes()).is_some(), "{twice}");
        let expected = serde_json::json!({"x.io/a": "first: \"one\" # \\", "x.io/b": "second"});
        assert_eq!(seen(&twice)["annotations"], expected);
        let annotations = read(twice.as_bytes()).unwrap().annotations();
        assert_eq!(serde_json::json!(annotations), expected);
        // A note that exists already is no change, and a version that is added later keeps the
        // notes.
        let notes = [("x.io/a", "first: \"one\" # \\")];
        assert_eq!(removal(twice.as_bytes(), &[], &notes).unwrap().text, None);
        let changed = noted(&twice, &[], &[("x.io/a", "changed")]);
        let later = written(Some(changed.as_bytes()), &[entry("a", "3.0.0")], format);
        assert_eq!(
            seen(&later)["annotations"],
            serde_json::json!({"x.io/a": "changed", "x.io/b": "second"})
        );
    }
}

#[test]
fn a_note_goes_beside_the_annotations_of_others_wherever_they_stand() {
    let entries = "entries:\n  a:\n  - name: a\n    version: 1.0.0\n";
    for (head, tail) in [
        ("annotations:\n  owner: x\napiVersion: v1\n", ""),
        ("apiVersion: v1\nannotations:\n    owner: x\n", ""),
        ("annotations: {\"owner\": x}\napiVersion: v1\n", ""),
        ("\"annotations\":\n  owner: x\napiVersion: v1\n", ""),
        ("annotations:\n# whose\n  owner: x\napiVersion: v1\n", ""),
        ("apiVersion: v1\n", "annotations:\n  owner: x\n"),
        (
            "apiVersion: v1\n",
            "serverInfo:\n  annotations: 1\nannotations:\n  owner: x\n",
        ),
    ] {
        let index = format!("{head}{entries}generated: \"2019-01-01T00:00:00Z\"\n{tail}");
        let index = noted(&index, &[], &[("note", "1")]);
        let annotations = &seen_by_us(&index)["annotations"];
        assert_eq!(annotations, &serde_json::json!({"note": "1", "owner": "x"}), "{index}");
        assert_eq!(listed(&index).len(), 1);
    }
    let json = r#"{"entries":{"a":[{"name":"a","version":"1.0.0"}]}, "annotations": {"owner": "x", "none": null}, "apiVersion":"v1"}"#;
    let index = noted(json, &[], &[("note", "1")]);
    assert_eq!(
        seen(&index)["annotations"],
        serde_json::json!({"none": null, "note": "1", "owner": "x"})
    );
}

#[test]
fn a_new_index_can_start_with_annotations() {
    let annotations = [("x.io/a".to_owned(), "1".to_owned())].into();
    for format in [Format::Json, Format::Yaml] {
        let index = Index::with_annotations(format, &annotations).unwrap();
        let text = text_of(index.edit(&[entry("a", "1.0.0")], now()).unwrap());
        let index = read(text.as_bytes()).unwrap();
        assert!(scan(text.as_bytes()).is_some(), "{text}");
        assert_eq!((index.annotations(), index.versions()), (annotations.clone(), 1));
    }
}

#[test]
fn the_listing_tells_what_an_entry_says_in_both_forms() {
    let (document, _) = super::document::Document::read(AS_HELM_WRITES.as_bytes()).unwrap();
    let (json, _) = Format::Json.write(&document).unwrap();
    let json = String::from_utf8(json)
        .unwrap()
        .replace("\"generated\":\"\"", "\"generated\":null");
    let of = |text: &str| read(text.as_bytes()).unwrap().listed_versions().collect::<Vec<_>>();
    let versions = of(AS_HELM_WRITES);
    assert_eq!(versions, of(&json));
    let first = &versions[0];
    assert_eq!(
        (first.chart.as_str(), first.version.as_str(), first.digest.as_deref()),
        ("alpha", "1.0.0", Some("6b1f00d"))
    );
    assert_eq!(first.url.as_deref(), Some("https://example.com/alpha-1.0.0.tgz"));
    assert_eq!(first.created.as_deref(), Some("2024-03-15T10:11:10.123456789Z"));
    assert_eq!(versions.len(), 4);
}

/// The versions that are left of a damaged text.
#[track_caller]
fn left(text: &[u8]) -> Vec<(String, Vec<String>)> {
    let index = Index::salvage(text, Format::Json, BTreeMap::new()).unwrap().index;
    let text = text_of(index.edit(&[], now()).unwrap());
    assert!(read(text.as_bytes()).is_ok(), "{text}");
    listed(&text)
}

#[test]
fn of_a_damaged_index_every_whole_entry_is_left() {
    let entries = [entry("a", "1.0.0"), entry("a", "2.0.0"), entry("b", "1.0.0")];
    for format in [Format::Json, Format::Yaml] {
        let whole = noted(&written(None, &entries, format), &[], &[("note", "1")]);
        assert_eq!(left(whole.as_bytes()), listed(&whole));
        let other = whole
            .replace("apiVersion\":\"v1\"", "apiVersion\":\"v9\"")
            .replace("apiVersion: v1", "apiVersion: v9");
        assert_eq!(left(other.as_bytes()), listed(&whole));
        // In the time, which is quoted in both forms: YAML that is cut elsewhere may still be valid
        // YAML.
        let time = entries[2].created.time().to_string();
        let cut = &whole[..whole.rfind(&time).unwrap() + 7];
        assert!(read(cut.as_bytes()).is_err());
        assert_eq!(left(cut.as_bytes()), listed(&whole)[..1]);
        let more = [("note", "2"), ("more", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let annotations = Index::salvage(cut.as_bytes(), format, more.into())
            .unwrap()
            .index
            .annotations();
        assert_eq!((annotations["note"].as_str(), annotations["more"].as_str()), ("1", "3"));
        let rejected = whole
            .replace("\"version\":\"2.0.0\"", "\"version\":2")
            .replace("version: 2.0.0", "version: 2");
        assert!(read(rejected.as_bytes()).is_err());
        assert_eq!(left(rejected.as_bytes())[0].1, ["1.0.0"]);
    }
    for nothing in [
        "",
        "<html>\n<body>502 Bad Gateway</body>\n</html>\n",
        "[]",
        "\0\0\0",
        "entries:\n- x\n",
        "{\"entries\":{\"a\":7}}",
    ] {
        assert_eq!(left(nothing.as_bytes()), [], "{nothing}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_added_and_is_removed_leaves_the_text_that_was_before(entries in prop::collection::vec(any_entry(), 1..8), added in any_entry()) {
        for format in [Format::Json, Format::Yaml] {
            let before = written(None, &entries, format);
            let edit = read(before.as_bytes()).unwrap().edit(std::slice::from_ref(&added), now()).unwrap();
            // Already listed: nothing was added.
            let Some(text) = edit.text else { continue };
            let after = String::from_utf8(text.to_bytes().into()).unwrap();
            let name = (added.metadata.name.as_str(), added.metadata.version.as_str());
            prop_assert_eq!(&without(&after, &[name]), &before);
        }
    }

    #[test]
    fn a_removal_from_any_text_takes_that_version_and_no_other(
        yaml: bool,
        slowly: bool,
        version in prop::sample::select(vec![("alpha", "1.0.0"), ("alpha", "0.9.0"), ("alpha", "0.8.0"), ("beta", "1.10")]),
        value in "\\PC{0,12}",
    ) {
        let mut text = if yaml { AS_HELM_WRITES.to_owned() } else { seen_by_us(AS_HELM_WRITES).to_string() };
        if slowly && yaml {
            text.insert_str(0, "# a comment\n\n");
        }
        let index = noted(&text, &[version], &[("note", &value)]);
        let mut expected = seen_by_us(&text);
        let versions = expected["entries"][version.0].as_array_mut().unwrap();
        versions.retain(|listed| listed["version"] != version.1);
        if versions.is_empty() {
            expected["entries"].as_object_mut().unwrap().remove(version.0);
        }
        expected["annotations"] = serde_json::json!({"note": value});
        expected["generated"] = "2027-01-15T08:00:00Z".into();
        prop_assert_eq!(seen_by_us(&index), expected);
    }

    #[test]
    fn what_is_left_of_any_damaged_text_is_an_index_that_lists_nothing_new(
        yaml: bool,
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let format = if yaml { Format::Yaml } else { Format::Json };
        let whole = written(None, &[entry("a", "1.0.0"), entry("a", "2.0.0"), entry("b", "1.0.0")], format);
        let mut text = whole.clone().into_bytes();
        text.truncate(cut.index(text.len()) + 1);
        if changes.is_empty() && read(&text).is_err() {
            let whole = read(whole.as_bytes()).unwrap();
            let known: Vec<_> = whole.listed_versions().map(|listed| (listed.chart, listed.version, listed.digest)).collect();
            for listed in Index::salvage(&text, format, BTreeMap::new()).unwrap().index.listed_versions() {
                prop_assert!(known.contains(&(listed.chart, listed.version, listed.digest)));
            }
        }
        for (at, byte) in changes {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let left = Index::salvage(&text, format, BTreeMap::new()).unwrap().index;
        let text = left.edit(&[], now()).unwrap().text.unwrap().to_bytes();
        prop_assert!(Index::read(Bytes::from(text.to_vec())).is_ok());
    }
}
