//! Locks without poisoning.
//!
//! Every statement leaves the locked value complete, so a panic in one task leaves nothing
//! half-done and must not fail every later request.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
