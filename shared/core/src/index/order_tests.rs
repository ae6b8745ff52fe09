//! Order and times: every client has to agree which version is the newest.

use std::cmp::Ordering;

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;

use super::tests::{entry, now, text_of};
use super::{Created, Entry, Format, Index, ListedVersion};
use crate::chart::{Version, time};

fn at(version: &str, created: Created) -> Entry {
    Entry {
        created,
        ..entry("demo", version)
    }
}

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn edited(index: &Index, entries: &[Entry]) -> Index {
    let text = text_of(index.edit(entries, now()).unwrap());
    Index::read(Bytes::from(text)).unwrap()
}

fn new(entries: &[Entry], format: Format) -> Index {
    edited(&Index::new(format), entries)
}

fn listed(index: &Index) -> Vec<ListedVersion> {
    index.listed_versions().collect()
}

fn versions(index: &Index) -> Vec<String> {
    index.listed_versions().map(|listed| listed.version).collect()
}

fn created(listed: &ListedVersion) -> Timestamp {
    time::parse(listed.created.as_deref().unwrap()).unwrap()
}

/// The version that Flux selects: the highest and, among equals, the one created last. Of the same
/// time, the one listed last.
fn newest_to_flux(listed: &[ListedVersion]) -> &str {
    let newest = listed.iter().max_by(|a, b| {
        let (one, other) = (Version::parse(&a.version).unwrap(), Version::parse(&b.version).unwrap());
        one.cmp_precedence(&other).then_with(|| created(a).cmp(&created(b)))
    });
    &newest.unwrap().version
}

const FORMATS: [Format; 2] = [Format::Json, Format::Yaml];

#[test]
fn of_versions_that_differ_in_build_metadata_only_the_one_created_last_is_listed_first() {
    for format in FORMATS {
        let mut index = new(&[at("1.0.0+build.9", seconds(1_000).into())], format);
        for (version, time) in [
            ("1.0.0+build.10", 2_000),
            ("1.0.0+build.2", 3_000),
            ("0.9.0", 3_500),
            ("1.0.0+zzz", 1_500),
        ] {
            index = edited(&index, &[at(version, seconds(time).into())]);
        }
        let expected = ["1.0.0+build.2", "1.0.0+build.10", "1.0.0+zzz", "1.0.0+build.9", "0.9.0"];
        assert_eq!(versions(&index), expected);
        assert_eq!(newest_to_flux(&listed(&index)), expected[0]);
    }
}

#[test]
fn times_of_others_are_compared_as_times_and_those_that_say_none_come_last() {
    let others = "apiVersion: v1
entries:
  demo:
  - created: \"2024-03-01T12:30:45.123456789+02:00\"
    name: demo
    version: 1.0.0+b
  - created: 2024-03-01T10:30:45.1Z
    name: demo
    version: 1.0.0+c
  - name: demo
    version: 1.0.0+d
generated: \"2019-01-01T00:00:00Z\"
";
    let time = |text: &str| Created::at(text.parse().unwrap());
    for (new, expected) in [
        ("2024-03-01T10:30:45.2Z", ["+new", "+b", "+c", "+d"]),
        ("2024-03-01T10:30:45.11Z", ["+b", "+new", "+c", "+d"]),
        ("2024-03-01T10:00:00Z", ["+b", "+c", "+new", "+d"]),
    ] {
        let index = Index::read(Bytes::from(others)).unwrap();
        let versions = versions(&edited(&index, &[at("1.0.0+new", time(new))]));
        let expected = expected.map(|build| format!("1.0.0{build}"));
        assert_eq!(versions, expected, "{new}");
    }
}

#[test]
fn what_one_write_adds_to_a_chart_is_created_in_the_order_of_precedence() {
    let names = [
        "1.0.0+build.10",
        "2.0.0-rc.1",
        "1.0.0+build.9",
        "10.0.0",
        "0.1.0",
        "1.0.0+build.11",
        "2.0.0",
        "v1.0.0",
    ];
    let ascending = [
        "0.1.0",
        "1.0.0+build.9",
        "1.0.0+build.10",
        "1.0.0+build.11",
        "v1.0.0",
        "2.0.0-rc.1",
        "2.0.0",
        "10.0.0",
    ];
    for format in FORMATS {
        let entries = names.map(|version| at(version, now().into()));
        let mut all = listed(&new(&entries, format));
        all.reverse();
        let versions: Vec<&str> = all.iter().map(|listed| listed.version.as_str()).collect();
        assert_eq!(versions, ascending);
        assert_eq!(created(&all[0]), now());
        assert!(
            all.windows(2).all(|pair| created(&pair[0]) < created(&pair[1])),
            "{all:#?}"
        );
        assert_eq!(newest_to_flux(&all), "10.0.0");
    }
}

