//! From YAML to [`Metadata`], with the conversions of sigs.k8s.io/yaml and the tolerance of Go's
//! `encoding/json`.

use std::{collections::BTreeMap, fmt};

use super::time::is_time;
use super::{ChartYaml, ChartYamlError, Dependency, Expected, Lock, Maintainer, Metadata, Warning, field};
use crate::yaml::{self, Document, Duplicates, Limits, Value};

/// Sets the fields that the text has, and leaves the others unchanged.
pub(super) fn decode_into(chart: &mut ChartYaml, bytes: &[u8]) -> Result<(), ChartYamlError> {
    let document = yaml::parse(bytes, &Limits::CHART_YAML, Duplicates::LastWins)?;
    let ChartYaml { metadata, warnings } = chart;
    warnings.extend(document.duplicate_keys.iter().map(|twice| Warning::DuplicateKey {
        key: twice.key.clone(),
        line: twice.line,
        first_line: twice.first_line,
    }));
    let mut decoder = Decoder {
        document: &document,
        warnings,
        line: None,
    };
    decoder.metadata(metadata)
}

/// Reads a lock file. Helm parses `generated` as a `time.Time`, which accepts only text.
pub(super) fn decode_lock(bytes: &[u8]) -> Result<Lock, ChartYamlError> {
    let document = yaml::parse(bytes, &Limits::CHART_YAML, Duplicates::LastWins)?;
    let mut decoder = Decoder {
        document: &document,
        warnings: &mut Vec::new(),
        line: None,
    };
    let mut lock = Lock::default();
    decoder.lock(&mut lock)?;
    Ok(lock)
}

struct Decoder<'doc> {
    document: &'doc Document,
    warnings: &'doc mut Vec<Warning>,
    /// The line of the outermost field that is being decoded.
    line: Option<usize>,
}

