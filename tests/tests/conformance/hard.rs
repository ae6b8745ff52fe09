//! Entries with texts that YAML readers misread unless the writer is careful.

use std::collections::BTreeMap;

use chartdrop::chart::{Dependency, Maintainer, Metadata};
use chartdrop::digest::Digest;
use chartdrop::index::Entry;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Each is used as a value, as a key and in lists.
const TEXTS: &[&str] = &[
    // Quotes, escapes and slashes.
    "\"",
    "'",
    "it's \"quoted\" 'twice'",
    "\\",
    "back\\slash \\n \\u0041 \\/",
    "/",
    "a/b\\/c",
    "</script>",
    // Characters that readers reject, drop or fold unless they are escaped.
    "\u{1f680} astral \u{1f469}\u{200d}\u{1f4bb} \u{10ffff}",
    "\u{1f680}",
    "nul \0 bell \u{7} escape \u{1b} delete \u{7f}",
    "C1 \u{80} \u{9f}",
    "next line \u{85} and more",
    "\u{85}",
    "separators \u{2028} and \u{2029} and \u{a0}",
    "\u{2028}",
    "\u{feff}mark first",
    "mark \u{feff} within",
    "not characters \u{fffe} \u{ffff} \u{fdd0} \u{1fffe} \u{fffd}",
    "right to left \u{202e} and zero width \u{200b}",
    "e\u{301} combined",
    // White space.
    "",
    " ",
    "\t",
    "\n",
    "tab\tinside",
    "\ttab first",
    "tab last\t",
    "line\nfeed",
    "carriage\rreturn",
    "both\r\nof them\r\n",
    "\n\nline feeds around\n\n",
    "  spaces around  ",
    "trailing newline\n",
    "two\n\n  indented\n lines",
    // Text that begins or ends like YAML syntax.
    "- a",
    "-",
    "--- a",
    "---",
    "...",
    "? a",
    "?",
    ": a",
    ":",
    "a: b",
    "a:",
    "a :b",
    "a # b",
    "#a",
    "a#b",
    "[a",
    "{a: b}",
    "a, b] }",
    "&a *b !c",
    "*b",
    "!c",
    "!!str d",
    "|",
    ">-",
    "%YAML 1.1",
    "@a",
    "`a",
    "=",
    "<<",
    "{{ .Values.a }}",
    // Text that is not a string without quotes.
    "~",
    "null",
    "Null",
    "NULL",
    "true",
    "True",
    "FALSE",
    "yes",
    "Yes",
    "NO",
    "on",
    "off",
    "y",
    "N",
    "0",
    "-0",
    "7",
    "+1",
    "-12",
    "010",
    "0o17",
    "0x1f",
    "0b101",
    "1_000",
    "1,000",
    "1.10",
    "1.",
    ".5",
    "1e3",
    "1.5e+3",
    "12e03",
    "e3",
    "685.230_15e+03",
    ".inf",
    "-.Inf",
    ".NaN",
    "nan",
    "inf",
    "Infinity",
    "1:30",
    "190:20:30.15",
    "2001-01-01",
    "2001-1-1",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43.10 -5",
    "2023-11-14T22:13:20Z",
    "1.2.3",
    "1.2.3.4",
    "0.1.0-0x1f",
    "_1",
    "1d",
    "0.0.1e5",
    // Other scripts.
    "\u{76e3}\u{8996} Kubernetes \u{96c6}\u{7fa4}",
    "\u{0645}\u{0631}\u{0627}\u{0642}\u{0628}\u{0629}",
    "\u{0928}\u{092e}\u{0938}\u{094d}\u{0924}\u{0947}",
    "Gr\u{f6}\u{df}e",
    "\u{0661}\u{0662}\u{0663}",
    "\u{ff11}\u{ff0e}\u{ff15}",
];

