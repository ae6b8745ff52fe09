//! Measures the wall time and the peak memory of processes.
//!
//! A child starts with the peak of its parent: Linux carries the high-water mark of the memory that
//! `exec` replaces over into the child's `ru_maxrss`. This process builds whole indexes in memory,
//! so each measurement starts a fresh copy of it first, which has used little memory.

use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

use crate::Result;

/// The measurement of one process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) wall: Duration,
    /// The peak of resident memory, in bytes.
    pub(crate) peak: u64,
}

/// Several measurements of the same process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// Adds one measurement.
    pub(crate) fn add(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    /// The median of the wall times, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        median(self.0.iter().map(|sample| sample.wall.as_secs_f64()))
    }

    /// The median of the peaks, in MiB.
    pub(crate) fn mebibytes(&self) -> f64 {
        median(self.0.iter().map(|sample| sample.peak as f64 / f64::from(1 << 20)))
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}

/// Runs and measures the command, which must succeed.
pub(crate) fn measure(command: &Command) -> Result<Sample> {
    let mut measuring = Command::new(std::env::current_exe()?);
    measuring
        .arg("measure")
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measuring.env(name, value),
            None => measuring.env_remove(name),
        };
    }
    let output = measuring.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers = said.trim().split_once(' ').filter(|_| output.status.success());
    let Some((nanoseconds, bytes)) = numbers else {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    };
    Ok(Sample {
        wall: Duration::from_nanos(nanoseconds.parse()?),
        peak: bytes.parse()?,
    })
}

/// The counterpart of [`measure`] in the fresh process: runs the command, and prints nanoseconds
/// and bytes.
pub(crate) fn measure_here(command: &[OsString]) -> Result<ExitCode> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    let began = Instant::now();
    let used = command.spawn()?.wait4()?;
    let wall = began.elapsed();
    if !used.status.success() {
        return Err(used.status.to_string().into());
    }
    println!("{} {}", wall.as_nanos(), used.rusage.maxrss);
    Ok(ExitCode::SUCCESS)
}
