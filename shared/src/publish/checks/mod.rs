//! What an upload has to pass before its archive is stored, and the words for what it does not
//! pass.
//!
//! A check answers with a [`verdict`]: pass, hold because of a [`wait`], or reject for a
//! [`reason`]. [`images`] asks registries (with a [`login`]) for the images that a chart names,
//! [`provenance`] checks, makes and publishes the signature beside an archive.

pub(in crate::publish) mod images;
mod login;
pub(in crate::publish) mod provenance;
pub(in crate::publish) mod reason;
pub(in crate::publish) mod verdict;
pub(in crate::publish) mod wait;
