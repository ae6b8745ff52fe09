//! The contents of a repository: its index, its archives and their receipts.
//!
//! [`store`](crate::store) knows objects. This module knows which objects make a repository, how
//! much of each is read, and how to replace each without losing what another run has written.
//! [`publish`](crate::publish) and [`maintain`](crate::maintain) are procedures on top of it, side
//! by side, and do not know each other.
//!
//! | part | is read as | is written by |
//! |---|---|---|
//! | [`index`] | [`ReadIndex`] | compare-and-swap on the state that was read |
//! | [`archives`] | [`PublishedArchive`] | a create, once; [`Marks`] say which upload it came from |
//! | [`receipts`] | [`StoredReceipt`] | an edit, applied again after each lost race |
//! | [`notes`] | | whatever lies there is replaced |
//!
//! [`attempts`] decides how often and how long a lost race is retried. [`memory`] is what receipts
//! remember about versions that an index no longer lists. [`unlisted`] decides what happens to an
//! archive that no index lists. [`command`] has the commands that messages name.

mod archives;
mod attempts;
pub(crate) mod command;
mod error;
mod index;
mod memory;
mod notes;
mod receipts;
mod unlisted;

use std::sync::Arc;

use jiff::Timestamp;

pub(crate) use archives::{Marks, PublishedArchive};
pub(crate) use attempts::Attempts;
pub use error::RepositoryError;
pub(crate) use index::{IndexState, MAX_READABLE_INDEX_BYTES, ReadIndex};
pub(crate) use memory::Remembered;
pub(crate) use receipts::{EditedReceipt, ReceiptEdit, StoredReceipt};
pub(crate) use unlisted::{UNSIGNED, changed_since, created, entry};

use crate::settings::Settings;
use crate::store::Store;

/// The most objects of one folder that are listed.
pub(crate) const MAX_LISTED: usize = 1_000_000;

/// The repositories of a bucket. Clones share their client and settings.
#[derive(Debug, Clone)]
pub struct Repositories {
    pub(crate) store: Store,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clock: fn() -> Timestamp,
}

impl Repositories {
    /// Creates the repositories of the bucket behind `store`. `clock` gives the time of entries,
    /// receipts and notes.
    pub fn new(store: Store, settings: Settings, clock: fn() -> Timestamp) -> Self {
        Self {
            store,
            settings: Arc::new(settings),
            clock,
        }
    }

    /// The time for what is written now.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