#[test]
fn of_uploads_that_one_write_publishes_the_last_one_is_the_newest_build() {
    let uploaded = |version: &str, second| at(version, Created::by_upload(now(), seconds(second)));
    let index = new(
        &[
            uploaded("1.0.0+a1b2", 30),
            uploaded("1.0.0+ffff", 10),
            uploaded("1.0.0+0000", 20),
            uploaded("1.1.0", 1),
        ],
        Format::Json,
    );
    assert_eq!(versions(&index), ["1.1.0", "1.0.0+a1b2", "1.0.0+0000", "1.0.0+ffff"]);
}

#[test]
fn archives_that_were_stored_at_other_times_keep_them_and_charts_do_not_touch_each_other() {
    let other = Entry {
        created: seconds(1_000).into(),
        ..entry("other", "1.0.0")
    };
    let entries = [
        at("2.0.0", seconds(1_000).into()),
        at("1.0.0", seconds(2_000).into()),
        other,
    ];
    let times: Vec<Timestamp> = listed(&new(&entries, Format::Json)).iter().map(created).collect();
    assert_eq!(times, [seconds(1_000), seconds(2_000), seconds(1_000)]);
}

#[test]
fn a_time_that_an_earlier_entry_says_stays_to_the_letter() {
    let kept = "2024-03-01T12:30:45.100+02:00";
    let time: Timestamp = "2024-03-01T10:30:45.1Z".parse().unwrap();
    for format in FORMATS {
        let entries = [
            at("1.0.0+c", time.into()),
            at("1.0.0+b", Created::kept(kept).unwrap()),
            at("1.0.0+a", time.into()),
        ];
        let all = listed(&new(&entries, format));
        let said: Vec<(&str, &str)> = all
            .iter()
            .map(|listed| (listed.version.as_str(), listed.created.as_deref().unwrap()))
            .collect();
        let expected = [
            ("1.0.0+c", "2024-03-01T10:30:45.100002Z"),
            ("1.0.0+a", "2024-03-01T10:30:45.100001Z"),
            ("1.0.0+b", kept),
        ];
        assert_eq!(said, expected);
    }
    assert_eq!(Created::kept("yesterday"), None);
}

#[test]
fn nothing_new_gets_the_time_of_a_listed_version_of_its_precedence() {
    for format in FORMATS {
        let index = new(&[at("1.0.0+b", seconds(1_000).into())], format);
        let all = listed(&edited(&index, &[at("1.0.0+a", seconds(1_000).into())]));
        assert_eq!(created(&all[1]), seconds(1_000));
        assert!(created(&all[0]) > created(&all[1]), "{all:#?}");
        assert_eq!(newest_to_flux(&all), all[0].version);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_added_in_however_many_writes_the_first_one_listed_was_created_last(
        writes in prop::collection::vec(
            prop::collection::btree_map("[01]\\.0\\.0(-a)?(\\+[ab]?[0-9]{1,2})?", 0i64..3, 1..6),
            1..4,
        ),
        yaml: bool,
    ) {
        let mut index = Index::new(if yaml { Format::Yaml } else { Format::Json });
        for write in writes {
            let known = versions(&index);
            let entries: Vec<Entry> = write
                .iter()
                .filter(|(version, _)| !known.contains(version))
                .map(|(version, time)| at(version, seconds(*time).into()))
                .collect();
            if !entries.is_empty() {
                index = edited(&index, &entries);
            }
        }
        let all = listed(&index);
        for pair in all.windows(2) {
            let [newer, older] = pair else { continue };
            let (one, other) = (Version::parse(&newer.version).unwrap(), Version::parse(&older.version).unwrap());
            match one.cmp_precedence(&other) {
                Ordering::Equal => prop_assert!(created(newer) > created(older), "{newer:?} {older:?}"),
                order => prop_assert_eq!(order, Ordering::Greater, "{:?} {:?}", newer, older),
            }
        }
        prop_assert_eq!(newest_to_flux(&all), &all[0].version);
    }
}
