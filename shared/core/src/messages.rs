//! Every message of the core in one place, for a reviewer: see `snapshots/`.
//!
//! The samples are complete by construction: a test counts the messages in the sources of this
//! crate, so a new one fails it until it has a sample here.

use std::path::Path;

use crate::archive::{ArchiveError, DependencyTwice, Unlistable};
use crate::chart::{ChartYamlError, FileNameError, Invalid, ParseVersionError, ValuesError, Warning};
use crate::digest::{Digest, NotADigest};
use crate::image::{AnnotationError, ImageCheck, Reference};
use crate::index::{Format, IndexError};
use crate::keys::Repository;
use crate::provenance::{KeyError, ProvenanceError, ProvenanceMode};
use crate::version_check::{VersionCheck, VersionCheckError, WrongVersion};
use crate::yaml::{self, Place};

/// One message, with the name of its variant.
fn line(name: &str, message: impl ToString) -> String {
    format!("{name}\n    {}", message.to_string())
}

/// The message of a value, under the first word of its `Debug` text: the variant.
fn shown<T: ToString + std::fmt::Debug>(value: &T) -> String {
    let debug = format!("{value:?}");
    let name = debug
        .split(|char: char| !char.is_alphanumeric())
        .next()
        .unwrap_or_default();
    line(name, value.to_string())
}

fn all<T: ToString + std::fmt::Debug>(values: &[T]) -> Vec<String> {
    values.iter().map(shown).collect()
}

fn archives() -> Vec<String> {
    let path = || "demo/values.yaml".to_owned();
    all(&[
        ArchiveError::TooLarge {
            size: 25 << 20,
            limit: 20 << 20,
        },
        ArchiveError::NotGzip,
        ArchiveError::Damaged {
            detail: "it ends inside a file".to_owned(),
        },
        ArchiveError::NotTar {
            detail: "numeric field was not a number".to_owned(),
        },
        ArchiveError::UnpackedTooLarge { limit: 100 << 20 },
        ArchiveError::FileTooLarge {
            path: path(),
            size: 6 << 20,
            limit: 5 << 20,
        },
        ArchiveError::TooManyEntries { limit: 20_000 },
        ArchiveError::KeptTooLarge { limit: 25 << 20 },
        ArchiveError::TooNested { limit: 4 },
        ArchiveError::Empty,
        ArchiveError::Path {
            path: "./".to_owned(),
            problem: "which does not name a file. The top level of the archive must be the chart's folder: `helm package \
                      CHART_FOLDER` makes it so",
        },
        ArchiveError::Twice { path: path() },
        ArchiveError::DependencyTwice(Box::new(DependencyTwice {
            name: "common".to_owned(),
            first: "1.0.0".to_owned(),
            second: "2.0.0".to_owned(),
            named: Some(("Chart.lock", "2.0.0".to_owned())),
            delete: vec!["charts/common-1.0.0.tgz".to_owned()],
        })),
        ArchiveError::LinkLeaves {
            path: path(),
            target: "../../secret".to_owned(),
        },
        ArchiveError::NotAFile {
            path: path(),
            kind: "a named pipe",
        },
        ArchiveError::Headers {
            path: path(),
            detail: "the size is not a number",
        },
        ArchiveError::NoChartYaml,
        ArchiveError::ChartYamlElsewhere {
            path: "Chart.yaml".to_owned(),
        },
        ArchiveError::TwoCharts {
            first: "a".to_owned(),
            second: "b".to_owned(),
        },
        ArchiveError::MetadataTooLarge {
            path: "Chart.yaml".to_owned(),
            size: 300 << 10,
            limit: 256 << 10,
        },
        ArchiveError::EntryTooLarge {
            size: 80 << 10,
            limit: 64 << 10,
            field: "description".to_owned(),
            field_size: 70 << 10,
        },
        ArchiveError::ChartYaml {
            path: "Chart.yaml".to_owned(),
            problem: ChartYamlError::NotAMapping { found: "a list" },
        },
        ArchiveError::DependencyMissing {
            declared_in: "Chart.yaml",
            missing: vec!["redis".to_owned(), "common".to_owned()],
        },
        ArchiveError::ValuesUnreadable {
            problem: "it contains a list instead of a mapping".to_owned(),
        },
        ArchiveError::LockUnreadable {
            path: "Chart.lock",
            problem: "line 2: this is not valid YAML".to_owned(),
        },
        ArchiveError::Invalid {
            path: "Chart.yaml".to_owned(),
            problem: Invalid::NoName,
        },
        ArchiveError::Unlistable {
            path: "Chart.yaml".to_owned(),
            problem: Unlistable::DeepValue { limit: 32 },
        },
        ArchiveError::Dependency {
            path: "charts/a-1.0.0.tgz".to_owned(),
            problem: Box::new(ArchiveError::NotGzip),
        },
    ])
    .into_iter()
    .chain(all(&[
        Unlistable::LongName {
            start: "example.io/…".to_owned(),
            limit: 512,
        },
        Unlistable::DeepValue { limit: 32 },
    ]))
    .collect()
}

