//! The time that a run has.

use std::time::{Duration, Instant};

/// Time that must be left to start another round: enough for a slow index write and its receipts.
/// Where the function is given less than four times that, a quarter of what it is given.
const ROUND_MARGIN: Duration = Duration::from_secs(5);

/// Until when a run may start something new, and until when it has to say what it came to.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    start: Instant,
    end: Instant,
}

impl Deadline {
    /// For a run that is ended that long from now.
    pub fn after(time: Duration) -> Self {
        let now = Instant::now();
        let margin = ROUND_MARGIN.min(time / 4);
        Self {
            start: now + time.saturating_sub(margin),
            end: now + time.saturating_sub(margin / 5),
        }
    }

    /// For something that may take half of the time that is left.
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
