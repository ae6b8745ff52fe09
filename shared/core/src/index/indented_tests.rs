//! JSON as `helm repo index --json` writes it: an insertion or removal leaves a text that the same
//! writer would write, and everything else unchanged.

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::json::{Fields, push_string};
use super::scan::scan;
use super::tests::{any_entry, entry, fast_is_slow, listed, now, read, seen, text_of, written};
use super::{Entry, EntryPosition, Format, Index, ListedDigest};
use crate::yaml::json_text;

const HELM: &str = include_str!("../../../../tests/corpus/index-layouts/helm-json.json");

/// JSON text in this layout, with the order of its fields and the text of its values unchanged.
fn indented(text: &str, width: usize) -> String {
    let mut pretty = String::new();
    write_indented(&mut pretty, serde_json::from_str(text).unwrap(), width, 0);
    pretty
}

fn write_indented(text: &mut String, value: &RawValue, width: usize, depth: usize) {
    let elements: Vec<(Option<String>, &RawValue)> = match value.get().as_bytes()[0] {
        b'{' => {
            let fields: Fields<'_> = serde_json::from_str(value.get()).unwrap();
            fields.0.into_iter().map(|(name, value)| (Some(name), value)).collect()
        }
        b'[' => {
            let elements: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap();
            elements.into_iter().map(|value| (None, value)).collect()
        }
        _ => return text.push_str(value.get()),
    };
    let brackets = if value.get().starts_with('{') { "{}" } else { "[]" };
    if elements.is_empty() {
        return text.push_str(brackets);
    }
    text.push_str(&brackets[..1]);
    for (number, (name, value)) in elements.into_iter().enumerate() {
        text.push_str(if number > 0 { ",\n" } else { "\n" });
        text.push_str(&" ".repeat(width * (depth + 1)));
        if let Some(name) = name {
            push_string(text, &name);
            text.push_str(": ");
        }
        write_indented(text, value, width, depth + 1);
    }
    text.push('\n');
    text.push_str(&" ".repeat(width * depth));
    text.push_str(&brackets[1..]);
}

fn removed(index: &str, places: &[EntryPosition], notes: &[(String, String)]) -> String {
    let removal = read(index.as_bytes()).unwrap().remove(places, notes, now()).unwrap();
    let text = removal.text.expect("must change").to_bytes();
    let text = String::from_utf8(text.into()).unwrap();
    assert_eq!(read(text.as_bytes()).unwrap().versions(), removal.versions, "{text}");
    text
}

fn notes(notes: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    notes.iter().map(owned).collect()
}

#[test]
fn the_writer_of_these_tests_writes_as_serde_json_and_helm_do() {
    let value: serde_json::Value = serde_json::from_str(HELM).unwrap();
    let compact = json_text::to_string(&value).unwrap();
    assert_eq!(indented(&compact, 2), serde_json::to_string_pretty(&value).unwrap());
    assert_eq!(indented(HELM, 2), HELM);
    assert_eq!(json_text::indented(&compact, 2, 0), indented(&compact, 2));
}

#[test]
fn any_width_is_known_with_and_without_a_line_feed_at_the_end() {
    for width in 1..=8 {
        for end in ["", "\n"] {
            let text = indented(HELM, width) + end;
            let outline = scan(text.as_bytes()).unwrap();
            assert_eq!((outline.versions, outline.charts.len()), (3, 2), "{text}");
            fast_is_slow(text.as_bytes());
            let after = written(Some(text.as_bytes()), &[entry("alpha", "0.9.5")], Format::Yaml);
            assert_eq!(after, indented(&after, width) + end);
        }
    }
    assert!(scan(indented(HELM, 9).as_bytes()).is_none());
    assert!(scan(indented(HELM, 0).as_bytes()).is_none());
}

