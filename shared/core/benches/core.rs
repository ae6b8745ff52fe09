//! What a publish spends its time on, piece by piece: `cargo bench -p chartdrop-core`.
//!
//! How whole programs compare with Helm is measured by `compare-with-helm` in `tests/`.

mod charts;

use std::hint::black_box;

use bytes::Bytes;
use chartdrop_core::archive::{self, Limits};
use chartdrop_core::digest::Digest;
use chartdrop_core::index::{Format, Index};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;

/// The layouts that the scan knows, by what makes an index of so many versions in them.
type Layout = (&'static str, fn(usize) -> Bytes);

const LAYOUTS: [Layout; 3] = [
    ("json", |versions| charts::index(Format::Json, versions)),
    ("indented-json", |versions| {
        pretty(&charts::index(Format::Json, versions))
    }),
    ("yaml", |versions| charts::index(Format::Yaml, versions)),
];

/// Gzip, tar, `Chart.yaml`, both digests.
fn read_archive(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("archive/read");
    for templates in [1, 20, 200] {
        let archive = charts::archive(templates);
        assert!(archive::read(&archive, &Limits::default()).is_ok(), "a good chart");
        group.throughput(Throughput::Bytes(archive.len() as u64));
        group.bench_function(BenchmarkId::new("templates", templates), |bencher| {
            bencher.iter(|| archive::read(black_box(&archive), &Limits::default()).is_ok());
        });
    }
}

/// An index in a layout that the scan knows.
fn read_index(criterion: &mut Criterion) {
    for (name, index) in LAYOUTS {
        let mut group = criterion.benchmark_group(format!("index/read/{name}"));
        for versions in [100, 1_000, 20_000] {
            let index = index(versions);
            group.throughput(Throughput::Bytes(index.len() as u64));
            group.bench_function(BenchmarkId::new("versions", versions), |bencher| {
                bencher.iter(|| Index::read(black_box(index.clone())));
            });
        }
    }
}

/// One more chart, without reading the index before.
fn edit_index(criterion: &mut Criterion) {
    for (name, index) in LAYOUTS {
        let mut group = criterion.benchmark_group(format!("index/edit/{name}"));
        for versions in [100, 1_000, 20_000] {
            let Ok(index) = Index::read(index(versions)) else {
                continue;
            };
            let entries = [charts::next(versions)];
            group.bench_function(BenchmarkId::new("versions", versions), |bencher| {
                bencher.iter(|| index.edit(black_box(&entries), Timestamp::UNIX_EPOCH));
            });
        }
    }
}

/// The same in layouts that only a parser can read.
fn read_other_layouts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("index/read/other-layouts");
    group.sample_size(10);
    let layouts = [
        (
            "json-behind-a-space",
            behind_a_space(&charts::index(Format::Json, 1_000)),
        ),
        ("commented-yaml", commented(&charts::index(Format::Yaml, 1_000))),
    ];
    for (name, index) in layouts {
        group.throughput(Throughput::Bytes(index.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| Index::read(black_box(index.clone())));
        });
    }
}

fn sha256(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("digest/sha256");
    for kibibytes in [1, 64, 4_096] {
        let bytes = vec![b'x'; kibibytes * 1024];
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("KiB", kibibytes), |bencher| {
            bencher.iter(|| Digest::of(black_box(&bytes)));
        });
    }
}

/// As `helm repo index --json` indents it.
fn pretty(index: &[u8]) -> Bytes {
    let value: serde_json::Value = serde_json::from_slice(index).unwrap_or_default();
    serde_json::to_vec_pretty(&value).unwrap_or_default().into()
}

fn behind_a_space(index: &[u8]) -> Bytes {
    [b" ", index].concat().into()
}

fn commented(index: &[u8]) -> Bytes {
    let text = String::from_utf8_lossy(index);
    text.replacen("entries:\n", "entries: # a comment\n", 1).into()
}

criterion_group!(core, read_archive, read_index, edit_index, read_other_layouts, sha256);
criterion_main!(core);
