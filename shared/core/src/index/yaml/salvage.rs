//! What is still readable in a damaged index in YAML.

use super::top::fields_of;
use super::{Indent, convert, item};
use crate::index::fields;
use crate::index::helm::{self, Names};
use crate::index::layout::Layout;
use crate::index::salvage::{Left, NO_LIST};
use crate::yaml::{self, json_text};

/// Reads a text that is valid YAML.
pub(in crate::index) fn whole(text: &[u8]) -> Option<Left> {
    let limits = yaml::Limits::for_index(text.len());
    let parsed = yaml::parse(text, &limits, yaml::Duplicates::Reject).ok()?;
    let mut left = Left::new();
    for (name, value) in parsed.value.as_mapping()? {
        match fields::top(name) {
            Some("generated") => {}
            Some("entries") => entries(&mut left, value),
            _ => add_to_top(&mut left, name, value),
        }
    }
    Some(left)
}

fn entries(left: &mut Left, entries: &yaml::Value) {
    let charts = match entries {
        yaml::Value::Null => return,
        yaml::Value::Mapping(charts) => charts,
        _ => return left.drop(None, None, "`entries` is not a mapping of charts"),
    };
    for (chart, versions) in charts {
        match versions {
            yaml::Value::Null => {}
            yaml::Value::Sequence(versions) => {
                for version in versions {
                    add_version(left, chart, &convert::version(version));
                }
            }
            _ => left.drop(Some(chart), None, NO_LIST),
        }
    }
}

fn add_to_top(left: &mut Left, name: &str, value: &yaml::Value) {
    match fields::top(name) {
        Some(known) => {
            let text = json_text::to_string(&convert::top(known, value)).unwrap_or_default();
            left.add_to_top(known, &text);
        }
        None => left.drop(None, None, helm::unknown_at_top(name).detail()),
    }
}

fn add_version(left: &mut Left, chart: &str, version: &serde_json::Value) {
    let text = json_text::to_string(version).unwrap_or_default();
    left.add_version(chart, &text, Names::Known);
}

/// Reads a text in the layout that Helm writes, line by line.
pub(in crate::index) fn by_lines(text: &[u8]) -> Option<Left> {
    if !text.split(|byte| *byte == b'\n').any(|line| line == b"entries:") {
        return None;
    }
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let entries = lines.iter().position(|line| *line == b"entries:\n").unwrap_or(0);
    let (head, body) = lines.split_at(entries);
    let mut left = Left::new();
    match fields_of(&head.concat(), b"") {
        Some(top) => left.document.top = top,
        None => left.drop(None, None, "the lines before the entries cannot be read"),
    }
    let mut chart: Option<String> = None;
    let mut item: Vec<u8> = Vec::new();
    for line in body.iter().skip(1) {
        let continues = line.starts_with(b"    ") || *line == b"\n";
        if continues && !item.is_empty() {
            item.extend_from_slice(line);
            continue;
        }
        // Only now is the version above known to be complete: the last one before a cut may lack
        // digits of its numbers.
        add_item(&mut left, chart.as_deref(), &item);
        item.clear();
        if line.starts_with(b"  - ") {
            item.extend_from_slice(line);
        } else {
            chart = chart_name(line);
        }
    }
    if !item.is_empty() {
        left.drop(chart.as_deref(), version_of(&item), "the index ends inside the entry");
    }
    Some(left)
}

fn add_item(left: &mut Left, chart: Option<&str>, item: &[u8]) {
    if item.is_empty() {
        return;
    }
    match (chart, item::value(Indent::HELM, item)) {
        (Some(chart), Some(version)) => add_version(left, chart, &version),
        (Some(_), None) => left.drop(chart, version_of(item), "the lines of the entry are not YAML"),
        (None, _) => left.drop(None, version_of(item), "the chart's name cannot be read"),
    }
}

/// The version that the lines of an entry seem to belong to.
fn version_of(item: &[u8]) -> Option<String> {
    let version = Layout::Yaml(Indent::HELM).head(item).version;
    version.map(std::borrow::Cow::into_owned)
}

/// The name in a line such as `  kube9-operator:`.
fn chart_name(line: &[u8]) -> Option<String> {
    let name = line.strip_prefix(b"  ")?.strip_suffix(b":\n")?;
    let limits = yaml::Limits::for_index(name.len());
    let parsed = yaml::parse(name, &limits, yaml::Duplicates::Reject).ok()?;
    parsed.value.as_str().map(str::to_owned)
}
