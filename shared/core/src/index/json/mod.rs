//! The form that is written by default: JSON text with one chart version per line.
//!
//! ```text
//! {"apiVersion":"v1","generated":"2026-11-23T12:00:00Z","entries":{
//! "kube9-operator":[
//! {"name":"kube9-operator","version":"1.1.0",…},
//! {"name":"kube9-operator","version":"1.0.0",…}
//! ]
//! }}
//! ```

pub(super) mod annotations;
pub(super) mod item;
mod read;
pub(super) mod salvage;
mod scan;
mod spacing;
pub(super) mod splice;
mod top;
mod write;

pub(super) use read::{Fields, read};
pub(super) use scan::scan;
pub(super) use spacing::Spacing;
#[cfg(test)]
pub(super) use write::push_string;
pub(super) use write::{empty, write};
