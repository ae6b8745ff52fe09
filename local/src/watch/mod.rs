//! Watches the system: what happens, what becomes of each upload, and whether every promise is kept.

pub(crate) mod observer;
pub mod outcomes;
pub(crate) mod promises;
pub mod steps;
pub(crate) mod visibility;
