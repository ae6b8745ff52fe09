//! The core of Chartdrop: pure functions from bytes (and a clock value) to values, bytes or errors.
//!
//! Nothing here does I/O, so everything can be fuzzed, benchmarked and compared with Helm directly.
//! Cargo enforces it: AWS, tokio and HTTP crates are not among the dependencies.
//!
//! # The contents of an upload
//!
//! [`archive`] turns the bytes of an upload into a checked chart. [`chart`] and [`yaml`] read a
//! `Chart.yaml` as Helm does, and [`version_check`] compares a chart's versions with its release.
//! [`provenance`] decides which signatures count.
//!
//! # The contents of a repository
//!
//! [`keys`] is the layout of the bucket. [`index`] adds entries to an index, [`receipt`] is the
//! answer to an upload, [`unpublished`] and [`rebuilt`] are notes in an index, and [`digest`] makes
//! archives immutable.
//!
//! # Charts in a registry
//!
//! [`image`] finds the images that a chart names, and [`mirror`] turns a chart into an OCI
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
