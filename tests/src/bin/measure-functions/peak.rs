//! The peak memory of a process that publishes into a large repository, and of one that sweeps
//! hostile charts, which are made to use as much memory as possible.

use chartdrop::index::Format;
use local::System;
use serde_json::json;
use tests::ChartArchive;

use crate::function::Function;
use crate::index::{self, Layout};
use crate::start::upload;

/// The size of the index, in bytes.
const SIZE: usize = 30 * 1024 * 1024;
/// The number of charts to sweep.
const UPLOADS: usize = 100;

/// The peak memory of a process that publishes one chart into a repository with an index of 30 MiB,
/// in bytes.
pub async fn memory(function: &Function, system: &System, format: Format, layout: Layout) -> f64 {
    let index = index::of_size(SIZE, format, layout);
    let stored = system.store().put("charts/index.yaml", index, Default::default());
    stored.expect("the bucket accepts every write");
    let version = format!("2.{}.{}", format as u8, layout as u8);
    let mut process = function.start().await;
    process.give(upload(system, &ChartArchive::new("measured", &version)));
    process.next().await;
    process.published().await;
    let peak = process.peak();
    process.end().await;
    peak
}

/// The peak memory, in bytes, of a process that sweeps a hundred charts. Their entries have the
/// largest accepted size and contain thousands of short strings; each archive has only half a
/// kilobyte.
pub async fn sweep(function: &Function, system: &System, format: Format) -> f64 {
    let (folder, index) = match format {
        Format::Json => ("short-json", "{\"apiVersion\":\"v1\",\"entries\":{}}"),
        Format::Yaml => ("short-yaml", "apiVersion: v1\nentries: {}\n"),
    };
    let put = |key: String, bytes: Vec<u8>| {
        let stored = system.store().put(&key, bytes, Default::default());
        stored.expect("the bucket accepts every write");
    };
    put(format!("charts/{folder}/index.yaml"), index.into());
    // Each keyword is a line of eight bytes in YAML, the form in which the size of entries counts.
    let keywords = vec!["a"; 64 * 1024 / 8 - 150].join(",");
    for number in 0..UPLOADS {
        let version = format!("1.{number}.0");
        let chart = ChartArchive::new("measured", &version).chart_yaml(format!(
            "apiVersion: v2\nname: measured\nversion: {version}\nkeywords: [{keywords}]\n"
        ));
        put(format!("staging/{folder}/{}", chart.file_name()), chart.bytes());
    }
    let mut process = function.start().await;
    process.give(json!({"command": "sweep"}));
    process.next().await;
    let (report, _) = process.answered().await;
    let outcomes = report["outcomes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let published = outcomes
        .iter()
        .filter(|outcome| outcome["outcome"] == "published")
        .count();
    assert_eq!(published, UPLOADS, "{report}");
    let peak = process.peak();
    process.end().await;
    peak
}
