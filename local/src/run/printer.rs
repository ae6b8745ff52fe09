//! [`Printer`]: receives everything that happens in a run, and prints it.

use crate::aws::iam::Denied;
use crate::run::summary::{Concluded, Summary};
use crate::system::System;
use crate::watch::steps::Step;

/// Prints a run: as a story ([`Story`](super::story::Story)) or as JSON
/// ([`Report`](super::report::Report)).
pub(crate) trait Printer: Send {
    /// The functions are about to be located or built.
    fn building(&mut self) {}
    /// Every stand-in listens.
    fn started(&mut self, system: &System) {
        let _ = system;
    }
    /// Something happened.
    fn step(&mut self, step: &Step) {
        let _ = step;
    }
    /// An upload has its outcome, and is visible if it was published.
    fn concluded(&mut self, concluded: &Concluded);
    /// All uploads are concluded, and the program keeps serving.
    fn serving(&mut self, system: &System) {
        let _ = system;
    }
    /// All uploads are concluded, and the program ends.
    fn summary(&mut self, summary: &Summary, system: &System);
}

/// The message for a published chart that does not become visible.
pub(crate) const INVISIBLE: &str =
    "the chart was published, but the edge still serves the previous index: nothing invalidated it";

/// The message for a denied request; it names the place that grants permissions.
pub(crate) fn denied_message(denied: &Denied) -> String {
    let Denied {
        function,
        action,
        resource,
        because,
    } = denied;
    format!("{function} may not perform {action} on {resource} {because}; see its Policies in template.yaml")
}

pub(crate) fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
