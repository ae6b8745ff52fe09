//! What it costs to reject the worst archives, each in a process of its own:
//!
//! ```sh
//! cargo run --release --locked -p chartdrop-core --example hostile
//! ```
//!
//! prints a Markdown table. The test of the same name holds the reasons and the memory, not the
//! times.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::panic,
    reason = "a program that measures may stop at the first surprise"
)]

mod archives;

use std::process::Command;
use std::time::Instant;

use chartdrop_core::archive::{self, Limits};

use archives::{CASES, Case};

/// Which case a process is to measure.
const CASE: &str = "CHARTDROP_HOSTILE_CASE";

/// What one case came to.
struct Measured {
    code: String,
    packed: usize,
    milliseconds: f64,
    peak_kib: u64,
}

fn main() {
    if measure_if_asked() {
        return;
    }
    println!("| archive | uploaded | rejected as | time | peak memory of the process |");
    println!("| --- | --- | --- | --- | --- |");
    for case in CASES {
        let measured = measured(case, &[]);
        assert_eq!(measured.code, case.code, "{}", case.what);
        println!(
            "| {} | {} KiB | `{}` | {:.1} ms | {:.1} MiB |",
            case.what,
            measured.packed / 1024,
            measured.code,
            measured.milliseconds,
            measured.peak_kib as f64 / 1024.0
        );
    }
}

/// In a process that was started for one case: measures it, and says so on standard error.
fn measure_if_asked() -> bool {
    let Ok(name) = std::env::var(CASE) else {
        return false;
    };
    let case = CASES.iter().find(|case| case.what == name).expect("a case of ours");
    let bytes = (case.bytes)();
    let started = Instant::now();
    let error = archive::read(&bytes, &Limits::default()).expect_err("hostile archives are rejected");
    let took = started.elapsed().as_secs_f64() * 1000.0;
    eprintln!("measured {} {} {took} {}", error.code(), bytes.len(), peak_kib());
    true
}

/// Starts this program again for one case.
fn measured(case: &Case, arguments: &[&str]) -> Measured {
    let output = Command::new(std::env::current_exe().expect("a program has a path"))
        .args(arguments)
        .env(CASE, case.what)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.lines().find_map(|line| line.strip_prefix("measured "));
    let words: Vec<&str> = line
        .unwrap_or_else(|| panic!("{}: {said}", case.what))
        .split(' ')
        .collect();
    let [code, packed, milliseconds, peak] = words[..] else {
        panic!("{said}");
    };
    Measured {
        code: code.to_owned(),
        packed: packed.parse().expect("bytes"),
        milliseconds: milliseconds.parse().expect("a time"),
        peak_kib: peak.parse().expect("KiB"),
    }
}

/// The most memory that this process has had, as Linux counts it; 0 elsewhere.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_archives_are_rejected_with_little_memory() {
        for case in CASES {
            // Only the other test runs in that process.
            let measured = measured(case, &["--exact", "tests::one_case", "--nocapture"]);
            assert_eq!(measured.code, case.code, "{}", case.what);
            assert!(
                measured.peak_kib < 64 * 1024,
                "{}: {} KiB",
                case.what,
                measured.peak_kib
            );
        }
    }

    #[test]
    fn one_case() {
        measure_if_asked();
    }

    #[test]
    fn an_archive_that_unpacks_without_end_is_read_to_the_limit_and_no_further() {
        let limits = Limits {
            unpacked_bytes: 1 << 20,
            ..Limits::default()
        };
        // It is cut behind the first few blocks: to read on would be another error.
        let mut bomb = (CASES[0].bytes)();
        bomb.truncate(50_000);
        assert_eq!(
            archive::read(&bomb, &limits).expect_err("rejected").code(),
            "unpacked-too-large"
        );
        assert_eq!(
            archive::read(&bomb, &Limits::default()).expect_err("rejected").code(),
            "damaged"
        );
    }
}
