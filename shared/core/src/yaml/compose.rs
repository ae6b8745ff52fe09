//! From events to a value: anchors, aliases, merge keys and duplicate keys, all with limits.
//!
//! Follows the decoder of go.yaml.in/yaml/v2 (`decode.go`). It does not recurse, so the depth of a
//! text does not use the stack.

use std::collections::HashMap;

use super::{
    Converted, Document, DuplicateKey, Duplicates, Error, Kind, Limits, Mapping, Place, Value,
    budget::{Budget, Size},
    collection::{self, Content, Expected, Open, OpenMapping, Twice},
    event::{AnchorId, Event, Events, Scalar},
    resolve,
};

/// The most notes that are kept: people read them.
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

/// Like [`first_document`], without the values.
pub(super) fn first_kind(text: &str, limits: &Limits) -> Result<Kind, Error> {
    let mut events = Events::new(text, limits);
    let mut kind = None;
    loop {
        let found = match events.next()?.0 {
            Event::End => return Ok(kind.unwrap_or(Kind::Null)),
            Event::Scalar(scalar) => resolve::resolve(&scalar).map_or(Kind::Text, |value| value.kind_of()),
            Event::SequenceStart(_) => Kind::Sequence,
            Event::MappingStart(_) => Kind::Mapping,
            Event::SequenceEnd | Event::MappingEnd | Event::Alias(_) => continue,
        };
        kind.get_or_insert(found);
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
    /// Whether it is a merge key `<<`.
    merge_key: bool,
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
        // The parser knows the anchor, so if its node is not finished, this alias is inside it.
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

    /// Adds a finished node to its collection.
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
                        key: collection::key_text(node.value, node.at)?,
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

    /// Adds the entries of merged mappings to the innermost open mapping. Earlier mappings override
    /// later ones, and all of them override existing entries, as in go-yaml v2 and against the rule
    /// of YAML.
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
            (Duplicates::Reject, _) => Err(Error::DuplicateKey {
                key,
                line: line.unwrap_or_default(),
                first_line: first_line.unwrap_or_default(),
            }),
            // Overriding merged entries is the purpose of merging.
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
        let path = collection::path(&self.open);
        self.document.converted.push(Converted {
            path,
            line: at.line,
            written: scalar.text.clone().into_owned(),
        });
    }
}
