//! `Chart.lock`, which Helm reads and rewrites as it does `Chart.yaml`.

use chartdrop::chart::{ChartYamlError, Dependency, Metadata};
use chartdrop::yaml::{self, Duplicates, Limits, Mapping, Value};
use serde::Serialize;

/// Go's zero time, which Helm writes for a lock without a time.
const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// Why a lock file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum LockError {
    #[error(transparent)]
    Yaml(#[from] yaml::Error),
    #[error("it contains {0} instead of a mapping; run `helm dependency update`, then try again")]
    Kind(&'static str),
    #[error(transparent)]
    Dependencies(#[from] ChartYamlError),
    #[error("`digest` is {0} instead of text; run `helm dependency update`, then try again")]
    Digest(&'static str),
    #[error("`generated` is not a time such as 2026-01-01T00:00:00Z; run `helm dependency update`, then try again")]
    Generated,
}

/// The fields of a lock that Helm knows.
#[derive(Debug, Serialize)]
pub(super) struct Lock {
    /// `None` if the field is absent: Helm writes an absent list and an empty one differently.
    dependencies: Option<Vec<Dependency>>,
    digest: String,
    generated: String,
}

impl Lock {
    /// Reads a lock; `None` for an empty file.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, LockError> {
        let limits = Limits::for_index(bytes.len());
        let document = yaml::parse(bytes, &limits, Duplicates::LastWins)?;
        let fields = match document.value {
            Value::Null => return Ok(None),
            Value::Mapping(fields) => fields,
            other => return Err(LockError::Kind(other.kind())),
        };
        let has_list = matches!(field(&fields, "dependencies"), Some(Value::Sequence(_)));
        // The field has the same form as in Chart.yaml.
        let dependencies = Metadata::from_chart_yaml(bytes)?.metadata.dependencies;
        let digest = match field(&fields, "digest") {
            None => String::new(),
            Some(value) => value.to_text().ok_or(LockError::Digest(value.kind()))?,
        };
        let generated = match field(&fields, "generated") {
            None | Some(Value::Null) => ZERO_TIME.to_owned(),
            Some(Value::String(text)) => time(text).ok_or(LockError::Generated)?,
            Some(_) => return Err(LockError::Generated),
        };
        Ok(Some(Self {
            dependencies: has_list.then_some(dependencies),
            digest,
            generated,
        }))
    }
}

/// A field as Go finds it: names match in any case, and of several, the last one in byte order
/// wins.
fn field<'a>(fields: &'a Mapping, name: &str) -> Option<&'a Value> {
    let mut named: Vec<_> = fields
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .collect();
    named.sort_unstable_by_key(|(key, _)| *key);
    named.pop().map(|(_, value)| value)
}

/// A time as Go rewrites it: RFC 3339 with at most nine digits after the second, without trailing
/// zeros.
fn time(text: &str) -> Option<String> {
    let (day, time) = text.split_once('T')?;
    let zone = time.find(['Z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone)?;
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let fraction = fraction.get(..fraction.len().min(9))?.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let zone = if matches!(zone, "+00:00" | "-00:00") { "Z" } else { zone };
    let time = format!("{day}T{seconds}{point}{fraction}{zone}");
    time.parse::<jiff::Timestamp>().ok()?;
    Some(time)
}

#[cfg(test)]
mod tests {
    use super::super::go_yaml;
    use super::*;

    fn written(text: &str) -> String {
        let lock = Lock::read(text.as_bytes()).unwrap().unwrap();
        go_yaml::to_string(&lock).unwrap()
    }

    #[test]
    fn a_lock_is_rewritten_as_helm_rewrites_it() {
        let lock = "# a comment\ndigest: sha256:00\ngenerated: 2026-01-01T10:00:00.12000000000000+02:00\ndependencies:\n  - {version: 1.0.4, name: child}\n";
        assert_eq!(
            written(lock),
            "dependencies:\n- name: child\n  repository: \"\"\n  version: 1.0.4\ndigest: sha256:00\n\
             generated: \"2026-01-01T10:00:00.12+02:00\"\n"
        );
        assert_eq!(
            written("Digest: x\n"),
            "dependencies: null\ndigest: x\ngenerated: \"0001-01-01T00:00:00Z\"\n"
        );
        assert_eq!(
            written("dependencies: []\ngenerated: 2026-01-01T00:00:00.000+00:00\n"),
            "dependencies: []\ndigest: \"\"\ngenerated: \"2026-01-01T00:00:00Z\"\n"
        );
    }

    #[test]
    fn an_empty_lock_is_read_as_absent_and_a_broken_one_is_an_error() {
        assert!(Lock::read(b"# nothing\n").unwrap().is_none());
        for bad in [
            "- a\n",
            "generated: yesterday\n",
            "digest: [a]\n",
            "dependencies: x\n",
            "a: [\n",
        ] {
            assert!(Lock::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
