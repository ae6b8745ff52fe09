//! The index of a repository, from one state to the next.
//!
//! [`state`] is the start of an edit: the index that was read or, if it was lost, what [`recover`]
//! finds. [`rebuild`] describes such a loss for receipts and the log. [`swap`] adds a batch and
//! writes the index by compare-and-swap.

pub(in crate::publish) mod rebuild;
mod recover;
pub(in crate::publish) mod state;
mod swap;
