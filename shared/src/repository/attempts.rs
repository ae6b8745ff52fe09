//! Retries after a lost race: how many, how long apart, and until when.
//!
//! Every loop that writes an object by compare-and-swap retries with these, so that one policy
//! decides how long racers keep at it. A lost race means that another run has written the object,
//! so each attempt begins with a new read.

use std::time::{Duration, Instant};

use super::RepositoryError;
use crate::deadline::Deadline;
use crate::keys::Repository;
use crate::store::jittered;

/// Attempts to write an index. Every publishing run competes for it, and for each lost race another
/// run has published.
const INDEX_ATTEMPTS: u32 = 25;
/// Attempts to write a receipt or a note. Only runs for the same file name compete for it.
const RECEIPT_ATTEMPTS: u32 = 10;
/// How long the attempts to write a receipt may take. Outcomes are recorded after the run's
/// deadline, so that deadline does not apply.
const RECEIPT_TIME: Duration = Duration::from_secs(10);

/// The attempts of one compare-and-swap.
#[derive(Debug)]
pub(crate) struct Attempts {
    allowed: u32,
    until: Instant,
    lost_races: u32,
    /// Whether the next write has not read the object; see [`Attempts::without_first_read`].
    is_blind: bool,
}

/// Why there is no further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// The deadline has passed.
    NoTime,
    /// Other runs won every race.
    Contention {
        /// The number of lost races.
        attempts: u32,
    },
}

impl Attempts {
    /// The attempts to write an index.
    pub(crate) fn at_index(deadline: Deadline) -> Self {
        Self::new(INDEX_ATTEMPTS, deadline.last_start())
    }

    /// The attempts to write a receipt or a note.
    pub(crate) fn at_receipt() -> Self {
        Self::new(RECEIPT_ATTEMPTS, Instant::now() + RECEIPT_TIME)
    }

    fn new(allowed: u32, until: Instant) -> Self {
        Self {
            allowed,
            until,
            lost_races: 0,
            is_blind: false,
        }
    }

    /// Assumes in the first write that the object does not exist, which saves a read. If it exists,
    /// that write has not lost a race, since the object may be years old; the next attempt follows
    /// at once.
    #[must_use]
    pub(crate) fn without_first_read(self) -> Self {
        Self { is_blind: true, ..self }
    }

    /// The number of lost races so far.
    pub(crate) fn lost_races(&self) -> u32 {
        self.lost_races
    }

    /// Pauses before the next attempt, if there is one.
    pub(crate) async fn again(&mut self) -> Result<(), GaveUp> {
        if std::mem::take(&mut self.is_blind) {
            return Ok(());
        }
        self.lost_races += 1;
        if Instant::now() >= self.until {
            return Err(GaveUp::NoTime);
        }
        if self.lost_races >= self.allowed {
            return Err(GaveUp::Contention { attempts: self.allowed });
        }
        tokio::time::sleep(jittered(self.lost_races)).await;
        Ok(())
    }
}

impl GaveUp {
    /// The error that this means for a repository's index.
    pub(crate) fn at_index(self, repository: &Repository) -> RepositoryError {
        match self {
            Self::NoTime => RepositoryError::NoTime,
            Self::Contention { attempts } => RepositoryError::Contention {
                repository: repository.clone(),
                attempts,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_are_so_many_attempts_as_long_as_there_is_time() {
        let soon = Instant::now() + Duration::from_secs(600);
        let mut attempts = Attempts::new(3, soon);
        assert_eq!(attempts.again().await, Ok(()));
        assert_eq!(attempts.again().await, Ok(()));
        assert_eq!(attempts.again().await, Err(GaveUp::Contention { attempts: 3 }));

        let mut late = Attempts::new(3, Instant::now());
        assert_eq!(late.again().await, Err(GaveUp::NoTime));
    }

    #[tokio::test]
    async fn a_write_without_a_read_is_no_race() {
        let mut attempts = Attempts::new(1, Instant::now()).without_first_read();
        assert_eq!(attempts.again().await, Ok(()));
        assert_eq!(attempts.again().await, Err(GaveUp::NoTime));
    }
}
