//! Whole processes, measured: wall time and peak memory.
//!
//! A child starts with its parent's peak: Linux carries the high-water mark of the memory that is
//! replaced by `exec` over into the child's `ru_maxrss`. This process builds whole indexes in
//! memory, so each measurement goes through a fresh copy of it that has nothing in memory yet.

use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

use crate::Result;

/// What one process took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) wall: Duration,
    /// Peak of the resident memory, in bytes.
    pub(crate) peak: u64,
}

/// What a process took, several times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// One run more.
    pub(crate) fn add(&mut self, sample: Sample) {
        self.0.push(sample);
    }

    /// Median of the wall times, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        median(self.0.iter().map(|sample| sample.wall.as_secs_f64()))
    }

    /// Median of the peaks, in MiB.
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

/// Runs the command; it must succeed.
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

/// The other side of [`measure`]: runs the command, and says nanoseconds and bytes.
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
