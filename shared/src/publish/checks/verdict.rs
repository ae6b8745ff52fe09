//! The result of a check on an upload, the same type for all checks.

use crate::publish::{Reason, Wait};

/// The result of a check.
#[derive(Debug)]
pub(in crate::publish) enum Verdict<T> {
    /// The upload passes, with what the check has found.
    Pass(T),
    /// The upload is held for something that may still come. Nothing has been written yet.
    Hold(Wait),
    /// The upload is rejected. The same upload would be rejected again.
    Reject(Reason),
}