/// An entry with this text in every place where text is allowed.
fn holding(name: &str, text: &str) -> Entry {
    let own = || text.to_owned();
    entry(Metadata {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        home: own(),
        sources: vec![own()],
        description: own(),
        keywords: vec![own(), "between".to_owned(), own()],
        maintainers: vec![Maintainer {
            name: own(),
            email: own(),
            url: own(),
        }],
        icon: own(),
        condition: own(),
        tags: own(),
        app_version: own(),
        annotations: BTreeMap::from([(own(), own()), ("other".to_owned(), own())]),
        kube_version: own(),
        dependencies: vec![Dependency {
            name: own(),
            version: own(),
            repository: own(),
            condition: own(),
            tags: vec![own(), own()],
            import_values: vec![
                json!(text),
                json!({"child": text, text: text}),
                json!([text, [text], {text: [text]}]),
            ],
            ..Dependency::default()
        }],
        ..Metadata::default()
    })
}

fn entry(mut metadata: Metadata) -> Entry {
    "v2".clone_into(&mut metadata.api_version);
    let digest = Digest::of(format!("{} {}", metadata.name, metadata.version).as_bytes());
    // Each version has its own time, so that no edit has to change one.
    let seconds = i64::from_str_radix(&digest.to_string()[..6], 16).expect("digits");
    let created = Timestamp::from_second(1_700_000_000 + seconds).expect("a time");
    Entry {
        url: format!("https://charts.example.com/{}-{}.tgz", metadata.name, metadata.version),
        digest,
        created: created.into(),
        metadata,
    }
}

fn of(name: &str, version: &str) -> Entry {
    entry(Metadata {
        name: name.to_owned(),
        version: version.to_owned(),
        ..Metadata::default()
    })
}

/// One chart for each text.
pub fn texts() -> Vec<Entry> {
    let numbered = TEXTS.iter().enumerate();
    numbered
        .map(|(number, text)| holding(&format!("hard-{number}"), text))
        .collect()
}

/// Some of these charts.
pub fn some_texts() -> Vec<Entry> {
    texts().into_iter().step_by(11).collect()
}

/// Charts whose names are these texts (a name is a key in the index), without the parts that Helm
/// removes from a name.
pub fn names() -> Vec<Entry> {
    let stays = |character: char| matches!(character, ' '..='~' | '\u{1f680}') || character.is_alphanumeric();
    // Helm requires a name that is the last component of a path.
    let names = TEXTS
        .iter()
        .filter(|text| !text.is_empty() && !text.contains('/') && text.chars().all(stays));
    names.map(|name| of(name, "1.0.0")).collect()
}

/// Versions that look like numbers or other values. Helm's merge reads "1" and "1.10" as ranges and
/// uses the first version in a range, so each version is in a chart of its own.
pub fn versions() -> Vec<Entry> {
    let versions = [
        "0",
        "1",
        "v2",
        "3.10",
        "v4.2.3",
        "5.4.0",
        "6.0.1-1e3",
        "7.0.0-0x1f",
        "8.5.0+1e3",
        "9.0.0-rc.1+b.1",
        "12.30",
        "2001-01-01",
        "20260101.1.2",
    ];
    versions.map(|version| of("versions", version)).into()
}

/// More versions of the charts in foreign indexes: the newest, one in the middle, and the oldest.
pub fn for_charts_of_others() -> Vec<Entry> {
    let versions = ["99.0.0", "0.9.5", "0.0.1-a"];
    let charts = ["demo", "alpha"].into_iter();
    charts
        .flat_map(|name| versions.map(|version| of(name, version)))
        .collect()
}

/// Every character of the basic multilingual plane, in texts of 256, and each character at which a
/// reader's rules change, alone.
pub fn characters() -> Vec<Entry> {
    let plane: Vec<char> = ('\0'..='\u{ffff}').collect();
    let blocks = plane
        .chunks(256)
        .map(|block| (format!("from {:05x}", u32::from(block[0])), block.iter().collect()));
    let alone = [
        '\0'..='\u{17f}',
        '\u{2000}'..='\u{206f}',
        '\u{d7f0}'..='\u{e00f}',
        '\u{fdd0}'..='\u{fdef}',
        '\u{feff}'..='\u{ffff}',
        '\u{10000}'..='\u{10003}',
        '\u{1fffe}'..='\u{20000}',
        '\u{10fffe}'..='\u{10ffff}',
    ];
    let alone = alone
        .into_iter()
        .flatten()
        .map(|character| (character.to_string(), format!("a{character}b")));
    let annotated = |name: &str, annotations| {
        entry(Metadata {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            annotations,
            ..Metadata::default()
        })
    };
    vec![
        annotated("blocks", blocks.collect()),
        annotated("alone", alone.collect()),
    ]
}

