//! The values in a YAML text.

use indexmap::IndexMap;

use super::number;

/// The entries of a mapping in the order of the text. Keys are text: `1: a` has the key "1", as in
/// Helm.
pub type Mapping = IndexMap<String, Value>;

/// A value, resolved as Helm resolves it: YAML 1.1 with the deviations of go.yaml.in/yaml/v2.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// An empty value, `~`, or `null`.
    #[default]
    Null,
    /// `true`, and also `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// A whole number; `010` is 8, `0x10` is 16, `1_000` is 1000.
    Int(i64),
    /// A whole number above `i64::MAX`.
    Uint(u64),
    /// Any other number, always finite.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    Sequence(Vec<Self>),
    /// A mapping.
    Mapping(Mapping),
}

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they say what they are")]
pub enum Kind {
    Null,
    Bool,
    Number,
    Text,
    Sequence,
    Mapping,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Sequence => "a list",
            Self::Mapping => "a mapping",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Value {
    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries, if it is a mapping.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match self {
            Self::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Self]> {
        match self {
            Self::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The entry under a key, if it is a mapping and has that key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.get(key)
    }

    /// What Helm reads if a field needs text: a number or boolean becomes text by Go's rules
    /// (`1.10` is "1.1", `yes` is "true"), and null becomes empty text. `None` for lists and
    /// mappings, which Helm rejects there.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Null => Some(String::new()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::Uint(value) => Some(value.to_string()),
            Self::Float(value) => Some(number::float32_text(*value)),
            Self::String(text) => Some(text.clone()),
            Self::Sequence(_) | Self::Mapping(_) => None,
        }
    }

    /// The value as JSON, as Helm converts it: floats without a fraction become whole numbers.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) => Json::from(*value),
            Self::Uint(value) => Json::from(*value),
            Self::Float(value) => json_number(*value),
            Self::String(text) => Json::String(text.clone()),
            Self::Sequence(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Mapping(mapping) => Json::Object(
                mapping
                    .iter()
                    .map(|(key, value)| (key.clone(), value.to_json()))
                    .collect(),
            ),
        }
    }

    /// The value as JSON after passing through a Go `interface{}`, as the values in `import-values`
    /// do: every number is a float in between, so digits beyond 2^53 are lost, and keys are sorted.
    #[must_use]
    pub fn to_untyped_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            #[expect(clippy::cast_precision_loss, reason = "the loss is what Helm does")]
            Self::Int(value) => json_number(*value as f64),
            #[expect(clippy::cast_precision_loss, reason = "the loss is what Helm does")]
            Self::Uint(value) => json_number(*value as f64),
            Self::Sequence(items) => Json::Array(items.iter().map(Self::to_untyped_json).collect()),
            Self::Mapping(mapping) => {
                let mut entries: Vec<_> = mapping.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                Json::Object(
                    entries
                        .into_iter()
                        .map(|(key, value)| (key.clone(), value.to_untyped_json()))
                        .collect(),
                )
            }
            _ => self.to_json(),
        }
    }

    /// The kind of the value, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind_of().name()
    }

    /// The kind of the value.
    #[must_use]
    pub fn kind_of(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => Kind::Number,
            Self::String(_) => Kind::Text,
            Self::Sequence(_) => Kind::Sequence,
            Self::Mapping(_) => Kind::Mapping,
        }
    }
}

/// Go writes 1.0 as `1`, and whole numbers with zeros after the digits that distinguish the float
/// from its neighbours.
fn json_number(value: f64) -> serde_json::Value {
    let digits = value.to_string();
    match (digits.parse::<i64>(), digits.parse::<u64>()) {
        (Ok(0), _) if value.is_sign_negative() => serde_json::Value::from(value),
        (Ok(whole), _) => serde_json::Value::from(whole),
        (_, Ok(whole)) => serde_json::Value::from(whole),
        _ => serde_json::Value::from(value),
    }
}
