//! What the checks say of an upload: one vocabulary for all of them.

use crate::publish::{Reason, Wait};

/// What a check says of an upload.
#[derive(Debug)]
pub(in crate::publish) enum Verdict<T> {
    /// It passes, with what the check has found.
    Pass(T),
    /// It waits for what may still come: nothing of it is done yet.
    Hold(Wait),
    /// It is rejected: the same upload would be rejected again.
    Reject(Reason),
}
