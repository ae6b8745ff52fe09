//! The index of a repository on the way to its next state.
//!
//! [`state`] is what an edit starts from: the index that was read, or what [`recover`] finds where
//! it was lost ([`rebuild`] is what the log and receipts say of that). [`swap`] adds a batch and
//! writes it by compare-and-swap.

pub(in crate::publish) mod rebuild;
mod recover;
pub(in crate::publish) mod state;
mod swap;
