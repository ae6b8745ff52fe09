//! Chartdrop's domain: reading Helm charts, merging repository indexes and publishing safely.
//!
//! The core does no I/O. [`archive`] turns the bytes of an upload into a checked chart, [`index`] turns an index and new
//! entries into a new index; both are pure functions, so that they can be fuzzed, benchmarked and compared with Helm
//! directly. [`chart`] and [`yaml`] say what Helm makes of a `Chart.yaml`.
//!
//! [`image`] and [`mirror`] say what a chart asks of a registry and what it is there.
//!
//! The shell is thin. [`store`] owns S3 with exactly the verbs that the promises need, [`publish`] moves an upload from
//! `staging/` into the repository with them, [`maintain`] checks, mends and takes back, [`cdn`] makes the edge forget,
//! [`http`] and [`registry`] ask others. [`keys`] is the layout of the bucket, [`settings`] the environment, [`receipt`] and
//! [`metrics`] what is left for people to read.
//!
//! Nothing here knows Lambda; `functions/*` translate triggers into calls on this library.

pub mod archive;
pub mod aws;
pub mod brief;
pub mod cdn;
pub mod chart;
pub mod digest;
pub mod http;
pub mod image;
pub mod index;
pub mod keys;
pub mod maintain;
pub mod metrics;
pub mod mirror;
pub mod notification;
mod origin;
pub mod printable;
pub mod provenance;
pub mod publish;
pub mod rebuilt;
pub mod receipt;
pub mod registry;
pub mod secret;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod unpublished;
pub mod values;
pub mod versions;
pub mod yaml;
