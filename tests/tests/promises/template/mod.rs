//! Compares `template.yaml` with the code, and fails if they disagree.
//!
//! `permissions.rs`, next to this folder, does the same for the permissions of the functions.

mod access;
mod deployment;
mod docs;
mod edge;
mod kept;
mod limits;
mod metrics;
mod notifications;
mod outputs;
mod settings;
mod text;
