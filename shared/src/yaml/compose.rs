//! From events to a value: anchors, aliases, merge keys, duplicate keys, and the bounds on all of them.
//!
//! Follows the decoder of go.yaml.in/yaml/v2 (`decode.go`). No recursion: the depth of a text is data, not stack.

use std::collections::HashMap;

use super::{
    Converted, Document, DuplicateKey, Duplicates, Error, Limits, Mapping, Place, Value,
    budget::{Budget, Size},
    event::{AnchorId, Event, Events, Scalar},
    resolve,
};

/// Notes beyond this many are not taken: they are for people.
const MOST_NOTES: usize = 100;

/// Reads the first document of a text that has passed the checks on its bytes.
pub(super) fn first_document(text: &str, limits: &Limits, duplicates: Duplicates) -> Result<Document, Error> {
    let mut events = Events::new(text, limits);
    let mut composer = Composer::new(limits, duplicates);
    loop {
        let (event, at) = events.next()?;
        if let Event::End = event {
            return Ok(composer.finish());
        }
        composer.step(event, at)?;
    }
}

struct Composer {
    duplicates: Duplicates,
    budget: Budget,
    open: Vec<Open>,
    anchors: HashMap<AnchorId, Anchored>,
    document: Document,
}

/// A finished node that aliases can repeat.
struct Anchored {
    value: Value,
    size: Size,
}

/// A finished node on its way to its parent.
struct Node {
    value: Value,
    size: Size,
    at: Place,
    /// Whether it is a key `<<` as the merge rule wants it.
    merge_key: bool,
}

/// A collection whose end is still to come.
struct Open {
    anchor: Option<AnchorId>,
    at: Place,
    size: Size,
    content: Content,
}

enum Content {
    Sequence(Vec<Value>),
    Mapping(OpenMapping),
    /// The list after `<<:`.
    MergeList(Vec<Mapping>),
}

#[derive(Default)]
struct OpenMapping {
    entries: Mapping,
    /// The line of each entry's key; `None` if it came by a merge.
    lines: Vec<Option<usize>>,
    expected: Expected,
}

/// What the next node in a mapping is.
#[derive(Default)]
enum Expected {
    #[default]
    Key,
    Value {
        key: String,
        line: usize,
    },
    Merge,
}

impl Composer {
    fn new(limits: &Limits, duplicates: Duplicates) -> Self {
        Self {
            duplicates,
            budget: Budget::new(*limits),
            open: Vec::new(),
            anchors: HashMap::new(),
            document: Document::default(),
        }
    }

    fn finish(self) -> Document {
        self.document
    }

