//! Locks without poisoning.
//!
//! What is locked is complete after each statement, so a panic in one task leaves nothing half-done
//! behind, and must not make every later request fail.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
