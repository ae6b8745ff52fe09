//! What a process remembers from one run to the next.

use std::sync::Mutex;

use crate::sync::lock;

/// What this process knows of the bucket, so that it need not ask again.
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
