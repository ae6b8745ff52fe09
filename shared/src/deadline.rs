//! The time limit of a run.

use std::time::{Duration, Instant};

/// The time that must be left to start another round: enough for a slow index write and its
/// receipts. A function with less than four times that uses a quarter of its time.
const ROUND_MARGIN: Duration = Duration::from_secs(5);

/// The time until which a run may start something new, and the time at which it must report.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    start: Instant,
    end: Instant,
}

impl Deadline {
    /// The deadline of a run that is stopped after this duration.
    pub fn after(time: Duration) -> Self {
        let now = Instant::now();
        let margin = ROUND_MARGIN.min(time / 4);
        Self {
            start: now + time.saturating_sub(margin),
            end: now + time.saturating_sub(margin / 5),
        }
    }

    /// A deadline for work that may use half of the remaining time.
    pub(crate) fn half(&self) -> Self {
        let start = Instant::now() + self.left() / 2;
        Self { start, end: start }
    }

    pub(crate) fn has_time(&self) -> bool {
        !self.left().is_zero()
    }

    /// The last moment at which something new may start.
    pub(crate) fn last_start(&self) -> Instant {
        self.start
    }

    pub(crate) fn left(&self) -> Duration {
        self.start.saturating_duration_since(Instant::now())
    }

    pub(crate) fn left_to_the_end(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}
