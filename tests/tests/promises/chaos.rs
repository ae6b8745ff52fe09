//! Chaos: with many faults at once, every upload still gets its outcome, and no promise is broken
//! at any time.

use tests::chaos::{day, expected};

/// `.ci/run` runs more seeds: `cargo run -p tests --bin chaos`.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_three_runs_with_chaos() {
    let mut days = tokio::task::JoinSet::new();
    for seed in [11, 12, 13] {
        days.spawn(async move { (seed, day(seed, 40, 0.05).await) });
    }
    for (seed, day) in days.join_all().await {
        assert_eq!(day.broken_promises, Vec::<String>::new(), "seed {seed}: {}", day.said);
        assert_eq!(day.outcomes, expected(40), "seed {seed}");
        let faults: usize = day.faults.values().sum();
        assert!(faults > 5, "seed {seed}: only {faults} faults");
    }
}

#[tokio::test]
async fn nothing_is_lost_when_every_third_request_meets_a_fault() {
    let day = day(14, 20, 0.33).await;
    assert_eq!(day.broken_promises, Vec::<String>::new(), "{}", day.said);
    assert_eq!(day.outcomes, expected(20));
}
