//! The pause before the next attempt after a lost race.

use std::time::Duration;

/// A pause that grows with the attempts and differs between racing runs.
pub(crate) fn jittered(attempt: u32) -> Duration {
    let ceiling = 50 * 2_u64.saturating_pow(attempt.min(5));
    Duration::from_millis(fastrand::u64(ceiling / 4..=ceiling))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Runs that pause equally long would race again, and the same ones would lose.
    #[test]
    fn racers_pause_differently_and_longer_each_time() {
        for attempt in 1..8 {
            let pauses: BTreeSet<Duration> = (0..100).map(|_| jittered(attempt)).collect();
            assert!(pauses.len() > 10, "attempt {attempt}: {pauses:?}");
        }
        let longest = |attempt| (0..100).map(|_| jittered(attempt)).max();
        assert!(longest(4) > longest(1));
        assert!(longest(25) < Some(Duration::from_secs(2)));
    }
}
