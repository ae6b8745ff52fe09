//! The fuzz targets over the saved corpus, and over mutations of it that are the same each time.

use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;

/// Mutations of each file.
const MUTATIONS: usize = 60;
/// What YAML, JSON, paths and tar headers are sensitive to.
const TELLING: &[&[u8]] = &[
    b"\n",
    b" ",
    b"  ",
    b"- ",
    b": ",
    b"\"",
    b"'",
    b"\\",
    b"#",
    b"&a ",
    b"*a",
    b"!!",
    b"|",
    b">-\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"~",
    b"0",
    b"7777777",
    b"\0",
    b"\xff",
    b"../",
    b"/",
    b"%2f",
    b"+",
    b"\x1b[",
    b"\xe2\x80\xae",
    b"<<: ",
    b"---\n",
    b"\r",
    b"\t",
    b"v1",
    b"null",
    b"x",
];

fn run(target: fn(&[u8]), folders: &[&str]) {
    let mut files: Vec<PathBuf> = folders.iter().flat_map(|folder| files_in(folder)).collect();
    files.sort();
    assert!(files.len() > 3, "a corpus is missing: {folders:?}");
    let texts: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    for (file, text) in files.iter().zip(&texts) {
        checked(target, text, &file.display());
    }
    let mut random = Rng::with_seed(7);
    for (file, text) in files.iter().zip(&texts) {
        for number in 0..MUTATIONS {
            let mutated = mutate(text, &texts, &mut random);
            checked(target, &mutated, &format_args!("{}, mutation {number}", file.display()));
        }
    }
}

/// Says what the input was before the panic goes on.
fn checked(target: fn(&[u8]), bytes: &[u8], origin: &dyn std::fmt::Display) {
    let outcome = std::panic::catch_unwind(|| target(bytes));
    if outcome.is_err() {
        panic!("{origin}:\n{}", bytes.escape_ascii());
    }
}

fn files_in(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn mutate(text: &[u8], others: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(0..=text.len());
        let end = (at + random.usize(0..12)).min(text.len());
        let new = match random.usize(0..6) {
            0 => Vec::new(),
            1 => vec![random.u8(..)],
            2 => random
                .choice(others)
                .map(|other| part(other, random))
                .unwrap_or_default(),
            3 => part(&text, random),
            _ => random.choice(TELLING).copied().unwrap_or_default().to_vec(),
        };
        if random.bool() {
            text.splice(at..end, new);
        } else {
            text.splice(at..at, new);
        }
    }
    text
}

fn part(text: &[u8], random: &mut Rng) -> Vec<u8> {
    let start = random.usize(0..=text.len());
    let end = (start + random.usize(0..200)).min(text.len());
    text[start..end].to_vec()
}

#[test]
fn any_archive_is_rejected_with_a_message_or_can_be_listed() {
    run(fuzz_targets::archive, &["../fuzz/corpus/archive"]);
}

#[test]
fn any_chart_yaml_is_rejected_with_a_message_or_can_be_listed() {
    run(
        fuzz_targets::chart_yaml,
        &["../fuzz/corpus/chart-yaml", "../../tests/corpus/chart-yaml"],
    );
}

#[test]
fn an_edit_of_any_index_loses_nothing_and_the_fast_way_says_what_the_slow_one_says() {
    run(fuzz_targets::index, &["../fuzz/corpus/index"]);
}

#[cfg(feature = "event")]
#[test]
fn of_any_event_come_only_staged_uploads() {
    run(fuzz_targets::event, &["../fuzz/corpus/event"]);
}

#[test]
fn of_any_provenance_file_only_what_was_signed_is_let_through() {
    run(fuzz_targets::provenance, &["../fuzz/corpus/provenance"]);
}
