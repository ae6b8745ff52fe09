//! Chartdrop loads what Helm loads and rejects what Helm rejects; after an edit, Helm reads the old
//! charts and the new one.
//!
//! The tests change indexes and `Chart.yaml` files at random where Helm's readers have special
//! rules (field names in another case, duplicate fields, values of other types), and compare the
//! results with the oracle (`tests/oracle`, Helm's own code).

use std::io::Write as _;
use std::process::{Command, Stdio};

use bytes::Bytes;
use chartdrop::chart::{ChartYamlError, Invalid, Metadata};
use chartdrop::index::{Entry, Index, IndexError};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::hard;
use crate::tools;

/// A document that may have duplicate fields, and whose scalars JSON and YAML read in the same way.
#[derive(Debug, Clone)]
enum Node {
    Scalar(String),
    List(Vec<Node>),
    Fields(Vec<(String, Node)>),
}

impl Node {
    fn of(value: &Value) -> Node {
        match value {
            Value::Array(items) => Node::List(items.iter().map(Node::of).collect()),
            Value::Object(fields) => Node::Fields(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), Node::of(value)))
                    .collect(),
            ),
            scalar => Node::Scalar(scalar.to_string()),
        }
    }

    fn json(&self) -> String {
        match self {
            Node::Scalar(text) => text.clone(),
            Node::List(items) => format!("[{}]", items.iter().map(Node::json).collect::<Vec<_>>().join(",")),
            Node::Fields(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| format!("{}:{}", json!(name), value.json()));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }
        }
    }

    /// Writes block style, with lists as Helm writes them or indented.
    fn yaml(&self, column: usize, list: usize, text: &mut String) {
        let spaces = " ".repeat(column);
        match self {
            Node::Fields(fields) if !fields.is_empty() => {
                for (number, (name, value)) in fields.iter().enumerate() {
                    if number > 0 || column == 0 {
                        text.push_str(&spaces);
                    }
                    text.push_str(name);
                    text.push(':');
                    match value {
                        Node::Fields(fields) if !fields.is_empty() => {
                            *text += &format!("\n{spaces}  ");
                            value.yaml(column + 2, list, text);
                        }
                        Node::List(items) if !items.is_empty() => {
                            text.push('\n');
                            value.yaml(column + list, list, text);
                        }
                        scalar => *text += &format!(" {}\n", scalar.json()),
                    }
                }
            }
            Node::List(items) if !items.is_empty() => {
                for item in items {
                    *text += &format!("{spaces}- ");
                    match item {
                        Node::Fields(fields) if !fields.is_empty() => item.yaml(column + 2, list, text),
                        other => *text += &format!("{}\n", other.json()),
                    }
                }
            }
            other => *text += &format!("{}\n", other.json()),
        }
    }

    /// A random object in this one.
    fn any_fields(&mut self, rng: &mut fastrand::Rng) -> Option<&mut Vec<(String, Node)>> {
        fn collect<'a>(node: &'a mut Node, path: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
            let children: Vec<&'a mut Node> = match node {
                Node::Scalar(_) => return,
                Node::List(items) => items.iter_mut().collect(),
                Node::Fields(fields) => {
                    all.push(path.clone());
                    fields.iter_mut().map(|(_, value)| value).collect()
                }
            };
            for (at, child) in children.into_iter().enumerate() {
                path.push(at);
                collect(child, path, all);
                path.pop();
            }
        }
        let mut all = Vec::new();
        collect(self, &mut Vec::new(), &mut all);
        let path = rng.choice(all)?;
        let node = path.into_iter().try_fold(self, |node, at| match node {
            Node::List(items) => items.get_mut(at),
            Node::Fields(fields) => fields.get_mut(at).map(|(_, value)| value),
            Node::Scalar(_) => None,
        })?;
        match node {
            Node::Fields(fields) => Some(fields),
            _ => None,
        }
    }
}

/// A random new value for a field: of any type, or a text that resembles another type.
fn odd_value(rng: &mut fastrand::Rng) -> Node {
    const SCALARS: [&str; 17] = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "1.10",
        "-7",
        "12345678901234567890",
        "1.5e+300",
        "\"\"",
        "\"text\"",
        "\"1.0.0\"",
        "\"2.0.0\"",
        "\"yes\"",
        "\"2024-03-15T10:11:10Z\"",
        "\"2024-03-15\"",
        "\"v2\"",
    ];
    let scalar = |rng: &mut fastrand::Rng| Node::Scalar((*rng.choice(&SCALARS).expect("some")).to_owned());
    match rng.u8(0..10) {
        0 => Node::List(Vec::new()),
        1 => Node::Fields(Vec::new()),
        2 => Node::List(vec![scalar(rng)]),
        3 => Node::List(vec![scalar(rng), scalar(rng)]),
        4 => Node::Fields(vec![("name".to_owned(), scalar(rng))]),
        5 => Node::List(vec![Node::Fields(vec![("Name".to_owned(), scalar(rng))])]),
        _ => scalar(rng),
    }
}

