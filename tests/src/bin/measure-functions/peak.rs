//! The most memory that a process has while it publishes into a large repository.

use chartdrop::index::Format;
use local::System;
use tests::ChartArchive;

use crate::function::Function;
use crate::index::{self, Layout};
use crate::start::upload;

/// Bytes of the index.
const SIZE: usize = 30 * 1024 * 1024;

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