fn charts() -> Vec<String> {
    let text = || "demo".to_owned();
    let mut lines = all(&[
        Invalid::NoName,
        Invalid::Name { name: "a/b".to_owned() },
        Invalid::LongName { bytes: 300 },
        Invalid::NoVersion,
        Invalid::Version {
            version: "latest".to_owned(),
            problem: ParseVersionError::Form,
        },
        Invalid::ApiVersion { found: "v3".to_owned() },
        Invalid::Type {
            found: "Library".to_owned(),
        },
        Invalid::Alias {
            dependency: text(),
            alias: "a b".to_owned(),
        },
        Invalid::DuplicateDependency { name: text() },
    ]);
    lines.extend(all(&[
        ParseVersionError::Form,
        ParseVersionError::Overflow,
        ParseVersionError::LeadingZero,
        ParseVersionError::TooLong,
    ]));
    lines.extend(all(&[
        ChartYamlError::Yaml(yaml::Error::NotUtf8 { line: 2 }),
        ChartYamlError::NotAMapping { found: "a list" },
        ChartYamlError::Field {
            field: "keywords".to_owned(),
            expected: crate::chart::Expected::List,
            found: "text",
            line: Some(5),
        },
        ChartYamlError::EmptyEntry {
            field: "maintainers[0]".to_owned(),
            line: Some(4),
        },
    ]));
    lines.extend(all(&[
        Warning::ReadOtherwise {
            field: "appVersion".to_owned(),
            written: "1.10".to_owned(),
            read: "1.1".to_owned(),
            line: 4,
        },
        Warning::DuplicateKey {
            key: "name".to_owned(),
            line: 5,
            first_line: 2,
        },
        Warning::UnknownField {
            field: "keyword".to_owned(),
            known: "keywords",
            line: Some(3),
        },
        Warning::NoApiVersion,
        Warning::FieldOfV2 { field: "type" },
        Warning::LooseVersion {
            version: "v1.2".to_owned(),
            precedence: "1.2.0".to_owned(),
        },
        Warning::UnnamedMaintainer,
    ]));
    lines.extend(all(&[
        ValuesError::TooLarge { size: 2 << 20 },
        ValuesError::Yaml("line 2, column 3: this is not valid YAML".to_owned()),
    ]));
    lines.push(shown(&FileNameError {
        found: "demo.tgz".to_owned(),
        expected: "demo-1.0.0.tgz".to_owned(),
    }));
    let wrong = || {
        vec![WrongVersion {
            file: "Chart.yaml",
            field: "version",
            found: "1.0.0".to_owned(),
            should_be: "1.0.4".to_owned(),
        }]
    };
    lines.extend(all(&[
        VersionCheckError::Release {
            release: "v1.0.4".to_owned(),
            wrong: wrong(),
        },
        VersionCheckError::NoTag {
            release: "api-1.2.0".to_owned(),
        },
        VersionCheckError::Differ { wrong: wrong() },
        VersionCheckError::Values(ValuesError::TooLarge { size: 2 << 20 }),
    ]));
    lines
}

fn texts_in_yaml() -> Vec<String> {
    let at = Place { line: 2, column: 3 };
    all(&[
        yaml::Error::TooLong {
            bytes: 300 << 10,
            limit: 256 << 10,
        },
        yaml::Error::NotUtf8 { line: 2 },
        yaml::Error::Stray {
            character: '\u{2028}',
            at,
        },
        yaml::Error::Character { character: '\u{7}', at },
        yaml::Error::Syntax {
            at,
            problem: "did not find expected key".to_owned(),
        },
        yaml::Error::Dialect {
            at,
            problem: "a tag needs a space after it",
        },
        yaml::Error::Disputed {
            at,
            problem: "a comment needs a space before its \"#\"",
        },
        yaml::Error::TooDeep { at, limit: 100 },
        yaml::Error::TooManyNodes { at, limit: 10_000 },
        yaml::Error::TooManyAliases { at },
        yaml::Error::UnknownAnchor { at },
        yaml::Error::SelfReference { at },
        yaml::Error::DuplicateKey {
            key: "name".to_owned(),
            line: 5,
            first_line: 2,
        },
        yaml::Error::Key { at, found: "a list" },
        yaml::Error::Merge { at },
        yaml::Error::Tag {
            at,
            text: "x".to_owned(),
            tag: "!!int".to_owned(),
        },
        yaml::Error::NotFinite {
            at,
            text: ".nan".to_owned(),
        },
    ])
}

