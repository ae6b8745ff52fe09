//! Runs `local --chaos` with many seeds, for CI:
//! `cargo run -p tests --bin chaos -- --seeds 25 --charts 100`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Parser;
use tests::chaos::{Day, day, expected};

/// Runs `local --chaos` with each seed, and fails if a run broke a promise
#[derive(Debug, Parser)]
struct Arguments {
    /// The first seed; the others follow it
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// How many seeds
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// How many charts each run uploads
    #[arg(long, default_value_t = 100)]
    charts: usize,
    /// The share of requests and events that meet a fault
    #[arg(long, default_value_t = 0.05)]
    rate: f64,
    /// How many runs at the same time; a run spends most of its time waiting for retries
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
        "\n{} runs with {} uploads each: {total} faults; runs that broke a promise: {bad}",
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
        println!("  BROKEN: the expected outcomes are {:?}", expected(charts));
    }
    if !day.said.is_empty() {
        println!("  stderr: {}", day.said);
    }
    as_expected && day.broken_promises.is_empty()
}
