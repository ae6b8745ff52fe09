//! Where a run tells what it does: [`Printer`] is told of everything.

use crate::aws::iam::Denied;
use crate::run::summary::{Concluded, Summary};
use crate::system::System;
use crate::watch::steps::Step;

/// Prints a run, as a story or as JSON.
pub(crate) trait Printer: Send {
    /// The functions are looked for, or built.
    fn building(&mut self) {}
    /// Everything listens.
    fn started(&mut self, system: &System) {
        let _ = system;
    }
    /// Something happened.
    fn step(&mut self, step: &Step) {
        let _ = step;
    }
    /// An upload is through.
    fn concluded(&mut self, concluded: &Concluded);
    /// All uploads are through, and the program stays.
    fn serving(&mut self, system: &System) {
        let _ = system;
    }
    /// All uploads are through, and the program ends.
    fn summary(&mut self, summary: &Summary, system: &System);
}

/// Said of a published chart that stays invisible.
pub(crate) const INVISIBLE: &str =
    "it was published, but the edge still serves the index from before: nothing invalidated it";

/// A denied request, with where to look.
pub(crate) fn told_denied(denied: &Denied) -> String {
    let Denied {
        function,
        action,
        resource,
        because,
    } = denied;
    format!("{function} may not {action} on {resource}, {because}: see Policies in template.yaml")
}

pub(crate) fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
