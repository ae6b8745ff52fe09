//! `template.yaml` held against the code: what one of them says and the other does not do fails
//! here.
//!
//! `permissions.rs`, beside this folder, does the same for what the functions may do.

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
