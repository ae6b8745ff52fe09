//! Measures the time until a process requests its first event, and until it has published its first
//! chart.

use std::time::{Duration, Instant};

use local::System;
use serde_json::Value;
use tests::{ChartArchive, events};

use crate::function::Function;

/// How often each function is started.
const RUNS: usize = 31;

/// The median time from the start to the first `next` of each function, in milliseconds. The
/// functions take turns, so that a busy moment affects all of them.
pub async fn medians<const N: usize>(functions: [&Function; N]) -> [f64; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..RUNS {
        for (function, times) in functions.iter().zip(&mut times) {
            let mut process = function.start().await;
            times.push(process.next().await);
            process.end().await;
        }
    }
    times.map(median)
}

/// The time from the start to the answer to the first publish, and from the event to the answer of
/// a later one, in milliseconds. Both publish into an existing repository.
pub async fn publishes(function: &Function, system: &System) -> (f64, f64) {
    let upload = |version: String| upload(system, &ChartArchive::new("measured", &version));
    let mut first = Vec::new();
    let mut later = Vec::new();
    for run in 0..=RUNS {
        let event = upload(format!("1.{run}.0"));
        let mut process = function.start().await;
        process.give(event);
        process.next().await;
        first.push(process.published().await);

        let event = upload(format!("1.{run}.1"));
        process.next().await;
        let given = Instant::now();
        process.give(event);
        process.published().await;
        later.push(given.elapsed());
        process.end().await;
    }
    // The first publish created the index.
    first.remove(0);
    later.remove(0);
    (median(first), median(later))
}

/// Uploads a chart archive, and returns its event.
pub fn upload(system: &System, chart: &ChartArchive) -> Value {
    let key = format!("staging/{}", chart.file_name());
    let stored = system.store().put(&key, chart.bytes(), Default::default());
    stored.expect("the bucket accepts every write");
    events::s3_put(system.bucket_name(), &[&key])
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}