/// Texts that are longer than the lines that writers fold, and than the 1,024 characters in which
/// YAML readers look for a colon.
pub fn long_texts() -> Vec<Entry> {
    let texts = [
        "word ".repeat(20),
        "word ".repeat(500),
        "x".repeat(81),
        "x".repeat(5000),
        "a: b # c ".repeat(300),
        "\"".repeat(2000),
        " ".repeat(2000),
        "\u{85}".repeat(700),
        "\u{1f680}".repeat(3000),
        "\u{76e3}".repeat(3000),
        "line\n".repeat(500),
        "x".repeat(30_000),
    ];
    let texts = texts.iter().enumerate().map(|(number, text)| {
        let annotations = BTreeMap::from([("text".to_owned(), text.clone())]);
        entry(Metadata {
            name: format!("long-{number}"),
            version: "1.0.0".to_owned(),
            description: text.clone(),
            keywords: vec![text.clone()],
            annotations,
            ..Metadata::default()
        })
    });
    // The longest names of annotations, in characters that need the most bytes.
    let names = ["x", "word ", "\u{76e3}", "\u{1}", "\"", "\u{85}"]
        .iter()
        .enumerate()
        .map(|(number, part)| {
            let name: String = part.chars().cycle().take(LONGEST_NAME / written(part)).collect();
            entry(Metadata {
                name: format!("long-name-{number}"),
                version: "1.0.0".to_owned(),
                annotations: BTreeMap::from([(name, "text".to_owned())]),
                ..Metadata::default()
            })
        });
    texts.chain(names).collect()
}

/// The longest name of an annotation, in bytes. A chart with a longer one is rejected.
const LONGEST_NAME: usize = 510;

/// The number of bytes that a text needs in the index.
fn written(part: &str) -> usize {
    match part {
        "\"" => 2,
        "\u{1}" | "\u{85}" => 6,
        _ => part.chars().map(char::len_utf8).max().unwrap_or(1),
    }
}

/// Entries with values in `import-values`, the only field for values of any type.
pub fn imported_values() -> Vec<Entry> {
    let importing = |name: &str, import_values| {
        let name = name.to_owned();
        let dependency = Dependency {
            name: "child".to_owned(),
            import_values,
            ..Dependency::default()
        };
        entry(Metadata {
            name,
            version: "1.0.0".to_owned(),
            dependencies: vec![dependency],
            ..Metadata::default()
        })
    };
    let numbers = vec![
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e3),
        json!(-2.5e-7),
        json!(1e300),
        json!(1.0),
        json!(12_345_678_901_234_567_890_u64),
        json!(i64::MIN),
    ];
    let kinds = vec![
        json!(null),
        json!(true),
        json!(""),
        json!({}),
        json!([]),
        json!([[]]),
        json!([{}, [], null, false]),
        json!({"a": {}, "b": [], "c": null, "d": [1, [2, {"e": [{}]}]], "": ""}),
        json!([[{"a": [{"b": "c: d"}]}, ["- x", "\t"]]]),
    ];
    let nested = |wrap: fn(Value) -> Value| (0..DEEPEST).fold(json!("in here"), |inner, _| wrap(inner));
    vec![
        importing("numbers", numbers.clone()),
        importing("numbers-in-lists", vec![json!(numbers), json!({"list": numbers})]),
        importing("kinds", kinds),
        importing("deep-lists", vec![nested(|inner| json!([inner]))]),
        importing("deep-mappings", vec![nested(|inner| json!({"key": inner}))]),
        importing(
            "deep-both",
            vec![nested(|inner| {
                if inner.is_array() {
                    json!({"key": inner})
                } else {
                    json!([inner, 1])
                }
            })],
        ),
    ]
}

/// The deepest nesting of values that a chart may have.
const DEEPEST: usize = 32;
