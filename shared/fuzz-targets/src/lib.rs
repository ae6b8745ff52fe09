//! What is fuzzed: one function for each place where bytes from others come in. Each asserts what
//! must hold of any bytes.
//!
//! libFuzzer calls them from `shared/fuzz/fuzz_targets`, `cargo test` over the saved corpus from
//! `tests/corpus.rs`.

#[cfg(feature = "event")]
mod event;

use std::borrow::Cow;
use std::io::Write as _;

use bytes::Bytes;
use chartdrop_core::archive::{self, Limits};
use chartdrop_core::chart::Metadata;
use chartdrop_core::digest::Digest;
use chartdrop_core::index::{Added, Entry, Format, Index, ListedDigest};
use chartdrop_core::printable::printable;
use chartdrop_core::provenance::{Keyring, ProvenanceError, Subject};
use chartdrop_core::yaml;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::Value;

#[cfg(feature = "event")]
pub use event::event;

/// Reading a chart archive. What is no gzip file is packed first: no mutation of compressed bytes
/// gets past the checksum.
pub fn archive(bytes: &[u8]) {
    let packed = if bytes.starts_with(&[0x1f, 0x8b]) {
        Cow::Borrowed(bytes)
    } else {
        Cow::Owned(gzip(bytes))
    };
    match archive::read(&packed, &Limits::default()) {
        Ok(archive) => {
            assert_eq!(archive.digest, Digest::of(&packed));
            archive.warnings.iter().for_each(|warning| assert_safe(warning));
            assert_listed(archive.metadata, archive.digest);
        }
        Err(error) => {
            assert_safe(&error.to_string());
            let again = archive::read(&packed, &Limits::default()).expect_err("the same bytes, another answer");
            assert_eq!(error.to_string(), again.to_string());
        }
    }
}

/// Reading a `Chart.yaml`: what is accepted can be listed, and is found again.
pub fn chart_yaml(bytes: &[u8]) {
    let chart = match Metadata::from_chart_yaml(bytes) {
        Ok(chart) => chart,
        Err(error) => return assert_safe(&error.to_string()),
    };
    let mut metadata = chart.metadata;
    let warnings = match metadata.validate() {
        Ok(warnings) => warnings,
        Err(error) => return assert_safe(&error.to_string()),
    };
    for warning in chart.warnings.iter().chain(&warnings) {
        assert_safe(&warning.to_string());
    }
    let mut again = metadata.clone();
    again.validate().expect("what was cleaned and accepted stays accepted");
    assert_eq!(metadata, again);
    // Names and versions are shown as they are, everywhere.
    for shown in [&metadata.name, &metadata.version] {
        assert_eq!(printable(shown), *shown);
    }
    assert_listed(metadata, Digest::of(bytes));
}

/// Editing an index, in either form and in any layout.
pub fn index(bytes: &[u8]) {
    let text = Bytes::copy_from_slice(bytes);
    let index = match Index::read(text.clone()) {
        Ok(index) => index,
        Err(error) => return assert_safe(&error.to_string()),
    };
    let new: Vec<Entry> = [("alpha", "0.9.5"), ("beta", "2.0.0"), ("new", "1.0.0")]
        .map(|(name, version)| entry(name, version))
        .into();
    let edit = index.edit(&new, now()).expect("plain entries can be written");
    let count = edit.added.iter().filter(|added| **added == Added::New).count();
    assert_eq!(edit.versions, index.versions() + count, "versions are lost");
    for (entry, added) in new.iter().zip(&edit.added) {
        let is_listed = index.lists(&entry.metadata.name, &entry.metadata.version);
        assert_eq!(*added == Added::New, !is_listed);
    }

    // What the scan is sure of, the parser takes too, and both come to the same.
    let slow = Index::read_slowly(&text).expect("the parser rejects what the scan takes");
    let slow_edit = slow.edit(&new, now()).expect("plain entries can be written");
    assert_eq!((index.format(), index.versions()), (slow.format(), slow.versions()));
    assert_eq!((&edit.added, edit.versions), (&slow_edit.added, slow_edit.versions));
    let Some(edited) = edit.text else {
        assert_eq!(slow_edit.text, None);
        return;
    };
    let (edited, slowly) = (
        edited.to_bytes(),
        slow_edit.text.expect("the scan changes it").to_bytes(),
    );
    assert_eq!(seen(&edited), seen(&slowly));

    let again = Index::read(edited).expect("what was written is read");
    assert_eq!((again.format(), again.versions()), (index.format(), edit.versions));
    let twice = again.edit(&new, now()).expect("plain entries can be written");
    assert_eq!(twice.text, None, "a second edit changes something");
    assert!(!twice.added.contains(&Added::New));
}