fn indexes() -> Vec<String> {
    let mut lines = all(&[
        IndexError::Empty,
        IndexError::Unreadable {
            detail: "line 2, column 1: this is not valid YAML".to_owned(),
        },
        IndexError::NotAnIndex {
            detail: "it has no apiVersion".to_owned(),
        },
        IndexError::ApiVersion { found: "v2".to_owned() },
        IndexError::Rejected {
            chart: "demo".to_owned(),
            version: "1.0.0".to_owned(),
            detail: "version must be text, but it is a number".to_owned(),
        },
        IndexError::ChartTwice {
            chart: "demo".to_owned(),
        },
    ]);
    lines.push(shown(&Repository::new("../x").unwrap_err()));
    lines.push(shown(&NotADigest));
    lines.push(shown(&"xml".parse::<Format>().unwrap_err()));
    lines
}

fn signatures_and_images() -> Vec<String> {
    let fingerprint = || "0123456789ABCDEF0123456789ABCDEF01234567".to_owned();
    let mut lines = all(&[
        ProvenanceError::TooLarge { size: 2 << 20 },
        ProvenanceError::Format("it is not UTF-8".to_owned()),
        ProvenanceError::UnknownSigner { signers: fingerprint() },
        ProvenanceError::BadSignature {
            fingerprint: fingerprint(),
        },
        ProvenanceError::Revoked {
            fingerprint: fingerprint(),
        },
        ProvenanceError::KeyExpired {
            fingerprint: fingerprint(),
        },
        ProvenanceError::SignatureExpired {
            fingerprint: fingerprint(),
        },
        ProvenanceError::Weak {
            fingerprint: fingerprint(),
            why: "it uses a digest that can be forged",
        },
        ProvenanceError::OtherFile {
            file: "demo-1.0.0.tgz".to_owned(),
            named: "\"other-1.0.0.tgz\"".to_owned(),
        },
        ProvenanceError::OtherDigest {
            signed: format!("sha256:{}", Digest::of(b"a")),
            own: Digest::of(b"b"),
        },
        ProvenanceError::OtherChart {
            field: "version",
            signed: "1.0.0".to_owned(),
            own: "2.0.0".to_owned(),
        },
    ]);
    lines.extend(all(&[
        KeyError::NotAKey,
        KeyError::Empty,
        KeyError::Private,
        KeyError::Public,
        KeyError::Several,
        KeyError::CannotSign,
        KeyError::NoPassphrase,
        KeyError::WrongPassphrase,
        KeyError::Failed,
    ]));
    lines.push(shown(&"on".parse::<ProvenanceMode>().unwrap_err()));
    lines.push(shown(&"on".parse::<VersionCheck>().unwrap_err()));
    lines.push(shown(&"on".parse::<ImageCheck>().unwrap_err()));
    lines.push(shown(&Reference::parse("not a name").unwrap_err()));
    lines.push(shown(&AnnotationError));
    lines
}

#[test]
fn every_message_reads_well() {
    for (name, lines) in [
        ("archives", archives()),
        ("charts", charts()),
        ("yaml", texts_in_yaml()),
        ("indexes", indexes()),
        ("signatures_and_images", signatures_and_images()),
    ] {
        insta::assert_snapshot!(name, lines.join("\n"));
    }
}

/// A message without a sample would not be reviewed.
#[test]
fn every_message_has_a_sample() {
    let samples =
        archives().len() + charts().len() + texts_in_yaml().len() + indexes().len() + signatures_and_images().len();
    assert_eq!(
        samples,
        messages_in(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")))
    );
}

/// How many messages the sources below a folder define. The core itself may not read files; this
/// test may.
#[allow(clippy::disallowed_methods)]
fn messages_in(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.is_dir() {
            true => messages_in(&path),
            false if path.ends_with("messages.rs") => 0,
            false => std::fs::read_to_string(&path).unwrap().matches("#[error(").count(),
        })
        .sum()
}