#[test]
fn every_version_is_found_in_its_lines() {
    let entries: Vec<Entry> = ["1.0.0", "11.0.0", "1.0.0-1", "1.0.0+1", "0.1.0", "11.0.0+a"]
        .iter()
        .flat_map(|version| [entry("a", version), entry("b", version)])
        .collect();
    let lines = written(None, &entries, Format::Json);
    let text = indented(&lines, 2);
    let (lines, index) = (read(lines.as_bytes()).unwrap(), read(text.as_bytes()).unwrap());
    assert_eq!(index.versions(), entries.len());
    assert!(index.listed_versions().eq(lines.listed_versions()));
    for Entry { metadata, digest, .. } in &entries {
        let digest = ListedDigest::Written(digest.to_string());
        assert_eq!(index.digest_of(&metadata.name, &metadata.version), digest);
        let promise = |index: &Index| index.promise(&metadata.name, &metadata.version);
        assert_eq!(promise(&index), promise(&lines));
    }
    assert_eq!(index.digest_of("a", "1"), ListedDigest::NotListed);
}

#[test]
fn an_empty_index_and_an_empty_chart_get_their_first_versions_and_lose_them_again() {
    let empty =
        "{\n  \"apiVersion\": \"v1\",\n  \"generated\": \"2027-01-15T08:00:00Z\",\n  \"entries\": {},\n  \"x\": []\n}";
    assert!(scan(empty.as_bytes()).is_some());
    let one = written(Some(empty.as_bytes()), &[entry("a", "1.0.0")], Format::Json);
    let Entry { digest, created, .. } = entry("a", "1.0.0");
    let shown = one
        .replace(&digest.to_string(), "DIGEST")
        .replace(&created.time().to_string(), "CREATED");
    insta::assert_snapshot!(shown, @r#"
    {
      "apiVersion": "v1",
      "generated": "2027-01-15T08:00:00Z",
      "entries": {
        "a": [
          {
            "name": "a",
            "version": "1.0.0",
            "apiVersion": "v2",
            "urls": [
              "https://charts.example.io/a-1.0.0.tgz"
            ],
            "created": "CREATED",
            "digest": "DIGEST"
          }
        ]
      },
      "x": []
    }
    "#);
    let first = EntryPosition { chart: 0, item: 0 };
    assert_eq!(removed(&one, &[first], &[]), empty);

    let chart = empty.replace("{},", "{\n    \"a\": [],\n    \"c\": []\n  },");
    assert!(scan(chart.as_bytes()).is_some(), "{chart}");
    let filled = written(
        Some(chart.as_bytes()),
        &[entry("a", "1.0.0"), entry("b", "1.0.0")],
        Format::Json,
    );
    assert_eq!(filled, indented(&filled, 2));
    let versions =
        |name: &str, versions: &[&str]| (name.to_owned(), versions.iter().map(ToString::to_string).collect());
    assert_eq!(
        listed(&filled),
        [versions("a", &["1.0.0"]), versions("b", &["1.0.0"]), versions("c", &[])]
    );
    // The chart without versions must not be treated as one that loses its last version.
    let left = removed(&filled, &[first, EntryPosition { chart: 1, item: 0 }], &[]);
    assert_eq!(left, empty.replace("{},", "{\n    \"c\": []\n  },"));
}

#[test]
fn a_time_and_notes_go_where_they_are_or_to_the_front() {
    let bare = "{\n  \"apiVersion\": \"v1\",\n  \"entries\": {},\n  \"publicKeys\": [\n    \"k\"\n  ]\n}\n";
    let note = notes(&[("note", "1")]);
    let noted = removed(bare, &[], &note);
    assert_eq!(
        noted,
        "{\n  \"annotations\": {\n    \"note\": \"1\"\n  },\n  \"generated\": \"2027-01-15T08:00:00Z\",".to_owned()
            + &bare[1..]
    );
    let twice = removed(&noted, &[], &notes(&[("more", "a \"b\"")]));
    assert_eq!(
        twice,
        noted.replace("\"note\": \"1\"", "\"more\": \"a \\\"b\\\"\",\n    \"note\": \"1\"")
    );
    // As Helm writes them: after the entries, whether there are any, and not before `generated`.
    for entries in [
        "{}",
        "{\n    \"a\": [\n      {\n        \"name\": \"a\"\n      }\n    ]\n  }",
    ] {
        let own = format!(
            "{{\n  \"apiVersion\": \"v1\",\n  \"entries\": {entries},\n  \"generated\": \"2019-01-01T00:00:00Z\",\n  \"annotations\": {{\n    \
             \"owner\": \"x\"\n  }},\n  \"x\": 1\n}}"
        );
        assert!(scan(own.as_bytes()).is_some(), "{own}");
        assert_eq!(
            removed(&own, &[], &note),
            own.replace("\"owner\"", "\"note\": \"1\",\n    \"owner\"")
                .replace("2019-01-01T00", "2027-01-15T08")
        );
        let none = own.replace("{\n    \"owner\": \"x\"\n  }", "null");
        let noted = removed(&none, &[], &note);
        assert!(
            noted.contains("\"annotations\": {\n    \"note\": \"1\"\n  },\n  \"x\""),
            "{noted}"
        );
    }
}

#[test]
fn escapes_and_characters_of_others_stay() {
    let description = "\"caf\u{e9} \u{1f680} \\u003cb\\u003e \\u00e9 \\u2028 \\n \\\\ \\\" {\"";
    let text = HELM.replace("\"folded text of two lines\"", description);
    assert!(scan(text.as_bytes()).is_some());
    let after = written(Some(text.as_bytes()), &[entry("beta", "0.1.0")], Format::Json);
    assert!(after.contains(description));
    assert_eq!(after, indented(&after, 2));
    fast_is_slow(text.as_bytes());
    // Halves of a surrogate pair are left to the parser.
    assert!(scan(text.replace("\\u00e9", "\\ud83d\\ude00").as_bytes()).is_none());
}

#[test]
fn a_text_that_is_nearly_in_the_layout_is_left_to_the_parser() {
    let first = |from: &str, to: &str| {
        assert!(HELM.contains(from), "{from}");
        HELM.replacen(from, to, 1)
    };
    for text in [
        first("  \"entries\"", "\t\"entries\""),
        first("\"version\": ", "\"version\":"),
        first("\"version\": ", "\"version\":  "),
        first("\"version\": ", "\"version\" : "),
        first("\"1.0.0\",\n", "\"1.0.0\", \n"),
        first("\"1.0.0\",\n", "\"1.0.0\",\n\n"),
        first("\"1.0.0\",\n", "\"1.0.0\","),
        first("        \"version\"", "         \"version\""),
        first("        \"version\"", "       \"version\""),
        first("      {", "     {"),
        first("      },\n      {", "      }, {"),
        first("      }\n    ]", "      }\n     ]"),
        first("\"entries\": {", "\"entries\": { "),
        first("      {\n", "      null,\n      {\n"),
        first(
            "[\n          \"cluster\",\n          \"=x\"\n        ]",
            "[\"cluster\", \"=x\"]",
        ),
        first("[\n          \"cluster\",\n          \"=x\"\n        ]", "[\n        ]"),
        first("[\n          \"cluster\",\n          \"=x\"\n        ]", "[ ]"),
        first(
            "\"version\": \"1.0.0\"",
            "\"version\": \"1.0.0\",\n        \"version\": \"1.0.0\"",
        ),
        first(
            "\"version\": \"1.0.0\"",
            "\"version\": \"1.0.0\",\n        \"Version\": \"1.0.0\"",
        ),
        first("\"version\": \"1.0.0\"", "\"versi\\u006fn\": \"1.0.0\""),
        first("\"version\": \"1.0.0\"", "\"version\": \"1.0\\u002e0\""),
        first("\"version\": \"1.0.0\"", "\"version\": 1"),
        first("\"deprecated\": true", "\"deprecated\": \"true\""),
        first("\"beta\": [", "\"alpha\": ["),
        first(
            "\"apiVersion\": \"v1\",\n",
            "\"apiVersion\": \"v1\",\n  \"entries\": {},\n",
        ),
        first(
            "\"apiVersion\": \"v1\",\n",
            "\"apiVersion\": \"v1\",\n  \"Entries\": {},\n",
        ),
        first(
            "\"apiVersion\": \"v1\",\n",
            "\"apiVersion\": \"v1\",\n  \"annotations\": [],\n",
        ),
        first(
            "\"apiVersion\": \"v1\",\n",
            "\"apiVersion\": \"v1\",\n  \"generat\\u0065d\": \"2018-01-01T00:00:00Z\",\n",
        ),
        first("\"apiVersion\": \"v1\",\n  ", ""),
        first("\"generated\": \"2019", "\"generated\": \"x2019"),
        first("\"2019-01-01T00:00:00Z\"", "null"),
        first("\"entries\"", "\"x\""),
        first("{\n", "{\n  \"serverInfo\": {\n  \"entries\": {}\n  },\n"),
        HELM.replace('\n', "\r\n"),
        format!("{HELM}\n\n"),
        format!("{HELM} "),
        format!("{HELM}}}"),
        HELM[..HELM.len() - 2].to_owned(),
        "{\n  \"apiVersion\": \"v1\",\n  \"entries\": null\n}".to_owned(),
        "{\n  \"apiVersion\": \"v1\"\n}".to_owned(),
        "{\n}".to_owned(),
        "{\n".to_owned(),
    ] {
        assert!(scan(text.as_bytes()).is_none(), "{text}");
        let said = |index: Result<Index, _>| {
            let index: Result<Index, super::IndexError> = index;
            index.map(|index| index.listed_versions().collect::<Vec<_>>())
        };
        match (said(read(text.as_bytes())), said(Index::parse(text.as_bytes()))) {
            (Ok(read), Ok(parsed)) => assert_eq!(read, parsed),
            (Err(read), Err(parsed)) => assert_eq!(read.to_string(), parsed.to_string()),
            (read, parsed) => panic!("{read:?} {parsed:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The indented layout is compared with Chartdrop's own: whether the text is indented before or
    /// after the edit, the result is the same.
    #[test]
    fn an_edit_in_this_layout_is_one_in_ours_and_indented(
        entries in prop::collection::vec(any_entry(), 0..8),
        added in prop::collection::vec(any_entry(), 1..5),
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        width in 1..=8usize,
        end in prop::sample::select(vec!["", "\n"]),
        timeless: bool,
        note in prop::option::of(("[ab]", "\\PC{0,12}")),
    ) {
        let mut lines = text_of(Index::new(Format::Json).edit(&entries, now()).unwrap());
        if timeless {
            lines = lines.replace("\"generated\":\"2027-01-15T08:00:00Z\",", "");
        }
        let text = indented(&lines, width) + end;
        prop_assert!(scan(text.as_bytes()).is_some(), "{}", text);
        fast_is_slow(text.as_bytes());

        let edit = |index: &str| read(index.as_bytes()).unwrap().edit(&added, now()).unwrap();
        let (ours, theirs) = (edit(&lines), edit(&text));
        prop_assert_eq!((&ours.added, ours.versions), (&theirs.added, theirs.versions));
        let (lines, text) = match (ours.text, theirs.text) {
            (None, None) => (lines, text),
            (ours, theirs) => {
                let [lines, text] = [ours, theirs].map(|text| String::from_utf8(text.unwrap().to_bytes().into()).unwrap());
                prop_assert_eq!(&text, &(indented(&lines, width) + end));
                prop_assert_eq!(seen(&text), seen(&lines));
                (lines, text)
            }
        };

        let index = read(text.as_bytes()).unwrap();
        let places: Vec<EntryPosition> = index.listed_versions().map(|listed| listed.place).collect();
        let places: Vec<EntryPosition> = chosen.iter().filter(|_| !places.is_empty()).map(|chosen| *chosen.get(&places)).collect();
        let notes: Vec<(String, String)> = note.into_iter().collect();
        if !places.is_empty() || !notes.is_empty() {
            let text = removed(&text, &places, &notes);
            prop_assert_eq!(&text, &(indented(&removed(&lines, &places, &notes), width) + end));
            prop_assert!(scan(text.as_bytes()).is_some());
            fast_is_slow(text.as_bytes());
        }
    }
}
