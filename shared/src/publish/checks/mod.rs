//! The checks that an upload has to pass before its archive is stored, and the reasons why it does
//! not.
//!
//! A check returns a [`verdict`]: pass, hold because of a [`wait`], or reject for a [`reason`].
//! [`images`] queries registries (with a [`login`]) for the images that a chart names.
//! [`provenance`] checks or makes the signature and publishes it beside the archive.

pub(in crate::publish) mod images;
mod login;
pub(in crate::publish) mod provenance;
pub(in crate::publish) mod reason;
pub(in crate::publish) mod verdict;
pub(in crate::publish) mod wait;
