//! A chart's `values.yaml`: its content, for checks that need it ([`Values`]), and whether Helm can
//! load it ([`check_loadable`]).
//!
//! These are different questions. Helm 4 reads every document of the file, and the check separates
//! them in the same way. A chart is installed with the first document, as a YAML parser finds it.

use std::sync::OnceLock;

use crate::size::OverLimit;
use crate::yaml::{self, Duplicates, Value};

/// Larger values are not read, because that would take many times their size in memory. The largest
/// in wide use have a quarter of it.
const MAX_READ_BYTES: usize = 1024 * 1024;

/// The check runs for every upload. For a larger document it checks only the syntax, because the
/// values would take many times its size in memory.
const MAX_CHECKED_BYTES: usize = 256 * 1024;

/// The values of a chart, parsed once, on first use.
#[derive(Debug, Default)]
pub struct Values {
    text: Vec<u8>,
    read: OnceLock<Result<Value, ValuesError>>,
}

/// Why the values cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValuesError {
    /// They are too large.
    #[error("values.yaml has {}, so it cannot be checked", OverLimit::of(*size, MAX_READ_BYTES))]
    TooLarge {
        /// Their size in bytes.
        size: usize,
    },
    /// They are not YAML.
    #[error("values.yaml cannot be read: {0}")]
    Yaml(String),
}

impl Values {
    /// The values in the text of a `values.yaml`. A chart without that file has the same values as
    /// with an empty one.
    pub fn new(text: Option<Vec<u8>>) -> Self {
        Self {
            text: text.unwrap_or_default(),
            read: OnceLock::new(),
        }
    }

    /// The parsed values.
    ///
    /// # Errors
    ///
    /// [`ValuesError`] if the text is too large or is not YAML.
    pub fn read(&self) -> Result<&Value, ValuesError> {
        self.read
            .get_or_init(|| read(&self.text))
            .as_ref()
            .map_err(Clone::clone)
    }
}

fn read(text: &[u8]) -> Result<Value, ValuesError> {
    if text.len() > MAX_READ_BYTES {
        return Err(ValuesError::TooLarge { size: text.len() });
    }
    yaml::parse(text, &yaml::Limits::for_index(text.len()), Duplicates::LastWins)
        .map(|document| document.value)
        .map_err(|error| ValuesError::Yaml(error.to_string()))
}

/// Helm cannot load the values, and so cannot load the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// At least one of the two Helms certainly cannot.
    ByHelm(String),
    /// This reader cannot, but go-yaml might.
    Perhaps(String),
}

/// Checks whether both Helms can load a `values.yaml`. Helm 3 reads its first document, Helm 4 all
/// of them.
///
/// # Errors
///
/// [`Unreadable`] has the reason, for the person who wrote it.
pub(crate) fn check_loadable(text: &[u8]) -> Result<(), Unreadable> {
    let mut perhaps = Ok(());
    for Document { line, text } in documents(text)? {
        match kind(text) {
            Ok(yaml::Kind::Mapping | yaml::Kind::Null) => {}
            Ok(kind) => {
                return Err(Unreadable::ByHelm(format!(
                    "it contains {kind}{} instead of a mapping",
                    behind(line)
                )));
            }
            Err(error) if is_certain(&error, text) => {
                return Err(Unreadable::ByHelm(format!("{error}{}", behind(line))));
            }
            Err(error) => perhaps = Err(Unreadable::Perhaps(format!("{error}{}", behind(line)))),
        }
    }
    perhaps
}

/// Whether Helm cannot read it either. Values are not text, so an infinity stops both Helms. If
/// go-yaml ends a line where other readers do not, it may read another text.
fn is_certain(error: &yaml::Error, text: &[u8]) -> bool {
    let stops = error.stops_helm() || matches!(error, yaml::Error::NotFinite { .. });
    stops && !yaml::has_disputed_lines(text)
}

fn behind(line: usize) -> String {
    match line {
        0 => String::new(),
        line => format!(" (in the document after line {line})"),
    }
}

