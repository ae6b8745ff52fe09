//! The worst days: whatever goes wrong, every upload has its outcome in the end, and no promise is
//! broken in between.

use tests::chaos::{day, expected};

/// `.ci/run` has longer ones: `cargo run -p tests --bin chaos`.
#[tokio::test(flavor = "multi_thread")]
async fn on_three_bad_days_nothing_is_lost() {
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
async fn on_a_day_when_every_third_request_goes_wrong_nothing_is_lost() {
    let day = day(14, 20, 0.33).await;
    assert_eq!(day.broken_promises, Vec::<String>::new(), "{}", day.said);
    assert_eq!(day.outcomes, expected(20));
}
