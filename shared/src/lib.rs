//! Chartdrop's domain: reading Helm charts, merging repository indexes and publishing safely.
//!
//! # The core: no I/O
//!
//! The crate [`chartdrop_core`] is re-exported here, so that everything has one path. [`archive`]
//! turns the bytes of an upload into a checked chart, and [`index`] adds entries to an index.
//! [`chart`] and [`yaml`] read a `Chart.yaml` as Helm does. [`receipt`] is the answer to an upload,
//! and [`keys`] is the layout of the bucket.
//!
//! # The shell: S3 and the procedures
//!
//! [`store`] owns S3, with exactly the operations that the promises need. [`repository`] knows the
//! contents of a repository, its index, archives and receipts, and how each is read and replaced.
//! Two procedures build on it, side by side: [`publish`] moves an upload from `staging/` into its
//! repository; [`maintain`] verifies, repairs and unpublishes. [`cdn`] invalidates what the edge
//! caches.
//!
//! # Other services
//!
//! [`registry`] and [`http`] talk to image registries and the edge, and [`secret`] to Secrets
//! Manager.
//!
//! # The environment of a function
//!
//! [`settings`] reads the environment variables, [`deadline`] is the time limit of a run, [`aws`]
//! creates the clients, and [`notification`] reads S3 events. [`metrics`] and [`telemetry`] are for
//! operators.
//!
//! Nothing here knows Lambda; `functions/*` translate triggers into calls on this library.

// The core.
use chartdrop_core::origin;
pub use chartdrop_core::{
    archive, brief, chart, digest, image, index, keys, mirror, printable, provenance, rebuilt, receipt, size,
    unpublished, version_check, yaml,
};

// The shell: S3 and the procedures.
pub mod cdn;
pub mod maintain;
pub mod publish;
pub mod repository;
pub mod store;

// Other services.
pub mod http;
pub mod registry;
pub mod secret;

// The environment of a function.
pub mod aws;
pub mod deadline;
#[cfg(test)]
mod messages;
pub mod metrics;
pub mod notification;
pub mod settings;
mod sync;
pub mod telemetry;
