//! Every error message of this crate in one place, for a reviewer: see `snapshots/`.
//!
//! The samples are complete by construction: a test counts the messages in the sources of this
//! crate, so a new one fails it until it has a sample here. Messages of the core have their own
//! snapshots there; variants that pass on the message of another error are not repeated.

use std::path::Path;

use crate::cdn::InvalidateError;
use crate::digest::Digest;
use crate::http::HttpError;
use crate::index::IndexError;
use crate::keys::Repository;
use crate::maintain::MaintainError;
use crate::provenance::KeyError;
use crate::publish::{MirrorError, PublishError, Reason, UnreadableError, Wait};
use crate::registry::{PushError, RegistryError};
use crate::repository::RepositoryError;
use crate::secret::{SecretError, SecretFieldError};
use crate::settings::{NoUrlStyle, SettingError};
use crate::store::{Fault, StoreError};

/// Messages, each under the first word of its `Debug` text: the variant.
fn all<T: ToString + std::fmt::Debug>(values: &[T]) -> Vec<String> {
    let shown = |value: &T| {
        let debug = format!("{value:?}");
        let name = debug.split(|char: char| !char.is_alphanumeric()).next();
        format!("{}\n    {}", name.unwrap_or_default(), value.to_string())
    };
    values.iter().map(shown).collect()
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn reasons() -> Vec<String> {
    let (chart, version, file) = (|| text("demo"), || text("1.0.0"), || text("demo-1.0.0.tgz"));
    let (own, other) = (Digest::of(b"own"), Digest::of(b"other"));
    let at = || "2026-11-23T12:00:00Z".parse().unwrap();
    let mut lines = all(&[
        Reason::KeyTooLong { bytes: 1_020 },
        Reason::NoProvenance { file: file() },
        Reason::UnsignedArchive {
            file: file(),
            stored: other,
            own,
            key: text("charts/demo-1.0.0.tgz"),
        },
        Reason::Images {
            problems: vec![text(
                "example.com/app:1 is in example.com, which IMAGE_REGISTRIES does not allow",
            )],
        },
        Reason::NoImage {
            problems: vec![text("ghcr.io/owner/app:1.0.0 does not exist")],
        },
        Reason::OtherContent {
            chart: chart(),
            version: version(),
            published: other.to_string(),
            own,
        },
        Reason::FileNameTaken {
            file: file(),
            chart: chart(),
            version: version(),
        },
        Reason::Recorded {
            reason: text("(the reason in the receipt of the same upload)"),
            code: text("other-content"),
        },
        Reason::Unpublished {
            chart: chart(),
            version: version(),
            at: at(),
            published: other.to_string(),
            own,
        },
        Reason::ListedElsewhere {
            chart: chart(),
            version: version(),
            listed: Some(other.to_string()),
            url: Some(text("https://elsewhere.example.com/demo-1.0.0.tgz")),
            own,
        },
        Reason::StoredArchiveChanged {
            chart: chart(),
            version: version(),
            key: text("charts/demo-1.0.0.tgz"),
            listed: other.to_string(),
            stored: Digest::of(b"changed").to_string(),
            own,
        },
    ]);
    lines.extend(all(&[
        Wait::Provenance {
            file: file(),
            until: at(),
        },
        Wait::OtherProvenance {
            file: file(),
            stored: other,
            own,
            until: at(),
        },
        Wait::Images {
            problems: vec![text("ghcr.io/owner/app:1.0.0 does not exist")],
            until: at(),
        },
        Wait::SilentRegistry {
            problems: vec![text("ghcr.io/owner/app:1.0.0: ghcr.io cannot be reached")],
        },
    ]));
    lines.extend(all(&[
        UnreadableError::Archived { class: text("GLACIER") },
        UnreadableError::Kms,
        UnreadableError::CustomerKey,
    ]));
    lines
}

fn runs() -> Vec<String> {
    let root = Repository::default;
    let mut lines = all(&[
        PublishError::IndexFull {
            repository: root(),
            size: 130 << 20,
            limit: 128 << 20,
        },
        PublishError::TooManyToRecover {
            repository: root(),
            archives: 20_000,
        },
        PublishError::BeingUnpublished {
            repository: root(),
            chart: text("demo"),
            version: text("1.0.0"),
        },
        PublishError::Vanished {
            key: text("charts/demo-1.0.0.tgz"),
        },
    ]);
    lines.extend(all(&[
        RepositoryError::index(&root())(IndexError::Empty),
        RepositoryError::Contention {
            repository: root(),
            attempts: 25,
        },
        RepositoryError::ReceiptContention {
            key: text("receipts/demo-1.0.0.tgz.json"),
        },
        RepositoryError::NoTime,
    ]));
    lines.extend(all(&[
        MaintainError::NoTimeToRebuild {
            repository: root(),
            compared: 2_000,
            archives: 20_000,
        },
        MaintainError::NoRepository {
            repository: Repository::new("team-b").unwrap(),
            known: vec![root(), Repository::new("team-a").unwrap()],
        },
    ]));
    lines.extend(all(&[MirrorError::NoTime]));
    lines
}

fn services() -> Vec<String> {
    let host = || text("ghcr.io");
    let mut lines = all(&[StoreError::sample(Fault::Denied {
        message: text("User is not authorized to perform: s3:GetObject"),
    })]);
    lines.extend(all(&[
        Fault::Denied {
            message: text("User is not authorized to perform: s3:GetObject"),
        },
        Fault::Answer {
            code: text("SlowDown"),
            message: text("Please reduce your request rate"),
        },
        Fault::Transport(text("dispatch failure")),
        Fault::Cut {
            received: 100,
            expected: 4_000,
        },
    ]));
    lines.extend(all(&[
        InvalidateError::TooMany,
        InvalidateError::Throttled {
            message: text("Rate exceeded"),
        },
        InvalidateError::NoDistribution {
            id: text("E2EXAMPLE1ABCD"),
        },
        InvalidateError::Other {
            message: text("AccessDenied: User is not authorized"),
        },
    ]));
    lines.extend(all(&[
        HttpError::Unreachable { host: host() },
        HttpError::answer("ghcr.io", "with the status 500"),
        HttpError::NotAllowed {
            address: text("https://10.0.0.1/v2/"),
        },
    ]));
    lines.extend(all(&[RegistryError::RateLimited { host: host() }]));
    lines.extend(all(&[
        PushError::Denied {
            host: host(),
            repository: text("owner/charts/demo"),
            said: text(" (DENIED)"),
        },
        PushError::Taken {
            reference: text("ghcr.io/owner/charts/demo:1.0.0"),
            found: text("an image"),
        },
    ]));
    lines
}

fn settings() -> Vec<String> {
    let mut lines = all(&[
        SettingError::Missing {
            name: "CHART_BUCKET",
            accepts: "the name of the bucket that holds the charts",
        },
        SettingError::Wrong {
            name: "IMAGE_WAIT",
            value: text("2 h"),
            accepts: "a time such as 90s, 15m or 2h",
        },
    ]);
    lines.extend(all(&[NoUrlStyle]));
    lines.extend(all(&[
        SecretError::NoSecret,
        SecretError::Unreadable {
            id: text("chartdrop"),
            problem: text("ResourceNotFoundException: no such secret"),
        },
        SecretError::Value {
            id: text("chartdrop"),
            problem: SecretFieldError::Unknown,
        },
    ]));
    lines.extend(all(&[
        SecretFieldError::NotAnObject { line: 1, column: 2 },
        SecretFieldError::Unknown,
        SecretFieldError::Kind {
            field: text("registries"),
            expected: "an object with one field for each host",
        },
        SecretFieldError::Missing {
            field: "keyring",
            needed_by: "PROVENANCE",
        },
        SecretFieldError::Key {
            field: "signingKey",
            problem: KeyError::WrongPassphrase,
        },
    ]));
    lines
}

#[test]
fn every_message_reads_well() {
    for (name, lines) in [
        ("reasons", reasons()),
        ("runs", runs()),
        ("services", services()),
        ("settings", settings()),
    ] {
        insta::assert_snapshot!(name, lines.join("\n"));
    }
}

/// A message without a sample would not be reviewed.
#[test]
fn every_message_has_a_sample() {
    let samples = reasons().len() + runs().len() + services().len() + settings().len();
    assert_eq!(
        samples,
        messages_in(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")))
    );
}

/// How many messages of their own the sources below a folder define.
fn messages_in(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.is_dir() {
            true => messages_in(&path),
            false if path.ends_with("messages.rs") => 0,
            false => {
                let source = std::fs::read_to_string(&path).unwrap();
                source.matches("#[error(").count() - source.matches("#[error(transparent)").count()
            }
        })
        .sum()
}