fn kind(text: &[u8]) -> Result<yaml::Kind, yaml::Error> {
    let limits = yaml::Limits::for_index(text.len());
    if text.len() > MAX_CHECKED_BYTES {
        return yaml::kind(text, &limits);
    }
    yaml::parse(text, &limits, Duplicates::LastWins).map(|document| document.value.kind_of())
}

/// One of several documents.
struct Document<'text> {
    /// The number of lines before it.
    line: usize,
    text: &'text [u8],
}

/// The documents as Helm 4 separates them before parsing any
/// (<https://github.com/kubernetes/apimachinery/blob/master/pkg/util/yaml/decoder.go>,
/// `YAMLReader`): at each line that begins with `---`, even inside a text.
fn documents(text: &[u8]) -> Result<Vec<Document<'_>>, Unreadable> {
    let mut documents = Vec::new();
    let mut began = 0;
    let mut line_of = 0;
    let mut at = 0;
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = rest.trim_ascii();
            if !rest.is_empty() && !rest.starts_with(b"#") {
                return Err(Unreadable::ByHelm(format!(
                    "line {}: Helm 4 accepts only a comment after `---`",
                    number + 1
                )));
            }
            if at > began {
                documents.extend(text.get(began..at).map(|text| Document { line: line_of, text }));
                began = at + line.len();
                line_of = number + 1;
            }
        }
        at += line.len();
    }
    documents.extend(text.get(began..).map(|text| Document { line: line_of, text }));
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_both_helms_load_pass() {
        for text in [
            "",
            "# nothing\n",
            "null",
            "{}",
            "a: 1\nb: [c]\n",
            "---\na: 1\n",
            "--- # a comment\na: 1\n---\nb: 2\n",
            "a: 1\n---\n---\nb: 2\n---",
            "a: |\n  -----BEGIN\n",
            "a: 1\na: 2\n",
        ] {
            assert_eq!(check_loadable(text.as_bytes()), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn values_that_a_helm_does_not_load_are_told_with_their_place() {
        for (text, says) in [
            ("- a\n", "a list"),
            ("text\n", "text"),
            ("a: 1\n b: 2\n", "line 2"),
            ("a: [\n", "line"),
            ("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n", "line"),
            ("a: .inf\n", "not a number"),
            ("a: 1\n---\n- b\n", "line 2"),
            ("a: 1\n--- b\n", "line 2"),
        ] {
            match check_loadable(text.as_bytes()) {
                Err(Unreadable::ByHelm(problem)) => assert!(problem.contains(says), "{text:?}: {problem}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn values_that_helm_may_load_are_doubted_and_no_more() {
        for text in [
            "a: b\u{85}c\n",
            "# a\u{2028}# b: [\na: {}\u{2028}\n",
            "a: 1\rb: 2\n",
            "a: b\u{feff}c\n",
            "a: {}# a comment\n",
            "a: \"\"\u{2028}\n\n",
            "  a: 1\nb: 2\n",
        ] {
            assert!(
                matches!(check_loadable(text.as_bytes()), Err(Unreadable::Perhaps(_))),
                "{text:?}"
            );
        }
    }

    #[test]
    fn large_values_are_checked_too() {
        let filler = "a: [1, 2, 3]\n".repeat(100);
        let large = (0..300).map(|number| format!("k{number}:\n  {}", filler.replace('\n', "\n  ").trim_end()));
        let large = large.collect::<Vec<_>>().join("\n");
        assert!(large.len() > MAX_CHECKED_BYTES);
        assert_eq!(check_loadable(large.as_bytes()), Ok(()));
        assert!(matches!(
            check_loadable(format!("{large}\n x: [").as_bytes()),
            Err(Unreadable::ByHelm(_))
        ));
        assert!(matches!(
            check_loadable(format!("- {}", large.replace('\n', "\n  ")).as_bytes()),
            Err(Unreadable::ByHelm(_))
        ));
    }
}
