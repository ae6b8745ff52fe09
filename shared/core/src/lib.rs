//! The core of Chartdrop: pure functions from bytes (and a clock value) to values, bytes or an
//! error.
//!
//! Nothing here does I/O, so all of it can be fuzzed, benchmarked and compared with Helm directly.
//! Cargo enforces it: no crate of AWS, tokio or HTTP is among the dependencies.
//!
//! # What an upload is
//!
//! [`archive`] turns the bytes of an upload into a checked chart. [`chart`] and [`yaml`] say what
//! Helm makes of a `Chart.yaml`, and [`version_check`] whether a chart's versions are those of its
//! release. [`provenance`] decides which signatures count.
//!
//! # What a repository holds
//!
//! [`keys`] is the layout of the bucket. [`index`] turns an index and new entries into a new index,
//! [`receipt`] is the answer to an upload, [`unpublished`] and [`rebuilt`] are notes that an index
//! carries, and [`digest`] is what makes archives immutable.
//!
//! # What a chart is in a registry
//!
//! [`image`] finds the images that a chart names, [`mirror`] is the chart itself as an OCI
//! artifact.
//!
//! # Text
//!
//! [`printable`] makes text from uploads safe to show, [`brief`] shortens it, and [`size`] writes
//! sizes for people.

pub mod archive;
pub mod brief;
pub mod chart;
pub mod digest;
pub mod image;
pub mod index;
pub mod keys;
#[cfg(test)]
mod messages;
pub mod mirror;
pub mod origin;
pub mod printable;
pub mod provenance;
pub mod rebuilt;
pub mod receipt;
pub mod size;
pub mod unpublished;
pub mod version_check;
pub mod yaml;
