//! YAML as Helm reads it. Only this module knows how it is parsed.
//!
//! Helm reads `Chart.yaml` and `index.yaml` with sigs.k8s.io/yaml: go.yaml.in/yaml/v2 turns the
//! text into values, they are converted to JSON, and on the way a number becomes text if a field
//! needs text. So `appVersion: 1.10` is "1.1", `010` is 8, `yes` is true, and of two equal keys the
//! last counts. A chart's meaning is what Helm reads. A reader with other rules would publish
//! another chart than the one that Helm installs.
//!
//! # What was chosen, and why
//!
//! `serde_yaml` is the usual answer. It is archived, and neither it nor its forks and successors
//! (serde_yaml_ng, serde_norway, serde-saphyr) can be used here. Through serde, it is lost whether
//! a scalar was quoted and how a number was written. They follow YAML 1.2 and reject duplicate keys
//! and several documents, and serde_yaml takes 20 seconds for a hundred thousand brackets. So an
//! event parser reads the syntax, and the meaning is implemented here after the Go code: `resolve`
//! follows its `resolve.go`, `compose` its `decode.go`, and [`Value::to_text`] the conversion in
//! sigs.k8s.io/yaml.
//!
//! Three parsers were compared with go-yaml on about 4,600 texts full of oddities, with the same
//! meaning on top:
//!
//! * **granit-parser** 2.2 (chosen; behind serde-saphyr, actively developed): no panic, unsafe code
//!   forbidden, linear time on all hostile input that was tried, its own limits on nesting, options
//!   for libyaml's behaviour, exact byte positions. It accepted 82 texts that Helm rejects and read
//!   23 differently, all of them rare syntax of YAML 1.2; `dialect` detects and rejects these.
//! * saphyr-parser 0.3, which granit was forked from: 102 and 25, and not all of them rare. For
//!   example, a block text at the end of a file without a line feed gets one. It has no such
//!   options.
//! * libyaml-safer 0.3, a port of the C code that go-yaml was also ported from: 10 and 3, but it
//!   panicked on 31 texts, including that block text, and an upload must never cause a panic.
//!
//! # How it is tested
//!
//! `shared/core/tests/helm_reads_the_same.rs` compares this reader with 429 recorded results of
//! Helm. The Go program in `tests/oracle` compares more: in over a million mutated texts, none was
//! read with another value than Helm's, and none was accepted that Helm rejects.

pub(crate) mod block;
mod budget;
mod collection;
mod compose;
mod dialect;
mod document;
mod error;
mod event;
pub(crate) mod json_text;
mod limits;
mod number;
mod plain;
mod refold;
mod resolve;
#[cfg(test)]
mod tests;
mod text;
mod timestamp;
mod value;

pub(crate) use self::resolve::go_lossy;

pub use self::{
    document::{Converted, Document, DuplicateKey, Duplicates},
    error::{Error, Place},
    limits::Limits,
    plain::plain_is_safe,
    resolve::is_text,
    timestamp::is_timestamp,
    value::{Kind, Mapping, Value},
};

/// Reads the first document of a text.
///
/// # Errors
/// See [`Error`]; each says what is wrong, where, and what to do about it.
pub fn parse(bytes: &[u8], limits: &Limits, duplicates: Duplicates) -> Result<Document, Error> {
    let text = text::decode(bytes, limits)?;
    compose::first_document(&text, limits, duplicates)
}

/// Whether a text has characters that end a line in YAML 1.1 but not in YAML 1.2.
#[must_use]
pub fn has_disputed_lines(bytes: &[u8]) -> bool {
    let mut encoded = [0; 4];
    refold::SEPARATORS.iter().any(|separator| {
        let separator = separator.encode_utf8(&mut encoded).as_bytes();
        memchr::memmem::find(bytes, separator).is_some()
    })
}

/// The kind of the first document of a text with valid syntax. Its values are not created, which
/// saves memory, so tags and merges that do not fit their values pass.
///
/// # Errors
/// See [`Error`].
pub fn kind(bytes: &[u8], limits: &Limits) -> Result<Kind, Error> {
    let text = text::decode(bytes, limits)?;
    compose::first_kind(&text, limits)
}
