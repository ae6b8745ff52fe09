//! The most memory that a process has while it publishes into a large repository, and while it
//! sweeps charts of somebody who wants it to have as much as possible.

use chartdrop::index::Format;
use local::System;
use serde_json::json;
use tests::ChartArchive;

use crate::function::Function;
use crate::index::{self, Layout};
use crate::start::upload;

/// Bytes of the index.
const SIZE: usize = 30 * 1024 * 1024;
/// Charts that wait for a sweep.
const UPLOADS: usize = 100;

/// Peak of a process that publishes one chart into a repository with an index of 30 MiB, in bytes.
pub async fn memory(function: &Function, system: &System, format: Format, layout: Layout) -> f64 {
    let index = index::of_size(SIZE, format, layout);
    let stored = system.store().put("charts/index.yaml", index, Default::default());
    stored.expect("the bucket takes it");
    let version = format!("2.{}.{}", format as u8, layout as u8);
    let mut process = function.start().await;
    process.give(upload(system, &ChartArchive::new("measured", &version)));
    process.next().await;
    process.published().await;
    let peak = process.peak();
    process.end().await;
    peak
}

/// Peak of a process that sweeps a hundred charts with the largest entries that an index takes, of
/// thousands of short texts, each packed into half a kilobyte, in bytes.
pub async fn sweep(function: &Function, system: &System, format: Format) -> f64 {
    let (folder, index) = match format {
        Format::Json => ("short-json", "{\"apiVersion\":\"v1\",\"entries\":{}}"),
        Format::Yaml => ("short-yaml", "apiVersion: v1\nentries: {}\n"),
    };
    let put = |key: String, bytes: Vec<u8>| {
        let stored = system.store().put(&key, bytes, Default::default());
        stored.expect("the bucket takes it");
    };
    put(format!("charts/{folder}/index.yaml"), index.into());
    // A line of eight bytes in an index in YAML, which is the form that is counted.
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