    fn step(&mut self, event: Event<'_>, at: Place) -> Result<(), Error> {
        match event {
            Event::Scalar(scalar) => {
                let node = self.scalar(&scalar, at)?;
                self.place(node, scalar.anchor)
            }
            Event::Alias(anchor) => {
                let node = self.alias(anchor, at)?;
                self.place(node, None)
            }
            Event::SequenceStart(anchor) => {
                let content = if self.expects_merge() {
                    Content::MergeList(Vec::new())
                } else {
                    self.budget.node(at)?;
                    Content::Sequence(Vec::new())
                };
                self.start(anchor, at, content)
            }
            Event::MappingStart(anchor) => {
                self.budget.node(at)?;
                self.start(anchor, at, Content::Mapping(OpenMapping::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::End => Ok(()),
        }
    }

    fn start(&mut self, anchor: Option<AnchorId>, at: Place, content: Content) -> Result<(), Error> {
        self.budget.depth(self.open.len() + 1, at)?;
        self.open.push(Open {
            anchor,
            at,
            size: Size::NODE,
            content,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(Open {
            anchor,
            at,
            size,
            content,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        let value = match content {
            Content::Sequence(items) => Value::Sequence(items),
            Content::Mapping(OpenMapping { entries, lines, .. }) => {
                if self.open.is_empty() {
                    self.document.lines = lines;
                }
                Value::Mapping(entries)
            }
            Content::MergeList(mappings) => {
                if let Some(anchor) = anchor {
                    self.budget.copy(size, at)?;
                    let value = Value::Sequence(mappings.iter().cloned().map(Value::Mapping).collect());
                    self.anchors.insert(
                        anchor,
                        Anchored {
                            value,
                            size: size.wrapped(),
                        },
                    );
                }
                return self.merge_all(mappings, size);
            }
        };
        self.place(
            Node {
                value,
                size: size.wrapped(),
                at,
                merge_key: false,
            },
            anchor,
        )
    }

    fn scalar(&mut self, scalar: &Scalar<'_>, at: Place) -> Result<Node, Error> {
        let merge_key = self.expects_key() && resolve::is_merge(scalar);
        if !merge_key {
            self.budget.node(at)?;
        }
        let value = resolve::resolve(scalar).map_err(|unfit| Error::Tag {
            at,
            text: scalar.text.chars().take(40).collect(),
            tag: unfit.tag,
        })?;
        if !self.expects_key() {
            if matches!(value, Value::Float(value) if !value.is_finite()) {
                return Err(Error::NotFinite {
                    at,
                    text: scalar.text.clone().into_owned(),
                });
            }
            self.note_conversion(scalar, &value, at);
        }
        let size = Size::scalar(scalar.text.len());
        Ok(Node {
            value,
            size,
            at,
            merge_key,
        })
    }

    fn alias(&mut self, anchor: AnchorId, at: Place) -> Result<Node, Error> {
        self.budget.node(at)?;
        // The parser knows the anchor, so if its node is not finished, this alias stands inside it.
        let anchored = self.anchors.get(&anchor).ok_or(Error::SelfReference { at })?;
        self.budget.repeat(anchored.size, at)?;
        self.budget.depth(self.open.len() + anchored.size.height, at)?;
        Ok(Node {
            value: anchored.value.clone(),
            size: anchored.size.through_alias(),
            at,
            merge_key: false,
        })
    }

    /// Hands a finished node to the collection that it stands in.
    fn place(&mut self, node: Node, anchor: Option<AnchorId>) -> Result<(), Error> {
        if let Some(anchor) = anchor {
            self.budget.copy(node.size, node.at)?;
            self.anchors.insert(
                anchor,
                Anchored {
                    value: node.value.clone(),
                    size: node.size,
                },
            );
        }
        let Some(parent) = self.open.last_mut() else {
            self.document.value = node.value;
            return Ok(());
        };
        parent.size.add(node.size);
        match &mut parent.content {
            Content::Sequence(items) => items.push(node.value),
            Content::MergeList(mappings) => match node.value {
                Value::Mapping(mapping) => mappings.push(mapping),
                _ => return Err(Error::Merge { at: node.at }),
            },
            Content::Mapping(mapping) => match std::mem::take(&mut mapping.expected) {
                Expected::Key if node.merge_key => mapping.expected = Expected::Merge,
                Expected::Key => {
                    mapping.expected = Expected::Value {
                        key: key_text(node.value, node.at)?,
                        line: node.at.line,
                    };
                }
                Expected::Value { key, line } => {
                    let twice = mapping.set(key, node.value, Some(line));
                    self.note_duplicate(twice)?;
                }
                Expected::Merge => match node.value {
                    Value::Mapping(merged) => self.merge_all(vec![merged], Size::default())?,
                    _ => return Err(Error::Merge { at: node.at }),
                },
            },
        }
        Ok(())
    }

    /// Sets the entries of merged mappings in the innermost open mapping: earlier mappings over later ones, and all of
    /// them over what stands there already, as go-yaml v2 does against the rule of YAML.
    fn merge_all(&mut self, mappings: Vec<Mapping>, size: Size) -> Result<(), Error> {
        let Some(Open {
            content: Content::Mapping(target),
            size: target_size,
            ..
        }) = self.open.last_mut()
        else {
            return Ok(());
        };
        target_size.add(size);
        target.expected = Expected::Key;
        let mut twice = Vec::new();
        for (key, value) in mappings.into_iter().rev().flatten() {
            twice.extend(target.set(key, value, None));
        }
        twice.into_iter().try_for_each(|twice| self.note_duplicate(Some(twice)))
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                content: Content::Mapping(OpenMapping {
                    expected: Expected::Key,
                    ..
                }),
                ..
            })
        )
    }

    fn expects_merge(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                content: Content::Mapping(OpenMapping {
                    expected: Expected::Merge,
                    ..
                }),
                ..
            })
        )
    }

    fn note_duplicate(&mut self, twice: Option<Twice>) -> Result<(), Error> {
        let Some(Twice { key, line, first_line }) = twice else {
            return Ok(());
        };
        let notes = &mut self.document.duplicate_keys;
        match (self.duplicates, first_line) {
            (Duplicates::Refuse, _) => Err(Error::DuplicateKey {
                key,
                line: line.unwrap_or_default(),
                first_line: first_line.unwrap_or_default(),
            }),
            // To override what was merged is what merging is for.
            (Duplicates::LastWins, None) => Ok(()),
            (Duplicates::LastWins, Some(first_line)) => {
                if notes.len() < MOST_NOTES {
                    notes.push(DuplicateKey {
                        key,
                        line: line.unwrap_or(first_line),
                        first_line,
                    });
                }
                Ok(())
            }
        }
    }

    fn note_conversion(&mut self, scalar: &Scalar<'_>, value: &Value, at: Place) {
        if matches!(value, Value::String(_) | Value::Null)
            || self.document.converted.len() >= MOST_NOTES
            || value.to_text().is_some_and(|text| text == scalar.text)
        {
            return;
        }
        let path = self.path();
        self.document.converted.push(Converted {
            path,
            line: at.line,
            written: scalar.text.clone().into_owned(),
        });
    }

    /// Where the next node goes, such as `dependencies[0].version`.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
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
}

/// A key that was set before.
struct Twice {
    key: String,
    line: Option<usize>,
    first_line: Option<usize>,
}

impl OpenMapping {
    /// Sets an entry. The last value stays, at the place of the first.
    fn set(&mut self, key: String, value: Value, line: Option<usize>) -> Option<Twice> {
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
fn key_text(key: Value, at: Place) -> Result<String, Error> {
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
