//! Chartdrop's domain: reading Helm charts, merging repository indexes and publishing safely.
//!
//! # The core: no I/O
//!
//! The crate [`chartdrop_core`], re-exported here, so that everything has one path. [`archive`]
//! turns the bytes of an upload into a checked chart, [`index`] an index and new entries into a new
//! index; [`chart`] and [`yaml`] say what Helm makes of a `Chart.yaml`; [`receipt`] is the answer
//! to an upload, and [`keys`] is the layout of the bucket.
//!
//! # The shell: S3 and the procedures
//!
//! [`store`] owns S3, with exactly the verbs that the promises need. [`repository`] knows what a
//! repository holds: its index, archives and receipts, and how each is read and replaced. On it
//! stand two procedures, side by side: [`publish`] moves an upload from `staging/` into its
//! repository; [`maintain`] verifies, repairs and unpublishes. [`cdn`] invalidates what the edge
//! caches.
//!
//! # Others that are spoken to
//!
//! [`registry`] and [`http`] are for image registries and the edge, [`secret`] is for Secrets
//! Manager.
//!
//! # A function's surroundings
//!
//! [`settings`] is the environment, [`deadline`] the time that a run has, [`aws`] makes the
//! clients, [`notification`] reads the events of S3, [`metrics`] and [`telemetry`] are for the
//! people who operate it.
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

// Others that are spoken to.
pub mod http;
pub mod registry;
pub mod secret;

// A function's surroundings.
pub mod aws;
pub mod deadline;
pub mod metrics;
pub mod notification;
pub mod settings;
mod sync;
pub mod telemetry;
