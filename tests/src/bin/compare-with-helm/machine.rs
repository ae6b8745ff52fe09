//! Describes the machine of the measurement.

use std::fs;

use crate::programs::Programs;

pub(crate) fn described(programs: &Programs) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "Medians of whole processes. Helm in the rows on merging is {}; clients are {} and {}. Measured on {}, {cores} \
         cores, {} {}.\n",
        programs.helm4.version,
        programs.helm3.version,
        programs.helm4.version,
        processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        std::env::consts::OS,
        fs::read_to_string("/proc/sys/kernel/osrelease")
            .unwrap_or_default()
            .trim(),
    )
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