fn in_another_case(name: &str, rng: &mut fastrand::Rng) -> String {
    match rng.u8(0..8) {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        2 => name.replacen('s', "\u{17f}", 1),
        3 => name.replacen('k', "\u{212a}", 1),
        4 => name.to_owned(),
        _ => name
            .chars()
            .map(|character| {
                if rng.bool() {
                    character.to_ascii_uppercase()
                } else {
                    character.to_ascii_lowercase()
                }
            })
            .collect(),
    }
}

fn change(document: &mut Node, rng: &mut fastrand::Rng) {
    let kind = rng.u8(0..9);
    let another_value = odd_value(rng);
    let seed = rng.u64(..);
    let Some(fields) = document.any_fields(rng) else { return };
    if fields.is_empty() {
        return;
    }
    let mut rng = fastrand::Rng::with_seed(seed);
    let at = rng.usize(0..fields.len());
    let (name, value) = fields[at].clone();
    match kind {
        0..=2 => fields[at].0 = in_another_case(&name, &mut rng),
        3 => fields.push((in_another_case(&name, &mut rng), another_value)),
        4 => fields.insert(0, (in_another_case(&name, &mut rng), another_value)),
        5 => fields.push((in_another_case(&name, &mut rng), value)),
        6 => drop(fields.remove(at)),
        7 => fields[at].0 = "x-unknown".to_owned(),
        _ => fields[at].1 = another_value,
    }
}

fn index() -> Value {
    json!({
        "apiVersion": "v1",
        "generated": "2024-03-15T10:11:10Z",
        "annotations": {"note": "kept"},
        "publicKeys": [],
        "serverInfo": {"contextPath": "/v1"},
        "entries": {
            "alpha": [
                {
                    "apiVersion": "v2", "name": "alpha", "version": "1.1.0", "appVersion": "4", "created": "2024-03-15T10:11:10.5Z",
                    "annotations": {"name": "one", "category": "two"}, "deprecated": false, "removed": false, "type": "application",
                    "dependencies": [{"name": "a", "version": "~1", "repository": "", "enabled": true, "tags": ["t"],
                        "import-values": ["x", {"child": "a", "parent": "b"}]}],
                    "maintainers": [{"name": "m", "email": "e", "url": "u"}, {"name": "n"}],
                    "keywords": ["k", "l"], "sources": ["s"], "home": "h", "icon": "i", "description": "some text", "kubeVersion": ">=1",
                    "condition": "c", "tags": "t", "digest": "5eed", "checksum": "c", "engine": "e", "tillerVersion": "1", "url": "u",
                    "urls": ["https://example.com/alpha-1.1.0.tgz"],
                },
                {"name": "alpha", "version": "1.0.0", "urls": ["alpha-1.0.0.tgz"], "digest": "c0de"},
            ],
            "beta": [{"name": "beta", "version": "0.1.0", "urls": ["beta-0.1.0.tgz"]}, null],
        },
    })
}

fn chart_yaml() -> Value {
    let mut entry = index()["entries"]["alpha"][0].clone();
    let fields = entry.as_object_mut().expect("an object");
    for name in [
        "created",
        "removed",
        "digest",
        "checksum",
        "engine",
        "tillerVersion",
        "url",
        "urls",
    ] {
        fields.remove(name);
    }
    entry
}

/// The answer of the oracle for each document.
fn ask(mode: &[&str], documents: &[Vec<u8>]) -> Vec<Value> {
    let mut oracle = Command::new(tools::path("CHARTDROP_ORACLE"))
        .args(mode)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle starts");
    let mut to = oracle.stdin.take().expect("piped");
    let lines: String = documents
        .iter()
        .map(|document| format!("\"{}\"\n", aws_smithy_types::base64::encode(document)))
        .collect();
    let writer = std::thread::spawn(move || to.write_all(lines.as_bytes()));
    let output = oracle.wait_with_output().expect("the oracle ends");
    writer.join().expect("no panic").expect("it reads all");
    assert!(output.status.success());
    let answers: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), documents.len());
    answers
}

fn changed(document: &Value, rng: &mut fastrand::Rng) -> Node {
    let mut node = Node::of(document);
    for _ in 0..rng.u8(1..4) {
        change(&mut node, rng);
    }
    node
}

fn written(node: &Node, rng: &mut fastrand::Rng) -> Vec<u8> {
    match rng.u8(0..3) {
        0 => node.json().into_bytes(),
        list => {
            let mut text = String::new();
            node.yaml(0, usize::from(list - 1) * 2, &mut text);
            text.into_bytes()
        }
    }
}

/// Whether Chartdrop is stricter than Helm about this error. `docs/stricter-than-helm.md` has the
/// reasons.
fn is_stricter(error: &IndexError) -> bool {
    matches!(error, IndexError::ChartTwice { .. } | IndexError::ApiVersion { .. })
}

fn new_entry() -> Entry {
    hard::versions().into_iter().next().expect("some")
}

