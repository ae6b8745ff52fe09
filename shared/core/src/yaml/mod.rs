//! YAML as Helm reads it, and the one place of the project that knows what stands behind the word.
//!
//! Helm reads `Chart.yaml` and `index.yaml` with sigs.k8s.io/yaml: go.yaml.in/yaml/v2 makes values
//! of the text, they go through JSON, and on the way a number becomes text where a field wants
//! text. So `appVersion: 1.10` is "1.1", `010` is 8, `yes` is true, and of two equal keys the last
//! counts. What a chart says is what Helm makes of it; a reader with other rules would publish
//! another chart than the one that Helm installs.
//!
//! # What was chosen, and why
//!
//! `serde_yaml` is the usual answer. It is archived, and neither it nor its forks and successors
//! (serde_yaml_ng, serde_norway, serde-saphyr) can be used here: through serde it is lost whether a
//! scalar was quoted and how a number was written, they follow the rules of YAML 1.2, refuse
//! duplicate keys and several documents, and serde_yaml takes 20 seconds over a hundred thousand
//! brackets. So an event parser does the syntax, and the meaning is written out here after the Go
//! code: `resolve` is its `resolve.go`, `compose` its `decode.go`, [`Value::to_text`] its
//! conversion in sigs.k8s.io/yaml.
//!
//! Three parsers were held against go-yaml with some 4,600 texts full of oddities, each with the
//! same meaning on top:
//!
//! * **granit-parser** 2.2 (chosen; behind serde-saphyr, under active development): no panic,
//!   unsafe code forbidden, linear time on all hostile input that was tried, bounds on nesting of
//!   its own, options for libyaml's ways, the place of everything to the byte. Took 82 texts that
//!   Helm refuses and read 23 otherwise, all of them rare syntax of YAML 1.2; with those places
//!   `dialect` finds and refuses them.
//! * saphyr-parser 0.3, which granit was forked from: 102 and 25, and not all of them rare: a block
//!   of text at the end of a file without a line feed gets one. Has no such options.
//! * libyaml-safer 0.3, a port of the C code that go-yaml was ported from too: 10 and 3, but it
//!   panicked on 31 texts, among them that same block of text, and a panic is no answer to an
//!   upload.
//!
//! # How sure that is
//!
//! `shared/tests/helm_reads_the_same.rs` holds 429 recorded answers of Helm against this reader.
//! The Go program in `tests/oracle` gives more: over a million mutated texts, none was read with
//! another value than Helm's, and none that Helm refuses was taken.

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

/// Whether a text has characters that end a line in YAML 1.1 and not in YAML 1.2.
#[must_use]
pub fn has_disputed_lines(bytes: &[u8]) -> bool {
    let mut encoded = [0; 4];
    refold::SEPARATORS.iter().any(|separator| {
        let separator = separator.encode_utf8(&mut encoded).as_bytes();
        memchr::memmem::find(bytes, separator).is_some()
    })
}

/// The kind of the first document of a text whose syntax holds. Its values are not made, so that it
/// costs no memory: a tag or a merge that its value does not fit passes.
///
/// # Errors
/// See [`Error`].
pub fn kind(bytes: &[u8], limits: &Limits) -> Result<Kind, Error> {
    let text = text::decode(bytes, limits)?;
    compose::first_kind(&text, limits)
}