/// The place of a value.
#[derive(Clone, Copy)]
enum Path<'path> {
    Top,
    Field(&'path Self, &'path str),
    Item(&'path Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Field(Self::Top, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

type Decoded = Result<(), ChartYamlError>;

impl Decoder<'_> {
    fn metadata(&mut self, to: &mut Metadata) -> Decoded {
        let entries = match &self.document.value {
            // An empty Chart.yaml is accepted here; the missing name is found later.
            Value::Null => return Ok(()),
            Value::Mapping(entries) => entries,
            other => return Err(ChartYamlError::NotAMapping { found: other.kind() }),
        };
        for (key, value) in in_the_order_of_json(entries) {
            self.line = self.document.line_of(key);
            let at = &Path::Field(&Path::Top, key);
            match field::named(key, field::METADATA) {
                Some("name") => self.text(&mut to.name, value, at)?,
                Some("home") => self.text(&mut to.home, value, at)?,
                Some("sources") => self.list(&mut to.sources, value, at, Self::text)?,
                Some("version") => self.text(&mut to.version, value, at)?,
                Some("description") => self.text(&mut to.description, value, at)?,
                Some("keywords") => self.list(&mut to.keywords, value, at, Self::text)?,
                Some("maintainers") => self.list(&mut to.maintainers, value, at, Self::maintainer)?,
                Some("icon") => self.text(&mut to.icon, value, at)?,
                Some("apiVersion") => self.text(&mut to.api_version, value, at)?,
                Some("condition") => self.text(&mut to.condition, value, at)?,
                Some("tags") => self.text(&mut to.tags, value, at)?,
                Some("appVersion") => self.text(&mut to.app_version, value, at)?,
                Some("deprecated") => self.boolean(&mut to.deprecated, value, at)?,
                Some("annotations") => self.annotations(&mut to.annotations, value, at)?,
                Some("kubeVersion") => self.text(&mut to.kube_version, value, at)?,
                Some("dependencies") => self.list(&mut to.dependencies, value, at, Self::dependency)?,
                Some("type") => self.text(&mut to.kind, value, at)?,
                _ => self.unknown(key),
            }
        }
        Ok(())
    }

    fn lock(&mut self, to: &mut Lock) -> Decoded {
        let entries = match &self.document.value {
            Value::Null => return Ok(()),
            Value::Mapping(entries) => entries,
            other => return Err(ChartYamlError::NotAMapping { found: other.kind() }),
        };
        for (key, value) in in_the_order_of_json(entries) {
            self.line = self.document.line_of(key);
            let at = &Path::Field(&Path::Top, key);
            match field::named(key, field::LOCK) {
                Some("dependencies") => self.list(&mut to.dependencies, value, at, Self::locked)?,
                Some("digest") => self.text(&mut String::new(), value, at)?,
                Some("generated") => match value {
                    Value::Null => {}
                    Value::String(text) if is_time(text.as_bytes()) => {}
                    _ => return Err(self.wrong(value, at, Expected::Time)),
                },
                _ => {}
            }
        }
        Ok(())
    }

    /// Helm checks the dependencies of a chart, but not those of a lock.
    fn locked(&mut self, to: &mut Dependency, value: &Value, at: &Path<'_>) -> Decoded {
        match value {
            Value::Null => Ok(()),
            _ => self.dependency(to, value, at),
        }
    }

    fn maintainer(&mut self, to: &mut Maintainer, value: &Value, at: &Path<'_>) -> Decoded {
        for (key, value) in in_the_order_of_json(self.entry(value, at)?) {
            let at = &Path::Field(at, key);
            match field::named(key, field::MAINTAINER) {
                Some("name") => self.text(&mut to.name, value, at)?,
                Some("email") => self.text(&mut to.email, value, at)?,
                Some("url") => self.text(&mut to.url, value, at)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn dependency(&mut self, to: &mut Dependency, value: &Value, at: &Path<'_>) -> Decoded {
        for (key, value) in in_the_order_of_json(self.entry(value, at)?) {
            let at = &Path::Field(at, key);
            match field::named(key, field::DEPENDENCY) {
                Some("name") => self.text(&mut to.name, value, at)?,
                Some("version") => self.text(&mut to.version, value, at)?,
                Some("repository") => self.text(&mut to.repository, value, at)?,
                Some("condition") => self.text(&mut to.condition, value, at)?,
                Some("tags") => self.list(&mut to.tags, value, at, Self::text)?,
                Some("enabled") => self.boolean(&mut to.enabled, value, at)?,
                Some("import-values") => self.list(&mut to.import_values, value, at, Self::untyped)?,
                Some("alias") => self.text(&mut to.alias, value, at)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A mapping in a list. Helm's own checks reject a null there later; here its place is known.
    fn entry<'value>(&self, value: &'value Value, at: &Path<'_>) -> Result<&'value yaml::Mapping, ChartYamlError> {
        match value {
            Value::Mapping(entries) => Ok(entries),
            Value::Null => Err(ChartYamlError::EmptyEntry {
                field: at.to_string(),
                line: self.line,
            }),
            _ => Err(self.wrong(value, at, Expected::Mapping)),
        }
    }

    fn text(&mut self, to: &mut String, value: &Value, at: &Path<'_>) -> Decoded {
        match value {
            // JSON's null leaves a Go string unchanged.
            Value::Null => return Ok(()),
            Value::String(text) => {
                to.clone_from(text);
                return Ok(());
            }
            _ => {}
        }
        *to = value.to_text().ok_or_else(|| self.wrong(value, at, Expected::Text))?;
        let field = at.to_string();
        if let Some(converted) = self.document.converted.iter().find(|converted| converted.path == field) {
            self.warnings.push(Warning::ReadOtherwise {
                field,
                line: converted.line,
                written: converted.written.clone(),
                read: to.clone(),
            });
        }
        Ok(())
    }

    fn boolean(&mut self, to: &mut bool, value: &Value, at: &Path<'_>) -> Decoded {
        match value {
            Value::Null => {}
            Value::Bool(value) => *to = *value,
            _ => return Err(self.wrong(value, at, Expected::Boolean)),
        }
        Ok(())
    }

    /// Go decodes a list into the elements that an earlier list in the same field has left.
    fn list<Item: Default>(
        &mut self,
        to: &mut Vec<Item>,
        value: &Value,
        at: &Path<'_>,
        item: impl Fn(&mut Self, &mut Item, &Value, &Path<'_>) -> Decoded,
    ) -> Decoded {
        match value {
            Value::Null => to.clear(),
            Value::Sequence(items) => {
                to.resize_with(items.len(), Item::default);
                for (index, (to, value)) in to.iter_mut().zip(items).enumerate() {
                    item(self, to, value, &Path::Item(at, index))?;
                }
            }
            _ => return Err(self.wrong(value, at, Expected::List)),
        }
        Ok(())
    }

    fn annotations(&mut self, to: &mut BTreeMap<String, String>, value: &Value, at: &Path<'_>) -> Decoded {
        match value {
            Value::Null => to.clear(),
            Value::Mapping(entries) => {
                for (key, value) in in_the_order_of_json(entries) {
                    let mut text = String::new();
                    self.text(&mut text, value, &Path::Field(at, key))?;
                    to.insert(key.to_owned(), text);
                }
            }
            _ => return Err(self.wrong(value, at, Expected::Mapping)),
        }
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "one of several that a list takes")]
    fn untyped(&mut self, to: &mut serde_json::Value, value: &Value, _: &Path<'_>) -> Decoded {
        *to = value.to_untyped_json();
        Ok(())
    }

    fn unknown(&mut self, key: &str) {
        if let Some(known) = field::meant(key) {
            self.warnings.push(Warning::UnknownField {
                field: key.to_owned(),
                line: self.line,
                known,
            });
        }
    }

    fn wrong(&self, value: &Value, at: &Path<'_>, expected: Expected) -> ChartYamlError {
        ChartYamlError::Field {
            field: at.to_string(),
            line: self.line,
            expected,
            found: value.kind(),
        }
    }
}

/// Helm converts to JSON first, whose keys Go writes in byte order: of `Name` and `name`, `name`
/// counts.
fn in_the_order_of_json(entries: &yaml::Mapping) -> Vec<(&str, &Value)> {
    let mut entries: Vec<_> = entries.iter().map(|(key, value)| (key.as_str(), value)).collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}
