//! What a process remembers between runs.

use std::sync::Mutex;

use crate::sync::lock;

/// Facts about the bucket that this process need not request again.
#[derive(Debug)]
pub(super) struct Known<T>(Mutex<Option<T>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Copy> Known<T> {
    pub(super) fn get(&self) -> Option<T> {
        *lock(&self.0)
    }

    pub(super) fn set(&self, value: T) {
        *lock(&self.0) = Some(value);
    }
}
