//! Many bad days one after the other, for CI:
//! `cargo run -p tests --bin chaos -- --seeds 25 --charts 100`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Parser;
use tests::chaos::{Day, day, expected};

/// Runs `local --chaos` for each seed, and fails if a promise was broken on any day.
#[derive(Debug, Parser)]
struct Arguments {
    /// The seeds are FIRST, FIRST + 1, …
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// How many days
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// Uploads on each day
    #[arg(long, default_value_t = 100)]
    charts: usize,
    /// The share of requests and events that go wrong
    #[arg(long, default_value_t = 0.05)]
    rate: f64,
    /// Days at the same time: most of a day is waiting for the next try
    #[arg(long, default_value_t = 4)]
    at_once: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut seeds = arguments.first..arguments.first + arguments.seeds;
    let mut days = tokio::task::JoinSet::new();
    let (mut faults, mut bad) = (BTreeMap::<String, usize>::new(), 0);
    loop {
        while days.len() < arguments.at_once {
            let Some(seed) = seeds.next() else { break };
            days.spawn(async move { (seed, day(seed, arguments.charts, arguments.rate).await) });
        }
        let Some(ended) = days.join_next().await else { break };
        let (seed, day) = ended.expect("no panic");
        for (kind, count) in &day.faults {
            *faults.entry(kind.clone()).or_default() += count;
        }
        bad += usize::from(!is_good(seed, &day, arguments.charts));
    }
    let total: usize = faults.values().sum();
    println!(
        "\n{} days with {} uploads each, {total} faults, {bad} days on which a promise was broken",
        arguments.seeds, arguments.charts
    );
    for (kind, count) in faults {
        println!("  {count:>6}  {kind}");
    }
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_good(seed: u64, day: &Day, charts: usize) -> bool {
    let faults: usize = day.faults.values().sum();
    println!("seed {seed}: {faults} faults, {:?}", day.outcomes);
    for broken in &day.broken_promises {
        println!("  BROKEN: {broken}");
    }
    let as_expected = day.outcomes == expected(charts);
    if !as_expected {
        println!("  BROKEN: the outcomes should be {:?}", expected(charts));
    }
    if !day.said.is_empty() {
        println!("  said: {}", day.said);
    }
    as_expected && day.broken_promises.is_empty()
}
