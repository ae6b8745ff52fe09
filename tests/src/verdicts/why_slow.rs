//! Finds out why adding a version to an index requires writing all of it again: it removes parts of
//! the text until the rest can be edited in place.

use bytes::Bytes;
use chartdrop::index::Index;

use super::index::{is_edited_in_place, new_entry};

const HEAD: &str = "apiVersion: v1\nentries:\n  demo:\n";
const TAIL: &str = "generated: \"2019-01-01T00:00:00Z\"\n";

/// The first reason that is found; there may be others.
pub(super) fn why_slow(text: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(text) else {
        return "it is not UTF-8".to_owned();
    };
    if let Some(reason) = of_the_whole(text) {
        return reason.to_owned();
    }
    let items = items(text);
    if items.is_empty() {
        return "versions are indented otherwise, or there are none".to_owned();
    }
    match items.iter().find(|item| !is_fast(item)) {
        Some(item) => of_an_item(item),
        None => "what is around the versions".to_owned(),
    }
}

fn of_the_whole(text: &str) -> Option<&'static str> {
    let lines = || text.lines();
    if text.starts_with('{') {
        Some("JSON in another layout")
    } else if text.starts_with('\u{feff}') {
        Some("a byte order mark")
    } else if text.contains('\r') {
        Some("line ends of Windows")
    } else if text.starts_with("---") || text.starts_with('%') {
        Some("a document's marker")
    } else if lines().any(|line| line.starts_with('#')) {
        Some("comments")
    } else if text.contains('\t') && lines().any(|line| line.trim_start_matches(' ').starts_with('\t')) {
        Some("tabs")
    } else {
        None
    }
}

/// The lines of each version, in the layout of go-yaml.
fn items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        if line.starts_with("  - ") {
            items.push(line.to_owned());
            inside = true;
        } else if line.starts_with("    ") || line.trim().is_empty() {
            if let Some(item) = items.last_mut().filter(|_| inside) {
                item.push_str(line);
            }
        } else {
            inside = false;
        }
    }
    items
}

fn is_fast(item: &str) -> bool {
    let text = Bytes::from(format!("{HEAD}{item}{TAIL}"));
    Index::read(text.clone()).is_ok_and(|index| {
        let edit = index.edit(&[new_entry("another")], jiff::Timestamp::UNIX_EPOCH);
        edit.is_ok_and(|edit| edit.text.is_some_and(|after| is_edited_in_place(&text, &after)))
    })
}

/// The field whose removal makes the version editable in place.
fn of_an_item(item: &str) -> String {
    let fields = fields(item);
    for (number, field) in fields.iter().enumerate() {
        let rest: String = fields
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != number)
            .map(|(_, field)| field.as_str())
            .collect();
        // Only the first line of a version has the dash.
        let rest = format!("  - {}", rest.get(4..).unwrap_or_default());
        if is_fast(&rest) {
            return of_a_field(field);
        }
    }
    "several fields of a version".to_owned()
}

/// The lines of each field, without the dash.
fn fields(item: &str) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for (number, line) in item.split_inclusive('\n').enumerate() {
        let line = if number == 0 {
            line.replacen('-', " ", 1)
        } else {
            line.to_owned()
        };
        let begins = line.get(4..).is_some_and(|rest| !rest.starts_with([' ', '-', '\n']));
        match fields.last_mut() {
            Some(field) if !begins => field.push_str(&line),
            _ => fields.push(line),
        }
    }
    fields
}

/// Describes a field and how its value is written.
fn of_a_field(field: &str) -> String {
    let (name, value) = field.trim_start().split_once(':').unwrap_or((field.trim(), ""));
    let (first, more) = value.split_once('\n').unwrap_or((value, ""));
    let first = first.trim();
    let lines = if more.trim().is_empty() {
        ""
    } else {
        ", on several lines"
    };
    let how = match first.chars().next() {
        Some(character @ ('>' | '|')) => format!("{character} block"),
        Some('"') => format!("in double quotes{lines}"),
        Some('\'') => format!("in single quotes{lines}"),
        Some('[' | '{') => "flow style".to_owned(),
        Some('&' | '*' | '!') => "anchor, alias or tag".to_owned(),
        Some(character) if character.is_alphanumeric() => format!("plain{lines}: {}", start(first)),
        Some(character) => format!("plain, begins with {character}{lines}"),
        None => format!("nested: {}", more.lines().next().map(start).unwrap_or_default()),
    };
    format!("{name} ({how})")
}

fn start(text: &str) -> String {
    text.trim().chars().take(24).collect()
}
