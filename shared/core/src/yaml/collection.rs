//! Collections that are being read.

use super::{Error, Mapping, Place, Value, budget::Size, event::AnchorId};

/// A collection whose end has not been read yet.
pub(super) struct Open {
    pub(super) anchor: Option<AnchorId>,
    pub(super) at: Place,
    pub(super) size: Size,
    pub(super) content: Content,
}

pub(super) enum Content {
    Sequence(Vec<Value>),
    Mapping(OpenMapping),
    /// The list after `<<:`.
    MergeList(Vec<Mapping>),
}

#[derive(Default)]
pub(super) struct OpenMapping {
    pub(super) entries: Mapping,
    /// The line of each entry's key; `None` if it came by a merge.
    pub(super) lines: Vec<Option<usize>>,
    pub(super) expected: Expected,
}

/// The meaning of the next node in a mapping.
#[derive(Default)]
pub(super) enum Expected {
    #[default]
    Key,
    Value {
        key: String,
        line: usize,
    },
    Merge,
}

/// A key that was already set.
pub(super) struct Twice {
    pub(super) key: String,
    pub(super) line: Option<usize>,
    pub(super) first_line: Option<usize>,
}

impl OpenMapping {
    /// Sets an entry. The last value counts, in the position of the first.
    pub(super) fn set(&mut self, key: String, value: Value, line: Option<usize>) -> Option<Twice> {
        let (at, old) = self.entries.insert_full(key, value);
        let Some(first_line) = self.lines.get_mut(at) else {
            self.lines.push(line);
            return None;
        };
        let first_line = std::mem::replace(first_line, line.or(*first_line));
        old?;
        let key = self
            .entries
            .get_index(at)
            .map(|(key, _)| key.clone())
            .unwrap_or_default();
        Some(Twice { key, line, first_line })
    }
}

/// A key as text, by the rules of sigs.k8s.io/yaml.
pub(super) fn key_text(key: Value, at: Place) -> Result<String, Error> {
    let found = match key {
        Value::String(text) => return Ok(text),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            let text = key.to_text().unwrap_or_default();
            return Ok(match text.as_str() {
                "+Inf" => ".inf".to_owned(),
                "-Inf" => "-.inf".to_owned(),
                "NaN" => ".nan".to_owned(),
                _ => text,
            });
        }
        Value::Null => "nothing",
        Value::Uint(_) => "a number beyond 9223372036854775807",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
    };
    Err(Error::Key { at, found })
}

/// The path of the next node, such as `dependencies[0].version`.
pub(super) fn path(open: &[Open]) -> String {
    let mut path = String::new();
    for open in open {
        match &open.content {
            Content::Sequence(items) => path.push_str(&format!("[{}]", items.len())),
            Content::Mapping(OpenMapping {
                expected: Expected::Value { key, .. },
                ..
            }) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Content::Mapping(_) | Content::MergeList(_) => {}
        }
    }
    path
}