/// The certificate that signed what is good in the corpus. Its private key is gone.
const KEYRING: &str = include_str!("keyring.asc");

/// Checking a provenance file, and reading keys: only what was signed is let through, whatever
/// stands around it.
pub fn provenance(bytes: &[u8]) {
    let keyring = Keyring::read(KEYRING).expect("a keyring");
    let metadata = Metadata {
        name: "demo".to_owned(),
        version: "1.0.0".to_owned(),
        app_version: "1.0.0".to_owned(),
        ..Metadata::default()
    };
    let subject = Subject {
        file_name: "demo-1.0.0.tgz",
        digest: Digest::of(b"archive"),
        metadata: &metadata,
    };
    match keyring.verify(bytes, subject, now()) {
        Ok(signer) => {
            assert_eq!(keyring.fingerprints(), [signer]);
            let text = String::from_utf8_lossy(bytes);
            let signed = format!("  demo-1.0.0.tgz: sha256:{}", subject.digest);
            assert!(text.lines().any(|line| line.trim_end() == signed), "{text}");
        }
        Err(error) => {
            assert_safe(&error.to_string());
            assert!(ProvenanceError::is_code(error.code()));
        }
    }
    let text = String::from_utf8_lossy(bytes);
    // A key that is read can be published, and is read again.
    if let Ok(keys) = Keyring::read(&text) {
        let written = keys.to_bytes().expect("what was read can be written");
        let again = Keyring::read(&base64_simd::STANDARD.encode_to_string(&written)).expect("what was written is read");
        assert_eq!(keys.fingerprints(), again.fingerprints());
    }
}

/// The chart can be listed in an index of either form, which then says the same and has it once.
fn assert_listed(metadata: Metadata, digest: Digest) {
    let (name, version) = (metadata.name.clone(), metadata.version.clone());
    let entry = Entry {
        url: format!(
            "https://charts.example.io/{}",
            chartdrop_core::chart::file_name(&metadata)
        ),
        metadata,
        digest,
        created: now().into(),
    };
    let texts = [Format::Json, Format::Yaml].map(|format| {
        let edit = Index::new(format)
            .edit(std::slice::from_ref(&entry), now())
            .expect("what was accepted can be written");
        let text = edit.text.expect("a new index").to_bytes();
        let index = Index::read(text.clone()).expect("what was written is read");
        assert_eq!((index.format(), index.versions()), (format, 1));
        assert_eq!(
            index.digest_of(&name, &version),
            ListedDigest::Written(digest.to_string())
        );
        text
    });
    let [json, yaml] = texts.each_ref().map(|text| seen(text));
    assert_eq!(json, yaml);
}

/// Text for people: no reader of logs, receipts or terminals is fooled by it, once [`printable`]
/// has seen it. It must be short, too.
fn assert_safe(message: &str) {
    assert!(message.len() < 16 * 1024, "a message of {} bytes", message.len());
    let shown = printable(message);
    assert_eq!(printable(&shown), shown);
}

fn seen(index: &[u8]) -> Value {
    let limits = yaml::Limits::for_index(index.len());
    // In JSON, Helm takes the last of two fields that have one name, and looks into no value whose
    // type it does not know.
    let duplicates = match serde_json::from_slice::<&serde_json::value::RawValue>(index) {
        Ok(_) => yaml::Duplicates::LastWins,
        Err(_) => yaml::Duplicates::Reject,
    };
    let parsed = yaml::parse(index, &limits, duplicates);
    parsed.expect("an index is YAML").value.to_json()
}

fn entry(name: &str, version: &str) -> Entry {
    Entry {
        url: format!("https://charts.example.io/{name}-{version}.tgz"),
        digest: Digest::of(version.as_bytes()),
        created: now().into(),
        metadata: Metadata {
            name: name.to_owned(),
            version: version.to_owned(),
            api_version: "v2".to_owned(),
            ..Metadata::default()
        },
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(bytes).expect("memory takes all writes");
    gzip.finish().expect("memory takes all writes")
}