fn edited(index: &Index) -> Vec<u8> {
    let now = Timestamp::from_second(1_800_000_000).expect("a time");
    let edit = index.edit(&[new_entry()], now).expect("can be edited");
    edit.text.expect("must change").to_bytes().to_vec()
}

/// The index without the new chart and without the time of generation.
fn without_new(index: &Value) -> Value {
    let mut index = index.clone();
    index["generated"] = Value::Null;
    if index["entries"].is_null() {
        index["entries"] = json!({});
    }
    let entries = index["entries"].as_object_mut().expect("an object");
    entries.remove(&new_entry().metadata.name);
    for (_, versions) in entries {
        if versions.is_null() {
            *versions = json!([]);
        }
    }
    // Helm does not distinguish `null` from an empty list or mapping.
    for list in ["publicKeys", "annotations", "serverInfo"] {
        if index[list].as_array().is_some_and(Vec::is_empty)
            || index[list].as_object().is_some_and(serde_json::Map::is_empty)
        {
            index[list] = Value::Null;
        }
    }
    index
}

#[test]
fn chartdrop_loads_an_index_if_helm_does_and_edits_change_nothing_else_that_helm_reads() {
    const CASES: usize = 6_000;
    let mut rng = fastrand::Rng::with_seed(15);
    let before: Vec<Vec<u8>> = (0..CASES)
        .map(|_| {
            let node = changed(&index(), &mut rng);
            written(&node, &mut rng)
        })
        .collect();
    let verdicts = ask(&["index"], &before);
    let mut loaded = Vec::new();
    let mut stricter = 0;
    for (text, helm) in before.iter().zip(&verdicts) {
        let shown = String::from_utf8_lossy(text);
        assert!(helm.get("differ").is_none(), "{helm}\n{shown}");
        match (Index::read(Bytes::copy_from_slice(text)), helm.get("index")) {
            (Ok(index), Some(helm)) => loaded.push((text, edited(&index), helm)),
            (Err(_), None) => {}
            (Err(error), Some(_)) if is_stricter(&error) => stricter += 1,
            (Err(error), Some(_)) => panic!("Helm loads it: {error}\n{shown}"),
            (Ok(_), None) => panic!("{helm}\n{shown}"),
        }
    }
    // Both verdicts have to occur often, otherwise the test proves little.
    assert!(
        loaded.len() > CASES / 5 && loaded.len() < CASES * 4 / 5,
        "{}",
        loaded.len()
    );
    assert!(stricter < CASES / 20, "{stricter}");

    let after: Vec<Vec<u8>> = loaded.iter().map(|(_, after, _)| after.clone()).collect();
    let name = new_entry().metadata.name;
    for ((before, after, helm), answer) in loaded.iter().zip(ask(&["index"], &after)) {
        let shown = format!(
            "{}\n{}",
            String::from_utf8_lossy(before),
            String::from_utf8_lossy(after)
        );
        let read = answer.get("index").unwrap_or_else(|| panic!("{answer}\n{shown}"));
        assert_eq!(read["entries"][&name].as_array().map(Vec::len), Some(1), "{shown}");
        assert_eq!(without_new(read), without_new(helm), "{shown}");
    }
}

#[test]
fn chartdrop_reads_a_chart_if_helm_does_and_every_field_is_the_same() {
    const CASES: usize = 6_000;
    let mut rng = fastrand::Rng::with_seed(15);
    let documents: Vec<Vec<u8>> = (0..CASES)
        .map(|_| {
            let node = changed(&chart_yaml(), &mut rng);
            written(&node, &mut rng)
        })
        .collect();
    let mut loaded = 0;
    for (text, helm) in documents.iter().zip(ask(&[], &documents)) {
        let shown = String::from_utf8_lossy(text);
        match (read_chart(text), helm.get("chart")) {
            (Ok(chart), Some(helm)) => {
                loaded += 1;
                assert_eq!(&serde_json::to_value(chart).expect("JSON"), helm, "{shown}");
            }
            (Err(_), None) => {}
            // Helm 4 loads no other apiVersion.
            (Err(Rejected::Invalid(Invalid::ApiVersion { .. })), Some(_)) => {}
            (Err(error), Some(_)) => panic!("Helm loads it: {error:?}\n{shown}"),
            (Ok(_), None) => panic!("{helm}\n{shown}"),
        }
    }
    assert!(loaded > CASES / 5 && loaded < CASES * 4 / 5, "{loaded}");
}

#[derive(Debug)]
#[expect(dead_code, reason = "shown where a test fails")]
enum Rejected {
    Unreadable(ChartYamlError),
    Invalid(Invalid),
}

fn read_chart(text: &[u8]) -> Result<Metadata, Rejected> {
    let mut metadata = Metadata::from_chart_yaml(text).map_err(Rejected::Unreadable)?.metadata;
    metadata.validate().map_err(Rejected::Invalid)?;
    Ok(metadata)
}
